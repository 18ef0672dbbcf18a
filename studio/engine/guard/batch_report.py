"""What is said of a whole batch of predicted rows, in memory that does not grow with it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.counted import counted
from studio.engine.guard.distributions import Distribution, column_distributions, day_text
from studio.engine.guard.draws import rows_drawn
from studio.engine.guard.drift import (
    MAX_ROWS_OF_FEATURES,
    Drift,
    corrected,
    distribution_drift,
    feature_drift,
)
from studio.engine.guard.guard import Guard, GuardedRows, GuardInput, prediction_distribution
from studio.engine.guard.space import Vectors
from studio.engine.guard.words import FEATURES, PREDICTIONS
from studio.engine.ml_task import MLTask
from studio.engine.table.cells import Table
from studio.engine.table.columns import ColumnKind

MAX_SAMPLED_ROWS = 5_000
N_BARS = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A range of values, or one value, and its share of the rows with a value."""

    label: str
    trained: float
    new: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One measure of the batch beside the training data.

    Attributes
    ----------
    drift
        The difference; its p-value is corrected for all measures of the batch.
    trained_missing, new_missing
        Shares of rows without a value.
    bars
        Empty for features.
    """

    drift: Drift
    trained_missing: float = 0.0
    new_missing: float = 0.0
    bars: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchReport:
    """A batch of predictions as a whole.

    Attributes
    ----------
    coverage
        As it was chosen; see `guarded_rows`.
    n_sampled
        Rows drawn at random, which are compared with the training data.
    n_sets
        How many prediction sets have each number of classes, from none; empty for numbers.
    least_confidence
        With less, a row abstains; 1 if no prediction was confident enough in cross-validation, None
        for numbers.
    comparisons
        Predictions first, then features, then columns.
    """

    coverage: float
    n_rows: int
    n_sampled: int
    n_abstained: int
    n_out_of_distribution: int
    n_sets: tuple[int, ...]
    least_confidence: float | None
    comparisons: tuple[Comparison, ...]


class BatchWatch:
    """Collects the rows of a batch, part by part.

    Parameters
    ----------
    guard
        That of the model.
    task, kinds
        The model's, and the kinds of its columns.
    n_rows
        Of the whole batch, of which some are drawn.
    """

    def __init__(
        self,
        guard: Guard,
        task: MLTask,
        kinds: Mapping[str, ColumnKind],
        *,
        n_rows: int,
        seed: int,
    ) -> None:
        self._guard = guard
        self._task = task
        self._kinds = kinds
        self._seed = seed
        self._drawn = rows_drawn(n_rows, MAX_SAMPLED_ROWS, seed=seed)
        self._frames: list[pd.DataFrame] = []
        self._conventions: Table | None = None
        self._vectors: list[Vectors] = []
        self._values: list[npt.NDArray[np.floating]] = []
        self._suggested: list[str] = []
        self._n_rows = 0
        self._n_abstained = 0
        self._n_strange = 0
        self._n_sets: Counter[int] = Counter()

    def add(
        self, table: Table, vectors: Vectors, predictions: GuardInput, found: GuardedRows
    ) -> None:
        """Collect the next rows."""
        first = self._n_rows
        self._n_rows += table.n_rows
        self._n_abstained += int(found.abstains.sum())
        self._n_strange += int(found.is_out_of_distribution.sum())
        if found.n_in_sets is not None:
            self._n_sets.update(found.n_in_sets.tolist())
        within = (self._drawn >= first) & (self._drawn < self._n_rows)
        rows = self._drawn[within] - first
        if not len(rows):
            return
        cells = {name: column.reordered(rows).to_list() for name, column in table.items()}
        self._frames.append(pd.DataFrame(cells, dtype=object))
        self._conventions = table
        self._vectors.append(vectors[rows].astype(np.float16))
        self._values.append(predictions.values[rows])
        self._suggested += [predictions.suggested[row] for row in rows.tolist()]

    def report(self, *, coverage: float) -> BatchReport:
        """Compare the rows with the training data."""
        least_confidence = None
        if self._task is not MLTask.REGRESSION:
            least_confidence = self._guard.outcomes.least_confidence(coverage)
        return BatchReport(
            coverage=coverage,
            n_rows=self._n_rows,
            n_sampled=len(self._suggested),
            n_abstained=self._n_abstained,
            n_out_of_distribution=self._n_strange,
            n_sets=tuple(self._n_sets.get(size, 0) for size in range(self._largest_set + 1)),
            least_confidence=least_confidence,
            comparisons=tuple(self._comparisons()),
        )

    @property
    def _largest_set(self) -> int:
        return max(self._n_sets, default=-1)

    def _comparisons(self) -> list[Comparison]:
        if not self._suggested or self._conventions is None:
            return []
        new = {PREDICTIONS: self._predictions()}
        new |= column_distributions(self._table(self._conventions), self._kinds)
        trained = {PREDICTIONS: self._guard.predictions, **self._guard.columns}
        names = [name for name in new if name in trained]
        drifts = [distribution_drift(name, trained[name], new[name]) for name in names]
        of_features = self._feature_drift()
        if of_features is not None:
            drifts.append(of_features)
        by_name = {drift.name: drift for drift in corrected(drifts)}
        found = [_comparison(by_name[name], trained[name], new[name]) for name in names]
        if FEATURES in by_name:
            found.insert(1, Comparison(by_name[FEATURES]))
        return found

    def _predictions(self) -> Distribution:
        values = np.concatenate(self._values)
        predictions = GuardInput((), values, self._suggested)
        return prediction_distribution(self._task, predictions)

    def _table(self, like: Table) -> Table:
        """Return the rows that were drawn, read as the parts were."""
        table = Table.of(pd.concat(self._frames, ignore_index=True), list(like))
        conventions = {
            name: cells.convention for name, cells in like.items() if cells.convention is not None
        }
        return table.read_as(conventions)

    def _feature_drift(self) -> Drift | None:
        near_rows = self._guard.near_rows.vectors
        trained = near_rows[rows_drawn(len(near_rows), MAX_ROWS_OF_FEATURES, seed=self._seed)]
        new = np.concatenate(self._vectors).astype(np.float32)
        return feature_drift(FEATURES, trained.astype(np.float32), new, seed=self._seed)


def _comparison(drift: Drift, trained: Distribution, new: Distribution) -> Comparison:
    return Comparison(
        drift,
        trained_missing=trained.n_missing / max(trained.n_rows, 1),
        new_missing=new.n_missing / max(new.n_rows, 1),
        bars=tuple(_bars(trained, new)),
    )


def _bars(trained: Distribution, new: Distribution) -> list[Bar]:
    if trained.numbers is not None and new.numbers is not None:
        return _bars_of_numbers(trained.numbers, new.numbers, are_days=trained.are_days)
    counts = trained.levels or {}
    new_counts = new.levels or {}
    n_trained = max(sum(counts.values()), 1)
    n_new = max(sum(new_counts.values()), 1)
    names = sorted(
        counts.keys() | new_counts.keys(),
        key=lambda name: -max(counts.get(name, 0) / n_trained, new_counts.get(name, 0) / n_new),
    )
    bars = [
        Bar(name, counts.get(name, 0) / n_trained, new_counts.get(name, 0) / n_new)
        for name in names[:N_BARS]
    ]
    others = names[N_BARS:]
    if others:
        n_trained_others = sum(counts.get(name, 0) for name in others)
        n_new_others = sum(new_counts.get(name, 0) for name in others)
        bars.append(
            Bar(counted(len(others), "other"), n_trained_others / n_trained, n_new_others / n_new)
        )
    return bars


def _bars_of_numbers(
    trained: npt.NDArray[np.float64], new: npt.NDArray[np.float64], *, are_days: bool
) -> list[Bar]:
    """Return tenths of the training data, and how much of the new rows falls into each."""
    if not len(trained) or not len(new):
        return []
    edges = np.unique(np.quantile(trained, np.linspace(0, 1, N_BARS + 1)[1:-1]))
    shares = []
    for values in (trained, new):
        places = np.searchsorted(edges, values, side="right")
        shares.append(np.bincount(places, minlength=len(edges) + 1) / len(values))
    names = _range_names(edges.tolist(), are_days=are_days)
    return [Bar(*bar) for bar in zip(names, *(share.tolist() for share in shares), strict=True)]


def _range_names(edges: Sequence[float], *, are_days: bool) -> list[str]:
    written = [f"{edge:,.4g}" for edge in edges]
    if are_days:
        written = [day_text(edge) for edge in edges]
    between = [f"{low} to {high}" for low, high in itertools.pairwise(written)]
    return [f"below {written[0]}", *between, f"{written[-1]} or more"]
