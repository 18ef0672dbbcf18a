"""What happens to the studio: each fault is done, lasts, and is over when its function returns."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

from tests.chaos.harmed import EmbeddedStudio, Studio
from tests.chaos.program import Api, table
from tests.chaos.services import ServicesStudio
from tests.visitor import HttpVisitor

WEB, DATA, TRAINING, BEAT = "gunicorn", "--queues=data", "--queues=training", " beat "
HOLD_S = 4.0
N_SILENT = 60
PASSWORD = "correct horse battery staple"

SHORT_CUT_S = 2.0
LONG_CUT_S = 10.0
S3_AWAY_S = 5.0

Fault = Callable[[Any, random.Random], None]


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


def all_killed(studio: EmbeddedStudio, chance: random.Random) -> None:
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


def database_held(studio: EmbeddedStudio, chance: random.Random) -> None:
    """Keep the database locked for longer than a write waits."""
    with closing(sqlite3.connect(studio.database, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(3 * HOLD_S)
        other.execute("ROLLBACK")


def disk_full(studio: EmbeddedStudio, chance: random.Random) -> None:
    """Fill the disk to its last byte; logging in, reviewing, exporting and deleting must work."""
    email = f"visitor{chance.randrange(10**9)}@example.org"
    visitor = HttpVisitor(studio.address)
    visitor.open("/signup")
    visitor.submit("/signup", email=email, password=PASSWORD)
    dataset = studio.api.upload(table(chance))
    exports = set(_exports(studio).values())
    n_refused = studio.api.n_refused
    filler = studio.folder / "filler"
    try:
        _fill_disk(filler)
        _use_on_full_disk(studio, email, exports)
        _fill_disk(filler)  # runs that ended meanwhile made room
        _upload_to_full_disk(studio)
        _delete_on_full_disk(studio, dataset)
    finally:
        filler.unlink()
    if studio.api.n_refused > n_refused:
        raise AssertionError("A decision on a full disk was refused")


def _fill_disk(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file:
        free = shutil.disk_usage(filler.parent).free
        with suppress(OSError):
            os.posix_fallocate(file.fileno(), file.tell(), free)
        with suppress(OSError):
            file.seek(0, os.SEEK_END)
            while file.write(bytes(4096)):
                pass


def _use_on_full_disk(studio: EmbeddedStudio, email: str, exports: set[str]) -> None:
    visitor = HttpVisitor(studio.address)
    visitor.open("/login")
    page = visitor.submit("/login", username=email, password=PASSWORD)
    if page.path == "/login":
        raise AssertionError("Nobody can log in on a full disk")
    until = time.monotonic() + HOLD_S
    while time.monotonic() < until:
        for address in exports:
            for file_format in ("csv", "json", "parquet", "xlsx"):
                address_in_format = address.replace("=csv", f"={file_format}")
                status, _ = studio.api.once("GET", address_in_format)
                if status != 200:
                    raise AssertionError(f"An export on a full disk was answered {status}")


def _upload_to_full_disk(studio: EmbeddedStudio) -> None:
    mark = {"Content-Type": "multipart/form-data; boundary=x"}
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\r\n'
    uploader = Api(studio.api.port, studio.api.key)
    status, answer = uploader.once("POST", "/api/v1/datasets", file + b"\r\n--x--\r\n", **mark)
    if status != 507 or b"disk is full" not in answer:
        raise AssertionError(f"An upload on a full disk was answered {status}")


def _delete_on_full_disk(studio: EmbeddedStudio, dataset: str) -> None:
    status, _ = studio.api.once("DELETE", f"/api/v1/datasets/{dataset}")
    if status != 204:
        raise AssertionError(f"Deleting on a full disk was answered {status}")


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
    for key, address in _exports(studio).items():
        content = studio.content(key)
        place = chance.randrange(len(content))
        flipped = bytes([content[place] ^ 1 << chance.randrange(8)])
        studio.replace(key, content[:place] + flipped + content[place + 1 :])
        try:
            status, answer = studio.api.once("GET", address)
        finally:
            studio.replace(key, content)
        if status != 422 or key.encode() not in answer:
            raise AssertionError(f"A flipped bit in {key} was answered {status}")


def _exports(studio: Studio) -> dict[str, str]:
    """Return addresses that read stored files, by the key of the file."""
    query = (
        "SELECT c.id, c.issues_key, v.table_key FROM cleansets_cleanset c"
        " JOIN projects_project p ON p.id = c.project_id"
        " JOIN projects_datasetversion v ON v.id = p.version_id WHERE c.status = 'succeeded'"
    )
    found = {}
    for cleanset_id, *keys in studio.query(query):
        for key in keys:
            address = f"/api/v1/cleansets/{uuid.UUID(str(cleanset_id))}/export"
            found[key] = f"{address}?file_format=csv"
    return found


def database_cut_shortly(studio: ServicesStudio, chance: random.Random) -> None:
    """Cut all connections to PostgreSQL for two seconds."""
    time.sleep(chance.uniform(0, 1.0))
    studio.database.cut(SHORT_CUT_S)


def database_cut(studio: ServicesStudio, chance: random.Random) -> None:
    """Cut all connections to PostgreSQL for ten seconds."""
    time.sleep(chance.uniform(0, 1.0))
    studio.database.cut(LONG_CUT_S)


def redis_restarted(studio: ServicesStudio, chance: random.Random) -> None:
    """Restart the broker."""
    time.sleep(chance.uniform(0, 0.5))
    studio.restart_redis()


def s3_away(studio: ServicesStudio, chance: random.Random) -> None:
    """Cut all connections to the file storage for five seconds."""
    time.sleep(chance.uniform(0, 0.5))
    studio.s3.cut(S3_AWAY_S)


QUICK: dict[str, Fault] = {
    "web server killed": web_killed,
    "bits flipped": bit_flipped,
    "disk full": disk_full,
    "60 silent visitors": silent_visitors,
    "data worker killed": data_worker_killed,
    "database held": database_held,
    "web and data stalled": stalled,
}
THOROUGH: dict[str, Fault] = {
    **QUICK,
    "training worker killed": training_worker_killed,
    "data worker asked to end": data_worker_asked_to_end,
    "scheduler killed": scheduler_killed,
    "all killed, started again": all_killed,
}
QUICK_ON_SERVICES: dict[str, Fault] = {
    "PostgreSQL cut for 2 s": database_cut_shortly,
    "S3 away for 5 s": s3_away,
    "web server killed": web_killed,
    "Redis restarted": redis_restarted,
}
THOROUGH_ON_SERVICES: dict[str, Fault] = {
    **QUICK_ON_SERVICES,
    "60 silent visitors": silent_visitors,
    "web and data stalled": stalled,
    "PostgreSQL cut for 10 s": database_cut,
    "data worker killed": data_worker_killed,
    "data worker asked to end": data_worker_asked_to_end,
    "training worker killed": training_worker_killed,
    "scheduler killed": scheduler_killed,
}
