"""Damages files of every format by chance and reads them; ends with a table, and fails on any that
ended in no sentence, took longer than ten seconds, or took more than a gigabyte.

    .venv/bin/python -m tests.fuzz.run --files 5000 --seed 1
    .venv/bin/python -m tests.fuzz.run --seconds 60
    .venv/bin/python -m tests.fuzz.run --only 1:417

A file is told by the seed and its number; those that fail are kept under tests/artifacts/fuzz.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from tests.fuzz.mutations import mutated
from tests.fuzz.originals import ORIGINALS
from tests.fuzz.worker import MAX_BYTES, Outcome, outcome_apart, serve

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "tests" / "artifacts" / "fuzz"
SLOW_S = 10.0
HUNG_S = 60.0
FAULTS = ("unhandled", "over 10 s", "over 1 GB")


class Reader:
    """A process that reads files one after the other; a new one where it crashed or hangs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    def outcome(self, path: Path, name: str) -> Outcome | None:
        """How the reading ended; None if the process did, or had to be ended."""
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._connection is not None
        try:
            self._connection.send((path, name))
            if self._connection.poll(HUNG_S):
                return self._connection.recv()  # type: ignore[no-any-return]
        except (EOFError, ConnectionError):
            pass
        self.end()
        return None

    def _start(self) -> None:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, self._folder), daemon=True)
        self._process.start()
        theirs.close()
        self._connection = ours

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


def main() -> None:
    """Read the files and print what came of them."""
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ["RUST_BACKTRACE"] = "0"  # of panics, which are told by their sentence
    warnings.simplefilter("ignore")  # zipfile's, of names that are there twice on purpose
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in ORIGINALS}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "tables"
        folder.mkdir()
        reader = Reader(folder)
        path = Path(scratch) / "file"
        for key in _keys(options):
            kind, name, content = _file(key)
            path.write_bytes(content)
            outcome = reader.outcome(path, name)
            if outcome is None or _faults(outcome):
                outcome = _outcome_apart(path, name, folder)
            faults = _faults(outcome)
            counts[kind]["files"] += 1
            counts[kind]["read" if outcome.words.startswith("read") else "refused"] += not faults
            counts[kind].update(faults)
            if faults or options.only:
                _tell(key, kind, name, content, outcome, faults)
        reader.end()
    _print_table(counts)
    sys.exit(any(counts[kind][fault] for kind in counts for fault in FAULTS))


def _keys(options: argparse.Namespace) -> Iterator[str]:
    if options.only:
        yield options.only
        return
    ends_at = time.monotonic() + (options.seconds or float("inf"))
    for number in range(options.files):
        if time.monotonic() > ends_at:
            return
        yield f"{options.seed}:{number}"


def _file(key: str) -> tuple[str, str, bytes]:
    chance = random.Random(key)
    kinds = list(ORIGINALS)
    kind = kinds[int(key.rpartition(":")[2]) % len(kinds)]
    original = ORIGINALS[kind]()
    return kind, original.name, mutated(chance, original)


def _outcome_apart(path: Path, name: str, folder: Path) -> Outcome:
    """Read the file as the studio does: with limits, in a process of its own.

    Only what goes wrong so is a fault. Most files are read without, many times as fast.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(outcome_apart, (path, name, folder / "apart.parquet"))


def _faults(outcome: Outcome) -> list[str]:
    found = {
        "unhandled": bool(outcome.unhandled),
        "over 10 s": outcome.seconds > SLOW_S,
        "over 1 GB": outcome.peak_bytes > MAX_BYTES,
    }
    return [fault for fault in FAULTS if found[fault]]


def _tell(
    key: str, kind: str, name: str, content: bytes, outcome: Outcome, faults: list[str]
) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"{key.replace(':', '-')}-{name}"
    kept.write_bytes(content)
    _say(
        f"{key} ({kind}, {len(content):,} bytes, {kept}): {', '.join(faults) or 'ended well'};"
        f" {outcome.seconds:.1f} s, {outcome.peak_bytes / 1024**2:,.0f} MB\n  {outcome.words}\n"
        f"{outcome.unhandled}"
    )


def _print_table(counts: dict[str, Counter[str]]) -> None:
    columns = ("files", "read", "refused", *FAULTS)
    total: Counter[str] = sum(counts.values(), Counter())
    _say(f"{'format':<20}" + "".join(f"{column:>11}" for column in columns))
    for kind, count in [*counts.items(), ("all", total)]:
        _say(f"{kind:<20}" + "".join(f"{count[column]:>11,}" for column in columns))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--only", help="one file, as SEED:NUMBER")
    return parser.parse_args()


if __name__ == "__main__":
    main()
