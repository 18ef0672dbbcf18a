"""A file is read in a process of its own, which no file can make large, slow or deaf."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain, repeat
from multiprocessing import Pipe
from pathlib import Path
from types import SimpleNamespace

import pytest

from projects.readers import ReadLimits, read_table, subprocess_reader
from projects.readers.facts import OUT_OF_MEMORY_STATUS
from projects.readers.subprocess_reader import prepare, read_in_subprocess
from studio.engine.errors import DataProblem
from studio.engine.progress import Cancelled, Silent
from studio.engine.table.required_columns import MissingColumnsProblem, RequiredColumns

CSV = b"a,b\n" + b"007,x\n" * 1_000
# One value of many small lists: some hundred bytes of memory for three of the file.
LISTS = b'[{"a": [' + b"[]," * 1_500_000 + b"[]]}]"


@pytest.fixture(autouse=True)
def none_is_prepared() -> Iterator[None]:
    """End the processes that other tests prepared, and those that this one does."""
    end_prepared()
    yield
    end_prepared()


def end_prepared() -> None:
    while subprocess_reader._prepared:
        reading = subprocess_reader._prepared.pop()
        reading.process.kill()
        reading.process.wait()
        reading.connection.close()


def children() -> list[int]:
    tasks = Path("/proc/self/task").glob("*/children")
    pids = [int(pid) for task in tasks for pid in task.read_text().split()]
    # Other tests of this process keep studios, browsers and notebooks running.
    return [pid for pid in pids if b"subprocess_main" in command_of(pid)]


def command_of(pid: int) -> bytes:
    """Return the command line of a process, which a new one gets after it has begun."""
    process = Path(f"/proc/{pid}")
    while True:
        command = (process / "cmdline").read_bytes()
        is_dead = b") Z " in (process / "stat").read_bytes()
        if command or is_dead:
            return command


def problem_of(source: Path, limits: ReadLimits) -> DataProblem:
    with pytest.raises(DataProblem) as caught:
        read_in_subprocess(source, "t.csv", source.parent / "out", progress=Silent(), limits=limits)
    assert [path.name for path in source.parent.iterdir()] == ["upload"]
    return caught.value


def test_it_gives_what_reading_in_this_process_gives(tmp_path: Path) -> None:
    source = tmp_path / "upload"
    source.write_bytes(CSV)
    here = read_table(source, "t.csv", tmp_path / "a", progress=Silent(), limits=ReadLimits())
    there = read_in_subprocess(
        source, "t.csv", tmp_path / "b", progress=Silent(), limits=ReadLimits()
    )
    assert there == here
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


def test_as_many_columns_as_are_allowed_take_little_memory(tmp_path: Path) -> None:
    line = ",".join(str(number) for number in range(1_000_000, 1_002_000)) + "\n"
    (tmp_path / "upload").write_text(line.replace("1", "c", 1) + line * 60)
    facts = read_in_subprocess(
        tmp_path / "upload", "t.csv", tmp_path / "out", progress=Silent(), limits=ReadLimits()
    )
    assert (facts.n_rows, len(facts.columns)) == (60, 2_000)


def test_problems_keep_what_they_know(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(CSV)
    problem = problem_of(tmp_path / "upload", ReadLimits(required=RequiredColumns(("b", "c"), {})))
    assert isinstance(problem, MissingColumnsProblem)
    assert [column.name for column in problem.missing] == ["c"]


def test_a_file_that_takes_more_memory_than_allowed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(LISTS)
    problem = problem_of(tmp_path / "upload", ReadLimits(base_memory_bytes=150 * 1024**2))
    assert "of memory, which is the limit" in str(problem)


def test_a_table_of_many_columns_is_read_in_the_memory_of_its_size(tmp_path: Path) -> None:
    n_columns = 400
    line = b",".join([b"1.500"] * n_columns) + b"\n"
    header = b",".join(b"c%d" % place for place in range(n_columns)) + b"\n"
    (tmp_path / "upload").write_bytes(header + line * 1_000)
    out = tmp_path / "out"
    facts = read_in_subprocess(
        tmp_path / "upload", "t.csv", out, progress=Silent(), limits=ReadLimits()
    )
    assert facts.n_rows == 1_000


@pytest.mark.parametrize(("seconds", "is_read"), [(600, True), (602, False)])
def test_a_busy_machine_may_take_ten_times_as_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, *, is_read: bool
) -> None:
    times = chain([0.0], repeat(seconds))
    monkeypatch.setattr(subprocess_reader, "time", SimpleNamespace(monotonic=times.__next__))
    monkeypatch.setattr(subprocess_reader, "_ASK_EVERY_S", 0.0)
    (tmp_path / "upload").write_bytes(CSV)
    if is_read:
        facts = read_in_subprocess(
            tmp_path / "upload", "t.csv", tmp_path / "out", progress=Silent(), limits=ReadLimits()
        )
        assert facts.n_rows == 1_000
    else:
        problem = problem_of(tmp_path / "upload", ReadLimits())
        assert "was not finished after 601 seconds, the longest" in str(problem)


def test_processor_time_is_limited_by_the_size_of_the_file(tmp_path: Path) -> None:
    class Looking(Silent):
        limit_s = 0

        def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
            limits = Path(f"/proc/{children()[0]}/limits").read_text()
            self.limit_s = int(limits.partition("Max cpu time")[2].split()[0])

    (tmp_path / "upload").write_bytes(CSV)
    progress = Looking()
    read_in_subprocess(
        tmp_path / "upload", "t.csv", tmp_path / "out", progress=progress, limits=ReadLimits()
    )
    assert 60 < progress.limit_s < 70, "a minute, beyond the time to load the libraries"


def test_a_file_that_takes_more_processor_time_than_allowed_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess_reader, "_start", lambda: ends_by(signal.SIGXCPU))
    (tmp_path / "upload").write_bytes(CSV)
    assert "took more than the 60 seconds of processor time" in str(
        problem_of(tmp_path / "upload", ReadLimits())
    )


def ends_by(number: int) -> subprocess_reader._Reading:
    """Return a process that ends by a signal as soon as it is asked to read."""
    ours, theirs = Pipe()
    theirs.close()
    code = f"import os; os.kill(os.getpid(), {number})"
    return subprocess_reader._Reading(subprocess.Popen([sys.executable, "-Sc", code]), ours)


def test_a_file_that_makes_a_library_crash_is_called_damaged(tmp_path: Path) -> None:
    class Crash(Silent):
        def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
            os.kill(children()[0], signal.SIGSEGV)

    (tmp_path / "upload").write_bytes(LISTS)
    with pytest.raises(DataProblem, match="crashed over it"):
        read_in_subprocess(
            tmp_path / "upload", "t", tmp_path / "out", progress=Crash(), limits=ReadLimits()
        )


def test_a_process_without_memory_to_say_so_is_not_called_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start() -> subprocess_reader._Reading:
        ours, theirs = Pipe()
        theirs.close()
        code = f"raise SystemExit({OUT_OF_MEMORY_STATUS})"
        return subprocess_reader._Reading(subprocess.Popen([sys.executable, "-Sc", code]), ours)

    monkeypatch.setattr(subprocess_reader, "_start", start)
    (tmp_path / "upload").write_bytes(CSV)
    assert "of memory, which is the limit" in str(problem_of(tmp_path / "upload", ReadLimits()))


def test_a_reading_that_is_silent_is_cancelled_within_two_seconds(tmp_path: Path) -> None:
    class Cancelling(Silent):
        cancelled_at = 0.0

        def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
            os.kill(children()[0], signal.SIGSTOP)  # nothing is heard of it any more
            if self.cancelled_at:
                raise Cancelled
            self.cancelled_at = time.monotonic()

    (tmp_path / "upload").write_bytes(CSV)
    progress = Cancelling()
    with pytest.raises(Cancelled):
        read_in_subprocess(
            tmp_path / "upload", "t", tmp_path / "out", progress=progress, limits=ReadLimits()
        )
    assert time.monotonic() - progress.cancelled_at < 2
    assert children() == []
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]


def test_a_prepared_process_reads_the_next_file(tmp_path: Path) -> None:
    prepare()
    prepared = children()
    (tmp_path / "upload").write_bytes(CSV)
    seen: list[list[int]] = []

    class Looking(Silent):
        def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
            seen.append(children())

    read_in_subprocess(
        tmp_path / "upload", "t.csv", tmp_path / "out", progress=Looking(), limits=ReadLimits()
    )
    assert seen[0] == prepared
    assert children() == []


def test_a_prepared_process_that_died_is_not_blamed_on_the_next_file(tmp_path: Path) -> None:
    prepare()
    (prepared,) = children()
    os.kill(prepared, signal.SIGKILL)
    os.waitid(os.P_PID, prepared, os.WEXITED | os.WNOWAIT)
    (tmp_path / "upload").write_bytes(CSV)
    facts = read_in_subprocess(
        tmp_path / "upload", "t.csv", tmp_path / "out", progress=Silent(), limits=ReadLimits()
    )
    assert facts.n_rows == 1_000
    assert children() == []


def test_files_in_the_current_folder_do_not_replace_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "csv.py").write_text("raise SystemExit")
    (tmp_path / "upload").write_bytes(CSV)
    monkeypatch.chdir(tmp_path)
    facts = read_in_subprocess(
        Path("upload"), "t.csv", Path("out"), progress=Silent(), limits=ReadLimits()
    )
    assert facts.n_rows == 1_000
    assert (tmp_path / "out").exists()


def test_the_libraries_reserve_no_memory_for_every_core() -> None:
    prepare()
    (prepared,) = children()
    settings = Path(f"/proc/{prepared}/environ").read_bytes().split(b"\0")
    assert b"OPENBLAS_NUM_THREADS=1" in settings
