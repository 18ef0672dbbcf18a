"""The progress of a run as one number."""

from __future__ import annotations

from studio.runs import Run

NOT_YET_DONE = 0.99


def run_fraction(run: Run) -> float:
    """Return the fraction of the stages that is done, from 0 to 1; it is 1 only at the end."""
    if not run.is_active:
        return 1.0
    if not run.stage_number:
        return 0.0
    within = min(run.progress_done / run.progress_total, 1.0) if run.progress_total else 0.0
    return round(min((run.stage_number - 1 + within) / len(run.stages), NOT_YET_DONE), 3)
