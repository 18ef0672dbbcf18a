"""Auto-labeling of numbers: predicted ones for unlabeled rows up to an expected error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cleansets import selectors
from cleansets.auto_labels import UNLABELED, labels_of_now, refuse_if_not_offered
from cleansets.mapped_results import mapped_table
from cleansets.models import Cleanset
from cleansets.row_sets import RowSet
from studio import tables
from studio.engine.conventions.written_numbers import read_numbers
from studio.engine.evaluation.auto_numbers import (
    AutoNumberEstimate,
    NumberPredictions,
    error_by_threshold,
)
from studio.engine.ml_task import MLTask

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # of the expected errors of the rows to label
N_DIGITS = 3  # of a threshold


@dataclass(frozen=True, slots=True)
class AutoNumbers:
    """What auto-labeling would do in a cleanset whose labels are numbers.

    `n_unlabeled` rows came without a label, and `n_open` of them have none yet.
    """

    n_rows: int
    n_unlabeled: int
    n_open: int
    estimate: AutoNumberEstimate


def auto_numbers(cleanset: Cleanset, *, at_most: float | None = None) -> AutoNumbers:
    """Estimate how far off the predicted numbers of the rows without a label are.

    `at_most` is a further expected error among the thresholds. The evidence is that of
    `auto_labels`.

    Raises
    ------
    DataProblem
        If few rows came without a label.
    """
    refuse_if_not_offered(cleanset)
    rows = labels_of_now(cleanset)
    predictions = np.asarray(_predictions(cleanset), dtype=np.float64)
    evidence = np.flatnonzero(rows.is_evidence & ~np.isnan(predictions[:, 0]))
    labels = [rows.labels[row] or "" for row in evidence.tolist()]
    given = read_numbers(labels, cleanset.label_convention)
    evidence = evidence[~np.isnan(given)]
    labeled = NumberPredictions(*predictions[evidence].T)
    unlabeled = NumberPredictions(*predictions[rows.is_open].T)
    thresholds = _thresholds(unlabeled.expected, at_most)
    estimate = error_by_threshold(labeled, given[~np.isnan(given)], unlabeled, thresholds)
    return AutoNumbers(
        n_rows=len(rows.labels),
        n_unlabeled=int(rows.is_unlabeled.sum()),
        n_open=int(rows.is_open.sum()),
        estimate=estimate,
    )


def _thresholds(expected: npt.NDArray[np.float64], at_most: float | None) -> list[float]:
    if not len(expected):
        return []
    rounded = {_rounded_up(value) for value in np.quantile(expected, QUANTILES).tolist()}
    if at_most is not None:
        rounded.add(at_most)
    return sorted(rounded)


def _rounded_up(value: float) -> float:
    """Return a positive number with few digits that is not below."""
    rounded = float(f"{value:.{N_DIGITS - 1}e}")
    if rounded < value:
        mantissa, exponent = f"{value:.{N_DIGITS - 1}e}".split("e")
        rounded = float(f"{float(mantissa) + 10 ** (1 - N_DIGITS):.{N_DIGITS - 1}f}e{exponent}")
    return rounded


def _predictions(cleanset: Cleanset) -> npt.NDArray[Any]:
    """Return the predicted number and the expected error of each row, shape (n, 2)."""
    predictions: npt.NDArray[Any] = np.load(
        tables.local_path(cleanset.predictions_key), mmap_mode="r"
    )
    return predictions


def find_rows(name: str) -> RowSet | None:
    """Return the rows without a label up to an expected error; `name` is CLEANSET~ERROR."""
    pk, _, text = name.partition("~")
    cleanset = selectors.named_cleanset(pk)
    if cleanset is None or cleanset.task is not MLTask.REGRESSION or not cleanset.predictions_key:
        return None
    try:
        threshold = float(text)
    except ValueError:
        return None
    is_unlabeled = mapped_table(cleanset.issues_key).column(UNLABELED).to_numpy()
    row_ids = np.flatnonzero(is_unlabeled & (_predictions(cleanset)[:, 1] <= threshold))
    title = f"without a label, expected error at most {threshold:g}"
    return RowSet(title, cleanset.project_id, row_ids)
