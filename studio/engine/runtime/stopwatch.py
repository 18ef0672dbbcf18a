"""Measures how long each stage takes and frees memory between stages."""

from __future__ import annotations

import time

from studio.engine.progress import Progress
from studio.engine.runtime.memory import give_back


class Stopwatch:
    """Progress that forwards every call and records when stages begin."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._seconds: dict[str, float] = {}
        self._stage: str | None = None
        self._since = time.perf_counter()

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Forward the call; if the stage is another one, start its clock."""
        if stage != self._stage:
            give_back()
            self._stop()
            self._stage = stage
        self._progress(stage, done, total)

    def log(self, line: str) -> None:
        self._progress.log(line)

    def seconds(self) -> dict[str, float]:
        """Stop, and return wall-clock seconds per stage in the order in which the stages began."""
        self._stop()
        return dict(self._seconds)

    def _stop(self) -> None:
        now = time.perf_counter()
        if self._stage is not None:
            self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._since = now
