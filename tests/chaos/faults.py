"""What happens to the studio: each fault is done, lasts, and is over when its function returns."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing, suppress

from tests.chaos.harmed import Studio

WEB, DATA, TRAINING, BEAT = "gunicorn", "--queues=data", "--queues=training", " beat "
HOLD_S = 4.0
N_SILENT = 60

Fault = Callable[[Studio, random.Random], None]


def _signalled(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def web_killed(studio: Studio, chance: random.Random) -> None:
    """Kill one process of the web server, its first or its worker."""
    time.sleep(chance.uniform(0, 0.5))
    _signalled([chance.choice(studio.pids(WEB))], signal.SIGKILL)


def data_worker_killed(studio: Studio, chance: random.Random) -> None:
    """Kill the worker that reads files, somewhere in its work."""
    time.sleep(chance.uniform(0, 1.0))
    _signalled(studio.pids(DATA)[:1], signal.SIGKILL)


def data_worker_asked_to_end(studio: Studio, chance: random.Random) -> None:
    """Ask the worker that reads files to end, as an orchestrator does."""
    time.sleep(chance.uniform(0, 1.0))
    _signalled(studio.pids(DATA)[:1], signal.SIGTERM)


def training_worker_killed(studio: Studio, chance: random.Random) -> None:
    """Kill the worker that analyses, somewhere in its work."""
    time.sleep(chance.uniform(0.5, 6.0))
    _signalled(studio.pids(TRAINING)[:1], signal.SIGKILL)


def scheduler_killed(studio: Studio, chance: random.Random) -> None:
    """Kill the scheduler."""
    _signalled(studio.pids(BEAT), signal.SIGKILL)


def all_killed(studio: Studio, chance: random.Random) -> None:
    """Kill what keeps the parts running, and start the studio again."""
    time.sleep(chance.uniform(0, 1.0))
    studio.up.kill()
    studio.up.wait()
    studio.start_again()


def stalled(studio: Studio, chance: random.Random) -> None:
    """Stop all parts of the web server and of the data worker for some seconds."""
    pids = [*studio.pids(WEB), *studio.pids(DATA)]
    _signalled(pids, signal.SIGSTOP)
    time.sleep(HOLD_S)
    _signalled(pids, signal.SIGCONT)


def database_held(studio: Studio, chance: random.Random) -> None:
    """Keep the database locked for longer than a write waits."""
    with closing(sqlite3.connect(studio.database, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(3 * HOLD_S)
        other.execute("ROLLBACK")


def disk_full(studio: Studio, chance: random.Random) -> None:
    """Fill the disk to its last byte for some seconds."""
    filler = studio.folder / "filler"
    with filler.open("wb", buffering=0) as file:
        free = shutil.disk_usage(studio.folder).free
        with suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, free)
        with suppress(OSError):
            file.seek(0, os.SEEK_END)
            while file.write(bytes(4096)):
                pass
    time.sleep(HOLD_S)
    filler.unlink()


def silent_visitors(studio: Studio, chance: random.Random) -> None:
    """Have many visitors send half a request and fall silent."""
    head = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf"
    with ExitStack() as connections:
        for _ in range(N_SILENT):
            address = ("localhost", studio.api.port)
            with suppress(OSError):
                visitor = connections.enter_context(socket.create_connection(address, 5))
                visitor.sendall(head)
        time.sleep(HOLD_S)


def bit_flipped(studio: Studio, chance: random.Random) -> None:
    """Flip a bit in each kind of stored file; nobody may be given what was made of it."""
    exports = _exports(studio)
    for key, address in exports.items():
        path = studio.stored(key)
        before = studio.api.once("GET", address)
        content = path.read_bytes()
        place = chance.randrange(len(content))
        path.write_bytes(
            content[:place]
            + bytes([content[place] ^ 1 << chance.randrange(8)])
            + content[place + 1 :]
        )
        try:
            status, answer = studio.api.once("GET", address)
        finally:
            path.write_bytes(content)
        if before[0] == 200 and (status != 422 or key.encode() not in answer):
            raise AssertionError(f"A flipped bit in {key} was answered {status}")


def _exports(studio: Studio) -> dict[str, str]:
    """Return addresses that read stored files, by the key of the file."""
    query = (
        "SELECT c.id, c.issues_key, v.table_key FROM cleansets_cleanset c"
        " JOIN projects_project p ON p.id = c.project_id"
        " JOIN projects_datasetversion v ON v.id = p.version_id WHERE c.status = 'succeeded'"
    )
    with closing(sqlite3.connect(studio.database)) as database:
        found = {}
        for cleanset_id, *keys in database.execute(query).fetchall():
            for key in keys:
                found[key] = f"/api/v1/cleansets/{cleanset_id}/export?file_format=csv"
        return found


QUICK: dict[str, Fault] = {
    "web server killed": web_killed,
    "bits flipped": bit_flipped,
    "60 silent visitors": silent_visitors,
    "data worker killed": data_worker_killed,
    "database held": database_held,
    "web and data stalled": stalled,
}
THOROUGH: dict[str, Fault] = {
    **QUICK,
    "disk full": disk_full,
    "training worker killed": training_worker_killed,
    "data worker asked to end": data_worker_asked_to_end,
    "scheduler killed": scheduler_killed,
    "all killed, started again": all_killed,
}
