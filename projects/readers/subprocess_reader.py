"""Reads a file in a separate process, so that no file can exhaust or crash the calling process.

The readers bound what a file costs where they can, but the libraries for workbooks and Parquet do
what the file tells them. The process has limits of memory and time, and is killed as soon as its
result is no longer wanted. What that costs: docs/decisions/reading-process.md.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from projects.readers.facts import (
    FIND_OUT,
    OUT_OF_MEMORY_STATUS,
    ReadLimits,
    ReadOptions,
    ReadRequest,
    TableFacts,
)
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress

_ROOT = Path(__file__).resolve().parents[2]
_ASK_EVERY_S = 0.25  # how often to check that the result is still wanted
_DELIMITED = (".csv", ".tsv", ".txt")
_ARROW_THREADS = 4  # at most; each takes a stack from the memory that the process is allowed

_prepared: list[_Reading] = []  # at most one process, waiting for a file
_prepared_lock = threading.Lock()


def read_in_subprocess(
    source: Path,
    filename: str,
    out: Path,
    *,
    progress: Progress,
    limits: ReadLimits,
    options: ReadOptions = FIND_OUT,
) -> TableFacts:
    """Do what `read_table` does, in a separate process.

    Also raises DataProblem for a file that takes more memory or time than `limits` allow, or makes
    a library crash.
    """
    with tempfile.TemporaryDirectory(dir=out.parent, prefix="reading-") as folder:
        # A process that was prepared may have been started in another folder.
        table = Path(folder).absolute() / "table.parquet"
        request = ReadRequest(source.absolute(), filename, table, limits, options)
        with _started() as reading:
            facts = reading.result(request, progress)
        table.replace(out)
    return facts


@dataclass(frozen=True, slots=True)
class _Reading:
    process: subprocess.Popen[bytes]
    connection: Connection

    def result(self, request: ReadRequest, progress: Progress) -> TableFacts:
        """Wait for the facts, reporting progress; `progress` raises if they are not wanted."""
        self._send(request)
        wall_s = request.limits.time_to_read(request.n_bytes).wall_s
        ends_at = time.monotonic() + wall_s
        reported: tuple[str, int, int] | None = None
        while True:
            if self.connection.poll(_ASK_EVERY_S):
                kind, value = self._receive(request)
                if kind == "facts":
                    return value  # type: ignore[no-any-return]
                if kind == "log":
                    progress.log(value)
                else:
                    reported = value
            if reported is not None:
                progress(*reported)
            if time.monotonic() > ends_at:
                raise DataProblem(
                    f"Reading {request.filename} was not finished after {wall_s:,.0f} seconds, the"
                    " longest that a file of its size may take even on a busy machine. Try again"
                    " later, or use a part of it."
                )

    def _send(self, request: ReadRequest) -> None:
        try:
            self.connection.send(request)
        except BrokenPipeError:
            raise self._death(request) from None

    def _receive(self, request: ReadRequest) -> tuple[str, Any]:
        try:
            kind, value = self.connection.recv()
        except (EOFError, OSError):  # OSError: it ended in the middle of a message
            raise self._death(request) from None
        if kind == "memory":
            raise _too_large(request)
        if kind == "error":
            raise value
        return kind, value

    def _death(self, request: ReadRequest) -> DataProblem:
        status = self.process.wait()
        # Out of memory, the kernel kills the process and libraries abort it.
        if status in (-signal.SIGKILL, -signal.SIGABRT, OUT_OF_MEMORY_STATUS):
            return _too_large(request)
        if status == -signal.SIGXCPU:
            cpu_s = request.limits.time_to_read(request.n_bytes).cpu_s
            return DataProblem(
                f"Reading {request.filename} took more than the {cpu_s:,.0f} seconds of processor"
                " time that are allowed for a file of its size. Save the table as CSV or Parquet"
                " and use that, or use a part of it."
            )
        return DataProblem(
            f"{request.filename} is damaged: the program that reads files of this kind crashed"
            " over it. Write the file again and use that."
        )


def _too_large(request: ReadRequest) -> DataProblem:
    mib = request.limits.memory_bytes(request.n_bytes) / 1024**2
    advice = "Save the table as CSV and use that, or use a part of it."
    if Path(request.filename).suffix.lower() in _DELIMITED:
        advice = "Use a part of it."
    return DataProblem(
        f"Reading {request.filename} takes more than {mib:,.0f} MB of memory, which is the limit"
        f" for a file of its size. {advice}"
    )


@contextmanager
def _started() -> Iterator[_Reading]:
    """Yield a process, and kill it when the block ends."""
    reading = _taken() or _start()
    try:
        yield reading
    finally:
        reading.process.kill()
        reading.process.wait()
        reading.connection.close()


def _taken() -> _Reading | None:
    """Take the prepared process, unless it has died while it waited."""
    with _prepared_lock:
        reading = _prepared.pop() if _prepared else None
    if reading is None or reading.process.poll() is None:
        return reading
    reading.connection.close()
    return None


def prepare() -> None:
    """Start the process of the next reading early, so that its libraries are already loaded."""
    with _prepared_lock:
        if not _prepared:
            _prepared.append(_start())


def _start() -> _Reading:
    ours, theirs = Pipe()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(_ROOT), *sys.path[1:]]),
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # other pools reserve an unused gigabyte
        # OpenBLAS reserves 40 MB for each core, so that with 18 of them no file could be read.
        "OPENBLAS_NUM_THREADS": "1",
        # Arrow reserves a block of text for each column of a CSV file. glibc would keep what it
        # gives back, so that a table of 200 columns would take more memory than is allowed.
        "MALLOC_MMAP_THRESHOLD_": str(256 * 1024),
        "OMP_NUM_THREADS": str(min(_ARROW_THREADS, os.cpu_count() or 1)),
    }
    # -P keeps the folder in which a command runs off the path: a csv.py in it is not the library's.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "projects.readers.subprocess_main", str(theirs.fileno())],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment,
    )
    theirs.close()
    return _Reading(process, ours)
