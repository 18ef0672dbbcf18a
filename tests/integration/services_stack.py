"""Redis, PostgreSQL and an S3-speaking server as processes, and a studio on them: web server and
workers.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import run
from urllib.error import URLError

from tests.programs import (
    free_port,
    manage,
    missing,
    program,
    running,
    studio_environment,
    wait_until,
    worker_command,
)


@dataclass(frozen=True, slots=True)
class Stack:
    """A studio on services: where it answers, and the environment that its processes share."""

    url: str
    environment: dict[str, str]
    folder: Path

    def worker(self, queues: str, *arguments: str) -> list[str]:
        """Return the command of a further worker, which forks a process for each run."""
        return worker_command(queues, "--pool", "prefork", "--concurrency", "1", *arguments)

    def shell(self, code: str) -> str:
        """Run code in the studio and return what it printed."""
        result = manage("shell", "-v", "0", "-c", code, environment=self.environment)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()


@contextmanager
def stack(folder: Path) -> Iterator[Stack]:
    """Start everything in `folder`; nothing is left at the end."""
    with ExitStack() as stack:
        settings = {
            "DATABASE_URL": stack.enter_context(postgres(folder)),
            "STUDIO_BROKER_URL": stack.enter_context(redis(folder, free_port())),
            "STUDIO_SECRET_KEY": "a-secret-that-all-processes-share-for-this-test-only",
            **stack.enter_context(s3(folder)),
        }
        environment = studio_environment(folder / "data", PORT=str(free_port()), **settings)
        for command in ("make_bucket", "migrate"):
            result = manage(command, "-v", "0", environment=environment)
            assert result.returncode == 0, result.stderr
        found = Stack(f"http://localhost:{environment['PORT']}", environment, folder)
        stack.enter_context(_web(found))
        yield found


def _as_nobody_special(folder: Path) -> list[str]:
    """Return the beginning of a command that PostgreSQL, which refuses to run as root, is started
    with.
    """
    if os.geteuid() != 0:
        return []
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    for parent in (folder, *folder.parents):
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o001:
            parent.chmod(
                parent.stat().st_mode | 0o011
            )  # pytest's folders let only their owner through
    return [
        program("setpriv"),
        "--pdeathsig=TERM",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
    ]


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    data, port, log = folder / "postgres", free_port(), folder / "postgres.log"
    data.mkdir(mode=0o700)
    prefix = _as_nobody_special(data)
    server, initdb = program("postgres"), program("initdb")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    created = run(
        [
            *prefix,
            initdb,
            "-D",
            str(data),
            "-U",
            "studio",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
        ],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert created.returncode == 0, created.stderr
    options = [
        "-c",
        "listen_addresses=127.0.0.1",
        "-c",
        "unix_socket_directories=",
        "-c",
        "fsync=off",
    ]
    command = [*prefix, server, "-D", str(data), "-p", str(port), *options]
    with running(command, environment=environment, log=log):
        wait_until(lambda: "ready to accept connections" in log.read_text(), timeout_s=60, log=log)
        yield f"postgres://studio@127.0.0.1:{port}/postgres"


@contextmanager
def redis(folder: Path, port: int) -> Iterator[str]:
    log = folder / "redis.log"
    command = [
        program("redis-server"),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "yes",
        "--dir",
        str(folder),
    ]
    with running([*command, "--requirepass", "secret"], environment=dict(os.environ), log=log):
        wait_until(lambda: _listens(port), timeout_s=30, log=log)
        yield f"redis://:secret@127.0.0.1:{port}/0"


@contextmanager
def s3(folder: Path) -> Iterator[dict[str, str]]:
    port, log = free_port(), folder / "s3.log"
    server = shutil.which("moto_server", path=str(Path(sys.executable).parent)) or missing(
        "moto is not installed"
    )
    with running([server, "--port", str(port)], environment=dict(os.environ), log=log):
        endpoint = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(f"{endpoint}/moto-api/"), timeout_s=60, log=log)
        yield {
            "STUDIO_S3_BUCKET": "studio",
            "STUDIO_S3_ENDPOINT_URL": endpoint,
            "STUDIO_S3_REGION": "us-east-1",
            "STUDIO_S3_ACCESS_KEY": "test",
            "STUDIO_S3_SECRET_KEY": "test-secret",
        }


@contextmanager
def _web(stack: Stack) -> Iterator[None]:
    log = stack.folder / "web.log"
    command = web_command(stack.url.removeprefix("http://"), threads=4)
    with running(command, environment=stack.environment, log=log):
        wait_until(lambda: answers(f"{stack.url}/healthz"), timeout_s=60, log=log)
        yield


def web_command(bind: str, *, threads: int) -> list[str]:
    """Return the command of a web server."""
    gunicorn = [sys.executable, "-m", "gunicorn", "studio.wsgi", "--no-control-socket"]
    worker = ["--worker-class", "studio.web_worker.Worker", "--threads", str(threads)]
    return [*gunicorn, *worker, "--bind", bind]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(url: str) -> bool:
    """Return whether a server answers there."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (URLError, OSError):
        return False
