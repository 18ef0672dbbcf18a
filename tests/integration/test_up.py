"""`manage.py up`: processes that say where they listen, are restarted when they die, and leave
nothing running.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from studio.reaper import read_groups
from tests.programs import free_port, manage, running, studio_environment, wait_until

UNDER_WAY = """
from django.conf import settings
from django.core.management import call_command
call_command("migrate", verbosity=0)
from studio.runs import Status
from tests.cast import make_user
from tests.factories import make_dataset
source = settings.MEDIA_ROOT / "source"
source.parent.mkdir(parents=True)
source.write_text("a,b\\n1,x\\n2,y\\n")
alice = make_user("alice")
size_bytes = source.stat().st_size
make_dataset(alice, status=Status.RUNNING, source_key="source", size_bytes=size_bytes)
"""


finds_processes = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="there is no /proc to look into"
)


def processes_on(data_dir: Path) -> dict[int, str]:
    """Return the command lines of all processes whose environment names this data folder."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"STUDIO_DATA_DIR={data_dir}\0".encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def pid_of(data_dir: Path, part: str) -> int:
    return min(pid for pid, command in processes_on(data_dir).items() if part in command)


@contextmanager
def studio_up(data_dir: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    log = data_dir / "up.log"
    environment = studio_environment(data_dir, PORT=str(port))
    with running([sys.executable, "manage.py", "up"], environment=environment, log=log) as up:
        wait_until(lambda: "Its data is in" in log.read_text(), timeout_s=120, log=log)
        yield up


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode != 0
    (line,) = result.stderr.strip().splitlines()
    return line


@contextmanager
def silent_visitors(port: int, n: int) -> Iterator[None]:
    """Hold connections that say half a request and fall silent."""
    head = "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf"
    with ExitStack() as connections:
        for _ in range(n):
            connection = connections.enter_context(socket.create_connection(("localhost", port)))
            connection.sendall(head.encode())
        yield


@finds_processes
def test_studio_runs_mends_itself_and_ends_as_one(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "up.log"
    environment = studio_environment(tmp_path, PORT=str(port))
    assert manage("shell", "-v", "0", "-c", UNDER_WAY, environment=environment).returncode == 0
    with studio_up(tmp_path, port) as up:
        assert f"runs at http://localhost:{port}\nIts data is in {tmp_path}." in log.read_text()
        with urllib.request.urlopen(f"http://localhost:{port}/") as page:
            assert page.url == f"http://localhost:{port}/login?next=/"
        with (
            silent_visitors(port, 50),
            urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=20) as answer,
        ):
            assert answer.status == 200

        niceness = [
            os.getpriority(os.PRIO_PROCESS, pid_of(tmp_path, part))
            for part in ("gunicorn", "--queues=training")
        ]
        assert niceness[0] < niceness[1], "people who click go before runs"

        with closing(sqlite3.connect(tmp_path / "studio.sqlite3")) as database:
            status = "SELECT status, attempt FROM projects_datasetversion"
            wait_until(
                lambda: (
                    database.execute(status).fetchone() == ("succeeded", 2)
                ),  # each claim counts as an attempt
                timeout_s=60,
                log=log,
            )

        second = manage("up", environment=environment | {"PORT": str(free_port())})
        assert "A studio is running on" in one_line(second)

        os.kill(pid_of(tmp_path, "--queues=training"), signal.SIGKILL)
        wait_until(
            lambda: "The training worker stopped (killed by SIGKILL)" in log.read_text(),
            timeout_s=10,
            log=log,
        )
        wait_until(
            lambda: any("--queues=training" in c for c in processes_on(tmp_path).values()),
            timeout_s=20,
            log=log,
        )

        asked_at = time.monotonic()
        up.send_signal(signal.SIGINT)
        assert up.wait(20) == 0
        assert time.monotonic() - asked_at < 15
        assert processes_on(tmp_path) == {}
    assert "Traceback" not in log.read_text()


@finds_processes
def test_nothing_is_left_when_the_studio_is_killed_hard(tmp_path: Path) -> None:
    with studio_up(tmp_path, free_port()) as up:
        assert len(processes_on(tmp_path)) >= 6
        up.kill()
        up.wait()
        wait_until(lambda: not processes_on(tmp_path), timeout_s=20, log=tmp_path / "up.log")


def test_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = one_line(manage("up", environment=studio_environment(tmp_path, PORT=str(port))))
    assert line.startswith(
        f"Port {port} on 127.0.0.1 cannot be used (Address already in use). Choose another:"
    )


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("PORT", "eighty", "PORT is 'eighty'; expected a whole number of at least 1."),
        (
            "STUDIO_DATA_DIR",
            "/dev/null/studio",
            "STUDIO_DATA_DIR /dev/null/studio cannot be created: Not a directory.",
        ),
        (
            "STUDIO_SIGNUP",
            "maybe",
            "STUDIO_SIGNUP is 'maybe'; expected one of open, invitation, closed.",
        ),
        ("STUDIO_PUBLIC_URL", "studio", "STUDIO_PUBLIC_URL is 'studio'; expected an address"),
        (
            "STUDIO_DUCKDB_MEMORY",
            "lots",
            "STUDIO_DUCKDB_MEMORY is 'lots'; expected an amount of memory",
        ),
        ("STUDIO_SECRET_KEY", "short", "STUDIO_SECRET_KEY is too short or begins with #"),
        (
            "DATABASE_URL",
            "studio",
            "DATABASE_URL is 'studio'; expected an address such as scheme://host:port.",
        ),
        ("STUDIO_SECRET_KEY_FILE", "/nowhere", "STUDIO_SECRET_KEY_FILE /nowhere cannot be read"),
    ],
)
def test_setting_that_cannot_be_used_is_one_line(
    setting: str, value: str, message: str, tmp_path: Path
) -> None:
    environment = studio_environment(tmp_path) | {setting: value}
    assert message in one_line(manage("up", environment=environment))


def test_a_misspelled_setting_is_reported_at_the_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = manage(
            "up", environment=studio_environment(tmp_path, PORT=port, STUDIO_SINGUP="closed")
        )
    assert (
        ended.stdout == "STUDIO_SINGUP is not a setting of the studio and has no effect. Did you"
        " mean STUDIO_SIGNUP?\n"
    )
    checked = manage("check", environment=studio_environment(tmp_path, STUDIO_SINGUP="closed"))
    assert "Did you mean STUDIO_SIGNUP?" in checked.stderr


def test_read_only_data_folder_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o555)
    command = [sys.executable, "manage.py", "up"]
    if os.geteuid() == 0:  # whom no mode bit stops
        tool = shutil.which("setpriv") or pytest.skip(
            "setpriv is not installed, and root may write everywhere"
        )
        command = [tool, "--reuid=65534", "--regid=65534", "--clear-groups", *command]
        tmp_path.chmod(0o755)
        for parent in tmp_path.parents:
            if parent.stat().st_uid == os.geteuid() and parent.is_relative_to("/tmp/"):
                parent.chmod(0o755)
    result = subprocess.run(
        command, env=studio_environment(folder), capture_output=True, text=True, timeout=60
    )
    assert f"STUDIO_DATA_DIR {folder} cannot be written. Choose a folder" in one_line(result)


def test_reaper_ends_only_what_is_not_over_yet() -> None:
    assert read_groups(["+11\n", "+12\n", "-11\n", "+13\n"]) == {12, 13}
