"""A studio on PostgreSQL, Redis and S3, each of which can be cut off or restarted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import psycopg

from tests.chaos.harmed import Studio
from tests.chaos.program import Api
from tests.integration.services_stack import answers, postgres, redis, s3, web_command
from tests.programs import ROOT, end, free_port, manage, studio_environment, wait_until

LOOKS_EVERY_S = 0.2
STARTS_AGAIN_AFTER_S = 1.0
STARTS_WITHIN_S = 120.0


class Line:
    """A port that leads to a server, and can be cut."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self.port = free_port()
        self._connections: set[socket.socket] = set()
        self._listen()

    def cut(self, seconds: float) -> None:
        """Break all connections, and refuse new ones for some seconds."""
        self.close()
        time.sleep(seconds)
        self._listen()

    def close(self) -> None:
        """Break all connections, and refuse new ones."""
        for connection in [self._listener, *self._connections]:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            self._connections |= {client, server}
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()
        self._connections.discard(source)


@dataclass
class Containers:
    """The parts of the studio; one that ends is started again, as docker does."""

    commands: dict[str, list[str]]
    environment: dict[str, str]
    log: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start all of them."""
        for name in self.commands:
            self._start(name)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End all of them."""
        self._over.set()
        self._thread.join()
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            end(process, wait_s=20)

    def _start(self, name: str) -> None:
        with self.log.open("ab") as output:
            self.processes[name] = subprocess.Popen(
                self.commands[name],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _watch(self) -> None:
        while not self._over.wait(LOOKS_EVERY_S):
            for name, process in list(self.processes.items()):
                if process.poll() is None:
                    continue
                with suppress(ProcessLookupError):  # a container ends with all its processes
                    os.killpg(process.pid, signal.SIGKILL)
                if not self._over.wait(STARTS_AGAIN_AFTER_S):
                    self._start(name)


@dataclass
class ServicesStudio(Studio):
    """A studio on services."""

    database: Line
    s3: Line
    redis_port: int
    redis_stack: ExitStack

    def restart_redis(self) -> None:
        """End Redis, and start it again."""
        self.redis_stack.close()
        self.redis_stack.enter_context(redis(self.folder.parent, self.redis_port))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.environment["DATABASE_URL"]) as database:
            return database.execute(sql.encode()).fetchall()

    def content(self, key: str) -> bytes:
        return bytes(self._object(key).get()["Body"].read())

    def replace(self, key: str, content: bytes) -> None:
        self._object(key).put(Body=content)

    def _object(self, key: str) -> Any:
        storage = boto3.resource(
            "s3",
            endpoint_url=self.environment["STUDIO_S3_ENDPOINT_URL"],
            region_name=self.environment["STUDIO_S3_REGION"],
            aws_access_key_id=self.environment["STUDIO_S3_ACCESS_KEY"],
            aws_secret_access_key=self.environment["STUDIO_S3_SECRET_KEY"],
        )
        return storage.Object(self.environment["STUDIO_S3_BUCKET"], key)


@contextmanager
def services_studio(parent: Path) -> Iterator[ServicesStudio]:
    """Start the services, and a studio on them with a first account."""
    with ExitStack() as stack:
        database_url = stack.enter_context(postgres(parent))
        redis_stack = stack.enter_context(ExitStack())
        redis_port = free_port()
        broker_url = redis_stack.enter_context(redis(parent, redis_port))
        s3_settings = stack.enter_context(s3(parent))
        database, database_url = _cuttable(database_url)
        storage, s3_settings["STUDIO_S3_ENDPOINT_URL"] = _cuttable(
            s3_settings["STUDIO_S3_ENDPOINT_URL"]
        )
        port = free_port()
        environment = studio_environment(
            parent / "data",
            PORT=str(port),
            DATABASE_URL=database_url,
            STUDIO_BROKER_URL=broker_url,
            STUDIO_SECRET_KEY="a-secret-that-all-processes-share-for-this-test-only",
            STUDIO_MIN_FREE_BYTES="0",
            **s3_settings,
        )
        for command in ("migrate", "make_bucket"):
            manage(command, "-v", "0", environment=environment)
        key = manage("apikey", "a@example.org", "--create", environment=environment)
        containers = Containers(_commands(port), environment, parent / "studio.log")
        containers.start()
        stack.callback(containers.stop)
        wait_until(
            lambda: answers(f"http://localhost:{port}/healthz"),
            timeout_s=STARTS_WITHIN_S,
            log=containers.log,
        )
        api = Api(port, key.stdout.strip())
        folder = parent / "data"
        yield ServicesStudio(folder, environment, api, database, storage, redis_port, redis_stack)


def _cuttable(url: str) -> tuple[Line, str]:
    """Return a line to the server of a URL, and the URL of the line."""
    port = urlsplit(url).port
    assert port is not None
    line = Line(port)
    return line, url.replace(f":{port}", f":{line.port}")


def _commands(port: int) -> dict[str, list[str]]:
    """Return what docker-compose.yml starts, with one process where it has two."""
    celery = [sys.executable, "-m", "celery", "-A", "studio.celery", "--skip-checks"]
    data = ["worker", "--queues=data", "--hostname=data@%h", "--concurrency=1"]
    training = ["worker", "--queues=training", "--hostname=training@%h", "--concurrency=1"]
    training.append("--pool=threads")
    return {
        "web": web_command(f"localhost:{port}", threads=16),
        "data": [*celery, *data, "--loglevel=info"],
        "training": [*celery, *training, "--loglevel=info"],
        "beat": [*celery, "beat", "--pidfile=", "--loglevel=info"],
    }
