"""Measures the main job without a browser: seconds, peak memory, and how well planted label errors come out on top.

`make bench` runs `manage.py clean` in both modes on generated support requests, whose truth is known, and in the same
run, on the same machine and file, the pipeline that a data scientist would write by hand (`peer.py`).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from studio.engine.sample import Planted, SampleTable, make_support_requests

ROOT = Path(__file__).resolve().parents[2]
TEXT, LABEL = "message", "topic"
LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Measure:
    """What one program took and found. `precision` is the share of planted errors among as many worst rows."""

    name: str
    seconds: float
    peak_mb: float
    n_flagged: int
    precision: float
    recall_of_flags: float


def measure(name: str, command: list[str], out: Path, truth: pd.DataFrame) -> Measure:
    """Run a program to its end, and judge its output against the truth."""
    started_at = time.monotonic()
    with tempfile.TemporaryDirectory() as data_dir:
        environment = {**os.environ, "STUDIO_DATA_DIR": data_dir}
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        peak = _PeakMemory(process.pid)
        _, errors = process.communicate()
    seconds = time.monotonic() - started_at
    if process.returncode != 0:
        raise SystemExit(f"{name} ended with status {process.returncode}:\n{errors.decode()[-2000:]}")
    found = pd.read_csv(out)
    is_planted = truth["planted"].to_numpy() == Planted.LABEL_ERROR
    worst = found["label_issue_score"].sort_values(ascending=False).index[: is_planted.sum()]
    is_flagged = found["is_label_issue"].fillna(value=False).astype(bool).to_numpy()
    recall = (is_flagged & is_planted).sum() / is_planted.sum()
    return Measure(name, seconds, peak.stop(), int(is_flagged.sum()), is_planted[worst].mean(), recall)


class _PeakMemory:
    """Adds up the resident memory of a process group, twenty times a second."""

    def __init__(self, group: int) -> None:
        self._group, self._peak_kb, self._over = group, 0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> float:
        """Return the peak in megabytes."""
        self._over.set()
        self._thread.join()
        return self._peak_kb / 1024

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            self._peak_kb = max(self._peak_kb, sum(_resident_kb(pid) for pid in _members(self._group)))


def _members(group: int) -> list[int]:
    members = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(after_name[2]) == group:
            members.append(int(folder.name))
    return members


def _resident_kb(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def programs(source: Path, folder: Path) -> dict[str, tuple[list[str], Path]]:
    """Return each program with the file that it writes."""
    clean = [sys.executable, "manage.py", "clean", str(source), "--label", LABEL, "--text", TEXT]
    outs = {name: folder / f"{name.replace(' ', '-')}.csv" for name in ("plain pipeline", "fast mode", "regular mode")}
    peer = [sys.executable, "-m", "tests.benchmarks.peer", str(source), str(outs["plain pipeline"]), TEXT, LABEL]
    return {
        "plain pipeline": (peer, outs["plain pipeline"]),
        "fast mode": ([*clean, "--mode", "fast", "--out", str(outs["fast mode"])], outs["fast mode"]),
        "regular mode": ([*clean, "--mode", "regular", "--out", str(outs["regular mode"])], outs["regular mode"]),
    }


def report(measures: list[Measure], n_rows: int, n_planted: int) -> str:
    """Return the measures as a table."""
    lines = [
        f"Finding {n_planted} planted label errors in {n_rows} generated support requests, {os.cpu_count()} cores.",
        "precision: planted errors among as many rows with the worst score; recall: among the flagged rows.",
        "",
        f"{'':<16}{'seconds':>10}{'peak MB':>10}{'flagged':>10}{'precision':>11}{'recall':>9}",
    ]
    lines += [
        f"{m.name:<16}{m.seconds:>10.1f}{m.peak_mb:>10.0f}{m.n_flagged:>10}{m.precision:>11.2f}{m.recall_of_flags:>9.2f}"
        for m in measures
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3000)
    n_rows = parser.parse_args().rows
    sample: SampleTable = make_support_requests(n_rows=n_rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "requests.csv"
        sample.frame.to_csv(source, index=False)
        measures = [
            measure(name, command, out, sample.truth) for name, (command, out) in programs(source, folder).items()
        ]
    n_planted = int((sample.truth["planted"] == Planted.LABEL_ERROR).sum())
    sys.stdout.write(report(measures, n_rows, n_planted) + "\n")


if __name__ == "__main__":
    main()
