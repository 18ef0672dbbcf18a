"""Runs that a command starts and waits for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from studio import runs
from studio.engine.errors import DataProblem
from studio.engine.progress import Progress
from studio.management.terminal import Terminal
from studio.runs import Run, Status, run_tracked

POLL_S = 0.5
R = TypeVar("R", bound=Run)


class _Both:
    """Progress for the pages of the studio and for the terminal."""

    def __init__(self, tracker: Progress, terminal: Progress) -> None:
        self._tracker = tracker
        self._terminal = terminal

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Record the progress; raises `Cancelled` if somebody cancelled the run on its page."""
        self._tracker(stage, done, total)
        self._terminal(stage, done, total)

    def log(self, line: str) -> None:
        """Keep one line for the run's log."""
        self._tracker.log(line)


def carry_out(run: R, work: Callable[[R, Progress], Mapping[str, Any]], terminal: Terminal) -> None:
    """Do the work of a queued run in this process, unless a worker of the studio has taken it, and
    return when it has succeeded. An interrupt cancels it.

    Raises
    ------
    DataProblem
        If it failed, or somebody cancelled it.
    """
    try:
        run.refresh_from_db()
        if run.status == Status.QUEUED:
            run_tracked(
                type(run),
                str(run.pk),
                lambda claimed, tracker: work(claimed, _Both(tracker, terminal.progress)),
                sends_notice=False,
            )
            run.refresh_from_db()
        while run.is_active:
            terminal.progress(run.stage or "Waiting", run.progress_done, run.progress_total)
            time.sleep(POLL_S)
            run.refresh_from_db()
    except KeyboardInterrupt:
        if runs.cancel(run):
            run.refresh_from_db()
            runs.stop_cancelled(run)
        raise
    if not run.is_succeeded:
        raise DataProblem(run.error_message or "It was cancelled on its page in the studio.")
