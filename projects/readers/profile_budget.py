"""What describing the columns of a table may cost."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from projects.readers.facts import TimeLimit
from studio.engine.errors import DataProblem

T = TypeVar("T")

NO_LIMIT = TimeLimit(math.inf)


@dataclass(frozen=True, slots=True)
class ProfileBudget:
    """The threads and the time that profiling may take."""

    n_threads: int = 1
    limit: TimeLimit = NO_LIMIT


@dataclass(slots=True)
class ProfileStopwatch:
    """Stops the description of `n_columns` beyond its limit."""

    limit: TimeLimit
    n_columns: int
    cpu_s: float = 0.0
    started_at: float = field(default_factory=lambda: time.monotonic())

    def timed(self, work: Callable[[], T]) -> T:
        """Do the work of one column, and add its processor time in this thread."""
        before = time.thread_time()
        result = work()
        self.cpu_s += time.thread_time() - before
        return result

    def look(self, report: Callable[[], None], n_done: int) -> None:
        """Report progress; raise DataProblem beyond the limit."""
        report()
        done = f"{n_done:,} of {self.n_columns:,} columns were done"
        if self.cpu_s > self.limit.cpu_s:
            raise DataProblem(
                f"Describing the columns takes more than the {self.limit.cpu_s:,.0f} seconds of"
                f" processor time that are allowed for a file of this size; {done}. Use fewer"
                " columns or rows."
            )
        if time.monotonic() - self.started_at > self.limit.wall_s:
            raise DataProblem(
                f"Describing the columns was not finished after {self.limit.wall_s:,.0f} seconds,"
                " the longest that it may take for a file of this size even on a busy machine;"
                f" {done}. Try again later, or use fewer columns or rows."
            )
