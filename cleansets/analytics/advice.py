"""The estimate in sentences."""

from __future__ import annotations

import math

from studio.engine.counted import counted
from studio.engine.stopping.estimate import Estimate, NextRows
from studio.engine.stopping.interval import Interval
from studio.figures import percent

GO_ON, WORTH_IT = 0.5, 0.15  # fractions of wrong labels among the next rows
FEW_DECISIONS = 10
N_RANDOM_ADVISED = 100


def advice(found: Estimate) -> str:
    """Say in one sentence whether to review more."""
    if not found.next_rows:
        issues = counted(found.n_flagged, "label issue is", "label issues are")
        if found.n_flagged > 1:
            issues = f"All {issues}"
        return f"{issues} decided; {counted(found.n_wrong, 'was', 'were')} wrong."
    step = found.next_rows[0]
    rows = next_rows(step)
    share = step.errors.value / step.n_rows
    if share >= GO_ON:
        return f"Go on: of {rows}, about {errors_text(step.errors)} are wrong."
    if share >= WORTH_IT:
        return (
            f"Go on if every error counts: of {rows}, about {errors_text(step.errors)} are wrong."
        )
    return f"You may stop here: of {rows}, only about {errors_text(step.errors)} are wrong."


def next_rows(step: NextRows) -> str:
    """Name the next rows."""
    return "the next row" if step.n_rows == 1 else f"the next {step.n_rows:,} rows"


def evidence(found: Estimate) -> str:
    """Say what the estimate rests on."""
    n_decided = found.n_wrong + found.n_right
    if not n_decided:
        return "Nobody has decided a label issue yet, so this is what the models expect."
    share = percent(found.n_wrong / n_decided, 0)
    sentence = (
        f"By {counted(n_decided, 'decided label issue')}, {found.n_wrong:,} of them wrong ({share})"
    )
    if n_decided < FEW_DECISIONS:
        return f"{sentence}, and by what the models expect."
    return f"{sentence}."


def left_flagged(found: Estimate) -> str:
    """Say how many errors are left among the flagged rows."""
    if not found.n_open:
        return "No label issue is left to review."
    issues = counted(found.n_open, "label issue that is", "label issues that are")
    return f"Of the {issues} left, about {errors_text(found.left_flagged)} are wrong."


def left_unflagged(found: Estimate) -> str:
    """Say how many errors were missed, and how that is known."""
    if found.left_unflagged is not None:
        return (
            f"Among the labels that are not flagged, about {errors_text(found.left_unflagged)} are"
            f" wrong: {found.n_random_wrong:,} of {counted(found.n_random, 'random row')}"
            f" {'was' if found.n_random_wrong == 1 else 'were'}."
        )
    sentence = "Nobody has looked at random rows that are not flagged."
    assumed = found.assumed_unflagged
    if assumed is None:
        return f"{sentence} So nothing is known of errors that the models missed."
    return (
        f"{sentence} The models assume that about {round(assumed.value):,} of these labels are"
        " wrong, if labels are wrong at random; only a review can tell."
    )


def errors_text(errors: Interval) -> str:
    """Write a number of errors with its interval.

    >>> errors_text(Interval(12.4, 8.2, 17.0))
    '12 (8 to 17)'
    """
    low, high = math.floor(errors.low), math.ceil(errors.high)
    return f"{round(errors.value):,} ({low:,} to {high:,})"


def gain_text(gain: Interval) -> str:
    """Write a gain in accuracy, in percentage points.

    >>> gain_text(Interval(0.004, 0.003, 0.005))
    '+0.4 points (0.3 to 0.5)'
    """
    return f"+{100 * gain.value:.2g} points ({100 * gain.low:.2g} to {100 * gain.high:.2g})"
