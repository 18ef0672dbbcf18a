"""Programs that some tests start: found or skipped with the reason; a missing one fails under
REQUIRE_SERVICES=1.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

PR_SET_PDEATHSIG = 1
ROOT = Path(__file__).resolve().parent.parent
EXTRA_FOLDERS = [
    str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
]


def missing(reason: str) -> NoReturn:
    """Skip the test with the reason, or fail where everything has to be there."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{reason}, and REQUIRE_SERVICES=1 wants every test to run.")
    pytest.skip(reason)


def program(*names: str) -> str:
    """Return the path of the first of the programs that is installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), *EXTRA_FOLDERS])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    missing(f"{' or '.join(names)} is not installed")


def free_port() -> int:
    """Return a port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def studio_environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a real studio on this data folder, deaf to the test's own
    settings.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STUDIO_", "DATABASE_URL", "DJANGO_", "PYTEST_")) and name != "PORT"
    }
    own = {
        "STUDIO_DATA_DIR": str(data_dir),
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "STUDIO_CORES": "1",
    }
    return {**kept, **own, **settings}


def manage(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run one management command to its end."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=dict(environment), capture_output=True, text=True, timeout=120
    )


@contextmanager
def running(
    command: list[str], *, environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a process group of its own; at the end nothing of it is left."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(environment),
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_stop_with_parent,
        )
    try:
        yield process
    finally:
        end(process)


def _stop_with_parent() -> None:
    """Ask Linux to stop the program when the tests are killed and cannot do it themselves."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end(process: subprocess.Popen[bytes], wait_s: float = 10) -> None:
    """Ask the process to stop, and kill its group when it does not."""
    process.terminate()
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_until(
    condition: Callable[[], object], *, timeout_s: float, log: Path | None = None
) -> None:
    """Return when the condition holds; fail with the end of the log where it does not come true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-3000:] if log else ""
            pytest.fail(f"Waited {timeout_s:.0f} s in vain.\n{tail}")
        time.sleep(0.1)


def worker_command(queues: str, *arguments: str) -> list[str]:
    """Return the command of a Celery worker."""
    lean = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "info"]
    return [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "studio.celery",
        "worker",
        "--queues",
        queues,
        *lean,
        *arguments,
    ]
