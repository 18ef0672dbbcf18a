"""Reading tells where it is, stops when asked, and leaves nothing behind."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from projects.readers import ReadLimits, read_table
from studio.engine.progress import Cancelled, Silent

CSV = b"a,b\n" + b"".join(b"%d,%s\n" % (n, b"x" * 90) for n in range(60_000))
LATE_KEY = json.dumps([*({"n": n, "text": "x" * 50} for n in range(20_000)), {"late": 1}]).encode()
RECORDS = json.dumps([{"n": n, "text": "x" * 50} for n in range(20_000)]).encode()


class Recorder(Silent):
    def __init__(self, stop_at: str = "") -> None:
        self.calls: list[tuple[str, int, int]] = []
        self._stop_at = stop_at

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.calls.append((stage, done, total))
        if stage == self._stop_at and done > 0:
            raise Cancelled


@pytest.mark.parametrize(
    ("content", "name"),
    [(CSV, "t.csv"), (RECORDS, "t.json"), (LATE_KEY, "t.json"), (gzip.compress(CSV), "t.csv.gz")],
)
def test_progress_rises_to_the_total(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / "upload").write_bytes(content)
    recorder = Recorder()
    read_table(tmp_path / "upload", name, tmp_path / "out", progress=recorder, limits=ReadLimits())
    assert {stage for stage, _, _ in recorder.calls} <= {
        "Checking file",
        "Unpacking file",
        "Reading file",
    }
    reading = [(done, total) for stage, done, total in recorder.calls if stage == "Reading file"]
    assert len(reading) >= 2
    assert reading == sorted(reading)
    assert all(0 <= done <= total for done, total in reading)


@pytest.mark.parametrize("stage", ["Checking file", "Unpacking file", "Reading file"])
def test_a_cancelled_reading_leaves_nothing_behind(tmp_path: Path, stage: str) -> None:
    (tmp_path / "upload").write_bytes(gzip.compress(CSV))
    with pytest.raises(Cancelled):
        read_table(
            tmp_path / "upload",
            "t.csv.gz",
            tmp_path / "out",
            progress=Recorder(stage),
            limits=ReadLimits(),
        )
    assert [path.name for path in tmp_path.iterdir()] == ["upload"]
