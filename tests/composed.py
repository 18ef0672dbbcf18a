"""Start the studio's services of docker-compose.yml as processes of this machine, without docker.

Commands, environments and health checks are those of the file. Only places differ: hosts and ports
of PostgreSQL, Redis and S3, which are started as processes too, and folders. Run by `make compose`;
fails with the log of a service that does not become healthy.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.integration.services_stack import Stack, stack
from tests.programs import ROOT, free_port, running, wait_until

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
# What the services log when they are up.
IS_UP = {
    "web": "Booting worker",
    "beat": "beat: Starting",
    "worker-data": " ready.",
    "worker-training": " ready.",
}
_VARIABLE = re.compile(r"\$\{(\w+):([-?])([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Service:
    """How a container would be started, and how docker would look whether it is healthy."""

    command: list[str]
    health_check: list[str]
    environment: dict[str, str]

    def is_healthy(self) -> bool:
        """Return what the health check finds now."""
        check = subprocess.run(
            self.health_check, cwd=ROOT, env=self.environment, capture_output=True, timeout=60
        )
        return check.returncode == 0


def service(name: str, variables: Mapping[str, str], places: Mapping[str, str]) -> Service:
    """Return a service with these variables of `.env`, and other places in all that it says."""

    def filled(text: object) -> str:
        def value(match: re.Match[str]) -> str:
            name, kind, default = match.groups()
            if kind == "?":
                return variables[name]
            return variables.get(name) or default

        found = _VARIABLE.sub(value, str(text)).replace("$$", "$")
        for place, here in places.items():
            found = found.replace(place, here)
        return found

    described = COMPOSE["services"][name]
    kind, *check = described.get("healthcheck", {"test": ["NONE"]})["test"]
    check = [filled(part) for part in check]
    if kind == "CMD-SHELL":
        check = ["sh", "-c", *check]
    environment = {variable: filled(text) for variable, text in described["environment"].items()}
    return Service(
        [filled(part) for part in described["command"]],
        check,
        environment
        | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOSTNAME": socket.gethostname(),
            "PYTHONUNBUFFERED": "1",
        },
    )


def _logs(log: Path, words: str) -> bool:
    return words in log.read_text()


def check(services: Stack) -> None:
    """Start each service beside those that are running; all have to be healthy together."""
    server = urlsplit(services.environment["DATABASE_URL"])
    broker = urlsplit(services.environment["STUDIO_BROKER_URL"])
    variables = {
        "STUDIO_SECRET_KEY": services.environment["STUDIO_SECRET_KEY"],
        "STUDIO_PUBLIC_URL": "https://studio.example.org",
        "STUDIO_POSTGRES_PASSWORD": "trusted",
        "STUDIO_REDIS_PASSWORD": str(broker.password),
        **{name: value for name, value in services.environment.items() if "_S3_" in name},
    }
    port = free_port()
    places = {
        "/tmp/": f"{services.folder}/",  # of a container
        "/data": str(services.folder),
        "@postgres:5432/studio": f"@{server.hostname}:{server.port}{server.path}",
        "@redis:6379": f"@{broker.hostname}:{broker.port}",
        "0.0.0.0:8000": f"127.0.0.1:{port}",
        "localhost:8000": f"localhost:{port}",
    }
    setup = service("setup", variables, places)
    subprocess.run(setup.command, cwd=ROOT, env=setup.environment, check=True)
    with ExitStack() as started:
        for name, is_up in IS_UP.items():
            own = service(name, variables, {**places, "/tmp/": f"{services.folder}/{name}-"})
            log = services.folder / f"composed-{name}.log"
            command = running(own.command, environment=own.environment, log=log)
            started.enter_context(command)
            wait_until(
                lambda log=log, is_up=is_up: is_up in log.read_text(), timeout_s=120, log=log
            )
            wait_until(own.is_healthy, timeout_s=60, log=log)
            sys.stdout.write(f"{name} is healthy\n")


if __name__ == "__main__":
    with TemporaryDirectory() as folder, stack(Path(folder)) as services:
        check(services)
