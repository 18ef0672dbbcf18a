"""The input and output of issue detectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.features.base import Matrix
from studio.engine.features.catalogue import distance_view
from studio.engine.fitting.calibration import NO_CALIBRATION, Calibration
from studio.engine.fitting.metrics import Probabilities
from studio.engine.groups.looks import languages, looks
from studio.engine.groups.partitions import (
    PARTITIONS_VERSION,
    Partition,
    number_ranges,
    partitions,
    recalled,
)
from studio.engine.groups.slices import N_BINS, Slice, find_slices, judged
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.runtime.cache import Cache
from studio.engine.schema import CleansetSpec
from studio.engine.study.study import Study
from studio.engine.table.rows import digest
from studio.engine.text.texts import Texts

Columns: TypeAlias = Mapping[str, "npt.NDArray[np.generic] | pd.Series[int] | list[str | None]"]


@dataclass(frozen=True)  # no slots: cached properties need __dict__
class Evidence:
    """What detectors know about the rows, all in canonical order.

    Attributes
    ----------
    study
        Cells, folds, hashes of copies, and the labels of all rows, those for testing among them.
        What is estimated from labels is estimated from the rows that are learned from.
    pred_probs
        Out-of-sample probabilities of the ensemble, shape (n, K); K = 0 for regression and without
        labels, and 0 for a class that only test rows have.
    space
        Dense features whose distances measure how alike rows are, shape (n, d).
    predictions
        Regression: out-of-sample prediction and its expected absolute error, shape (n, 2); else
        None.
    calibration
        How noisy given labels are, and how `pred_probs` relate to them.
    simple
        Multi-class: out-of-sample probabilities of a linear model, shape (n, K); None where none
        was fitted.
    cache
        Keeps what depends on the cells alone.
    n_jobs
        Number of parallel jobs that a detector may use.
    """

    study: Study
    pred_probs: Probabilities
    space: Matrix
    predictions: npt.NDArray[np.float32] | None = None
    calibration: Calibration = NO_CALIBRATION
    simple: Probabilities | None = None
    cache: Cache = field(default_factory=lambda: Cache(None))
    n_jobs: int = 1

    def content_key(self, *parts: str) -> str:
        """Return the cache key of a result that depends on the cells of these rows, not on labels.

        It is a hash of all cells in canonical order, of the settings of the distance view, and of
        the seed.
        """
        spec = self.study.spec
        return digest(*parts, self.study.views.key(distance_view(spec)), str(spec.seed))

    @cached_property
    def partitions(self) -> tuple[Partition, ...]:
        """Groups of rows that can be named."""
        return self._cached_partitions(f"groups {self.study.spec.mode}", self._all_groups)

    def _all_groups(self) -> Iterator[Partition]:
        yield from partitions(self.study, self.space)
        if self.study.spec.modality is Modality.TEXT:
            yield from looks(self.study.table[self.study.spec.feature_columns[0]])
            if self.study.spec.mode is Mode.REGULAR:  # too slow for the fast mode
                yield from languages(self.texts.languages)

    @cached_property
    def slices(self) -> tuple[Slice, ...]:
        """Groups of rows whose labels look exchanged."""
        if self.simple is None:
            return ()
        narrow = self._cached_partitions(
            f"ranges {N_BINS}", lambda: number_ranges(self.study, N_BINS)
        )
        divided = (*self.partitions, *narrow)
        return find_slices(self.study.labels, self.simple, divided, self.study.is_test)

    @cached_property
    def judged_probs(self) -> Probabilities:
        """Probabilities by which given labels are judged, shape (n, K): those of the ensemble,
        except in slices with exchanged labels.
        """
        if self.simple is None:
            return self.pred_probs
        return judged(self.pred_probs, self.simple, self.study.labels, self.slices)

    def _cached_partitions(
        self, name: str, divide: Callable[[], Iterable[Partition]]
    ) -> tuple[Partition, ...]:
        spec = self.study.spec
        columns = str([(column, spec.column_kinds[column]) for column in spec.feature_columns])
        return recalled(self.cache, self.content_key(name, PARTITIONS_VERSION, columns), divide)

    @cached_property
    def texts(self) -> Texts:
        """The cells of the one text column; only for the text modality."""
        return Texts(self.study.table[self.study.spec.feature_columns[0]])


@dataclass(frozen=True, slots=True)
class IssueType:
    """A kind of issue.

    Attributes
    ----------
    name
        For the run's log.
    find
        Returns the result columns by name, one value per row. Flags are bool, scores float32 in [0,
        1] with 1 worst.
    modalities, tasks, modes
        Where it applies.
    content_version
        0 if the result depends on labels. Otherwise it depends on the features alone and is cached
        under this number, which is raised when a change of the detector, or of a package that it
        uses, changes the result.
    """

    name: str
    find: Callable[[Evidence], Columns]
    modalities: frozenset[Modality] = frozenset(Modality)
    tasks: frozenset[MLTask] = frozenset(MLTask)
    modes: frozenset[Mode] = frozenset(Mode)
    content_version: int = 0

    def applies_to(self, spec: CleansetSpec) -> bool:
        """Return whether an analysis with this spec looks for it."""
        return (
            spec.modality in self.modalities and spec.task in self.tasks and spec.mode in self.modes
        )
