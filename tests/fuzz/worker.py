"""The process that reads the files: as a dataset, and as a file to predict."""

from __future__ import annotations

import re
import resource
import shutil
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import django

MIB = 1024 * 1024
MAX_BYTES = 1024 * MIB  # more than this is too large
_PEAK = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the reading of one file ended; `unhandled` is a traceback."""

    words: str
    seconds: float = 0.0
    peak_bytes: int = 0
    unhandled: str = ""


def serve(connection: Connection, folder: Path) -> None:
    """Read the files whose paths and names come in, until None comes."""
    django.setup()
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (2 * MAX_BYTES, hard))  # or the machine would stall
    while (request := connection.recv()) is not None:
        connection.send(_outcome(*request, folder))


def outcome_apart(path: Path, name: str, out: Path) -> Outcome:
    """Read a file as the studio does, in a process that may end over it."""
    from projects.readers import ReadLimits
    from projects.readers.subprocess_reader import read_in_subprocess
    from studio.engine.errors import DataProblem
    from studio.engine.progress import Silent

    began = time.perf_counter()
    unhandled = ""
    try:
        facts = read_in_subprocess(path, name, out, progress=Silent(), limits=ReadLimits())
        words = f"read, {facts.n_rows} rows"
    except DataProblem as problem:
        words = str(problem)
    except Exception as error:  # noqa: BLE001 (to count them is what this is for)
        words = f"{type(error).__name__}: {error}"
        unhandled = traceback.format_exc(limit=-12)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return Outcome(words, time.perf_counter() - began, peak, unhandled)


def _outcome(path: Path, name: str, folder: Path) -> Outcome:
    from studio.engine.errors import DataProblem

    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
    began = time.perf_counter()
    unhandled = ""
    try:
        words = _read(path, name, folder)
    except DataProblem as problem:
        words = str(problem)
    except BaseException as error:  # noqa: BLE001 (to count them is what this is for)
        words = f"{type(error).__name__}: {error}"
        unhandled = traceback.format_exc(limit=-12)
    seconds = time.perf_counter() - began
    peak = _PEAK.search(Path("/proc/self/status").read_text())
    assert peak is not None
    return Outcome(words, seconds, int(peak[1]) * 1024, unhandled)


def _read(path: Path, name: str, folder: Path) -> str:
    from projects.readers import ReadLimits, read_table
    from projects.readers.profile import profile_table
    from studio.engine.errors import DataProblem
    from studio.engine.progress import Silent
    from studio.engine.table.required_columns import RequiredColumns

    shutil.rmtree(folder)  # with what an earlier process left
    folder.mkdir()
    table = folder / "table.parquet"
    facts = read_table(path, name, table, progress=Silent(), limits=ReadLimits())
    profile_table(table, progress=Silent())
    required = ReadLimits(required=RequiredColumns((*facts.columns[:1], "topic"), {}))
    try:
        read_table(path, name, folder / "again.parquet", progress=Silent(), limits=required)
    except DataProblem:
        return f"read, {facts.n_rows} rows"
    return f"read twice, {facts.n_rows} rows"
