"""How long work tells its caller where it is, and how a caller stops it."""

from __future__ import annotations

from typing import Protocol


class Cancelled(Exception):
    """Raised out of a progress call when the caller no longer wants the result."""


class Progress(Protocol):
    """Called by long work: a stage's name, how much is done, how much there is (0 = not known)."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Record the progress. Raises `Cancelled` when the work should stop."""

    def log(self, line: str) -> None:
        """Keep one line for the run's log, such as what was skipped and why."""


class Silent:
    """Progress that nobody watches."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Ignore the progress."""

    def log(self, line: str) -> None:
        """Ignore the line."""
