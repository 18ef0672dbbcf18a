"""The rows of a run as they are kept, so that it can be compared with other runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.evaluation.metrics.row_measures import RowMeasures
from studio.engine.ml_task import MLTask

_LABEL = "label"
_PREDICTED = "predicted"
_CONFIDENCE = "confidence"
_ROW_ID = "row_id"
_METRIC = "metric_"  # prefix of the columns of measures


@dataclass(frozen=True, slots=True)
class RunRows:
    """What a run says of its rows.

    Attributes
    ----------
    classes
        Names, in the order of the codes; none for regression.
    row_id
        Which rows these are, ascending, shape (n,).
    measures
        What each of them adds to the metrics.
    """

    classes: tuple[str, ...]
    row_id: npt.NDArray[np.int64]
    measures: RowMeasures

    def to_columns(self) -> dict[str, npt.NDArray[Any]]:
        """Return the rows as columns; sets are bytes, one for each eight classes."""
        measures = self.measures
        columns: dict[str, npt.NDArray[Any]] = {_ROW_ID: self.row_id}
        columns |= packed(_LABEL, measures.labels)
        columns |= packed(_PREDICTED, measures.predicted)
        if measures.confidence is not None:
            columns[_CONFIDENCE] = measures.confidence.astype(np.float32)
        for name, values in measures.columns.items():
            columns[_METRIC + name] = values.astype(np.float32)
        return columns

    @classmethod
    def of_columns(
        cls, task: MLTask, classes: Sequence[str], columns: Mapping[str, npt.NDArray[Any]]
    ) -> RunRows:
        """Take back what `to_columns` gave."""
        n_classes = len(classes)
        if task is MLTask.MULTI_LABEL:
            labels = unpacked(_LABEL, columns, n_classes)
            predicted = unpacked(_PREDICTED, columns, n_classes)
        else:
            labels = columns[_LABEL]
            predicted = columns[_PREDICTED]
        of_metrics = {
            name.removeprefix(_METRIC): values
            for name, values in columns.items()
            if name.startswith(_METRIC)
        }
        measures = RowMeasures(
            task=task,
            n_classes=n_classes,
            labels=labels,
            predicted=predicted,
            columns=of_metrics,
            confidence=columns.get(_CONFIDENCE),
        )
        return cls(tuple(classes), columns[_ROW_ID], measures)

    @property
    def is_right(self) -> npt.NDArray[np.bool_]:
        """Whether each row's prediction is its label; of a number, never asked for."""
        is_same = self.measures.labels == self.measures.predicted
        if is_same.ndim == 2:
            is_same = is_same.all(axis=1)
        return np.asarray(is_same)

    def take(self, rows: npt.NDArray[np.int64]) -> RunRows:
        """Return some of the rows."""
        return replace(self, row_id=self.row_id[rows], measures=self.measures.take(rows))

    def with_classes(self, classes: tuple[str, ...]) -> RunRows:
        """Return the rows with the codes of a longer list of classes."""
        if classes == self.classes:
            return self
        place = {name: code for code, name in enumerate(classes)}
        code_of = np.array([place[name] for name in self.classes], dtype=np.int32)
        measures = self.measures
        recoded = []
        for values in (measures.labels, measures.predicted):
            if values.ndim == 2:
                wide = np.zeros((len(values), len(classes)), dtype=bool)
                wide[:, code_of] = values
                recoded.append(wide)
            else:
                recoded.append(code_of[values])
        return replace(
            self,
            classes=classes,
            measures=replace(
                measures,
                n_classes=len(classes),
                labels=recoded[0],
                predicted=recoded[1],
                columns=_of_more_classes(measures, len(classes)),
            ),
        )


def _of_more_classes(measures: RowMeasures, n_classes: int) -> dict[str, npt.NDArray[np.floating]]:
    """Return the columns as if the model knew more classes, none of which it ever expects.

    The Brier score of two classes is halved; those of sets, and their losses, are means of classes.
    """
    columns = dict(measures.columns)
    if measures.task is MLTask.MULTI_LABEL:
        for name in columns.keys() & {"log_loss", "brier_score", "calibration_gap"}:
            columns[name] = columns[name] * (measures.n_classes / n_classes)
    elif measures.n_classes == 2 and "brier_score" in columns:
        columns["brier_score"] = columns["brier_score"] * 2
    return columns


def packed(name: str, values: npt.NDArray[Any]) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of labels: one, or for sets one for each eight classes."""
    if values.ndim == 1:
        return {name: values}
    bits = np.packbits(values, axis=1)
    return {f"{name}_{place}": bits[:, place] for place in range(bits.shape[1])}


def unpacked(
    name: str, columns: Mapping[str, npt.NDArray[Any]], n_classes: int
) -> npt.NDArray[np.bool_]:
    """Return the sets whose columns these are, shape (n, K)."""
    n_bytes = -(-n_classes // 8)
    bits = np.column_stack([columns[f"{name}_{place}"] for place in range(n_bytes)])
    return np.unpackbits(bits.astype(np.uint8), axis=1, count=n_classes).astype(bool)
