"""A studio of its own that is harmed: started by `manage.py up`, on a small disk where that is
possible. The one on services is in `services.py`.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.program import Api
from tests.programs import ROOT, end, free_port, manage, studio_environment

DISK_BYTES = 600 * 1024**2
STARTS_WITHIN_S = 120.0


@dataclass
class Studio:
    """The studio: its folder, its processes, and the key of a program."""

    folder: Path
    environment: dict[str, str]
    api: Api

    @property
    def address(self) -> str:
        return f"http://localhost:{self.api.port}"

    def pids(self, part: str) -> list[int]:
        """Return the processes of the studio whose command has this part, the oldest first."""
        mark = f"STUDIO_DATA_DIR={self.folder}\0".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if part in command and mark in (process / "environ").read_bytes():
                    found.append(int(process.name))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
        return sorted(found)

    def verify(self) -> int:
        """Return how many stored files are damaged or missing."""
        checked = manage("verify", environment=self.environment)
        lines = checked.stdout.splitlines()
        bad = [line for line in lines if "are damaged" in line or "are missing" in line]
        return sum(int(line.split()[0].replace(",", "")) for line in bad)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return rows of the database."""
        raise NotImplementedError

    def content(self, key: str) -> bytes:
        """Return what is stored under a key."""
        raise NotImplementedError

    def replace(self, key: str, content: bytes) -> None:
        """Store something else under a key, as no studio does."""
        raise NotImplementedError


@dataclass
class EmbeddedStudio(Studio):
    """A studio in one folder."""

    is_small_disk: bool
    up: subprocess.Popen[bytes]

    @property
    def database(self) -> Path:
        return self.folder / "studio.sqlite3"

    def start_again(self) -> None:
        """Start the studio after it was killed as a whole."""
        self.up = _started(self.folder, self.environment)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(sql).fetchall()

    def content(self, key: str) -> bytes:
        return (self.folder / "files" / key).read_bytes()

    def replace(self, key: str, content: bytes) -> None:
        (self.folder / "files" / key).write_bytes(content)


@contextmanager
def embedded_studio(parent: Path) -> Iterator[EmbeddedStudio]:
    """Start a studio with a first account."""
    folder = parent / "data"
    folder.mkdir()
    is_small_disk = _mount(folder)
    port = free_port()
    environment = studio_environment(folder, PORT=str(port), STUDIO_MIN_FREE_BYTES="0")
    try:
        up = _started(folder, environment)
        key = manage("apikey", "a@example.org", "--create", environment=environment)
        api = Api(port, key.stdout.strip())
        studio = EmbeddedStudio(folder, environment, api, is_small_disk, up)
        try:
            yield studio
        finally:
            end(studio.up, wait_s=20)
    finally:
        if is_small_disk:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(folder: Path) -> bool:
    """Put a small disk under the folder; only root may."""
    if os.geteuid() != 0:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "none", str(folder)]
    return subprocess.run(mount, capture_output=True).returncode == 0


def _started(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    log = folder.parent / "up.log"
    n_before = log.read_text().count("Its data is in") if log.exists() else 0
    with log.open("ab") as output:
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    deadline = time.monotonic() + STARTS_WITHIN_S
    while log.read_text().count("Its data is in") == n_before:
        if time.monotonic() > deadline or up.poll() is not None:
            sys.exit(f"The studio does not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)
    return up
