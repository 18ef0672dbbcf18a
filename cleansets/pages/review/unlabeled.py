"""What the review page says of rows without a label that cannot be labeled at once."""

from __future__ import annotations

from dataclasses import dataclass

from cleansets.auto_labels import MIN_UNLABELED_FRACTION, UNLABELED
from cleansets.issue_columns import CONFIDENCE
from cleansets.models import Cleanset
from cleansets.row_address import RowQuery
from studio.engine.ml_task import MLTask

REASONS = {
    MLTask.MULTI_LABEL: (
        "How many of the predicted sets of classes are right cannot be estimated, so they are not"
        " accepted at once: look at them, the surest first."
    ),
    MLTask.REGRESSION: (
        "A predicted number is never right or wrong, only near, so they are not accepted at once:"
        " look at the error bar of each."
    ),
}


@dataclass(frozen=True, slots=True)
class UnlabeledRows:
    """Rows of a partly labeled dataset for which auto-labeling is not offered; `params` opens
    them.
    """

    n_rows: int
    n_unlabeled: int
    reason: str
    params: str


def unlabeled_rows(cleanset: Cleanset) -> UnlabeledRows | None:
    """Return the rows without a label, if many have none and the task has no auto-labeling."""
    n_rows = cleanset.n_rows or 0
    n_unlabeled = cleanset.counts.get(UNLABELED, 0)
    if cleanset.task not in REASONS or n_unlabeled < max(1, MIN_UNLABELED_FRACTION * n_rows):
        return None
    query = RowQuery(issue="unlabeled")
    if cleanset.task is MLTask.MULTI_LABEL:
        query = RowQuery(issue="unlabeled", sort=CONFIDENCE)
    return UnlabeledRows(n_rows, n_unlabeled, REASONS[cleanset.task], query.params())
