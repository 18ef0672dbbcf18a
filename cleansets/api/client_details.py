"""Out-of-sample predictions as columns: the top labels, and the probability of the given one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleansets.api.client_labels import LabelType, typed
from cleansets.models import Cleanset
from studio import tables
from studio.engine.ml_task import MLTask

AT_LEAST = 0.01  # probability from which a label is listed; the likeliest always is
CLASS_COLUMNS = ("predicted_label", "p_predicted_label", "p_given_label", "p_suggested_label")
TOP_COLUMNS = ("top_labels", "top_probs")

Floats = npt.NDArray[np.float32]


def detail_columns(cleanset: Cleanset) -> tuple[str, ...]:
    """Return the columns that exist for the task of the cleanset."""
    if not _key(cleanset):
        return ()
    by_task = {
        MLTask.MULTI_CLASS: (*CLASS_COLUMNS, *TOP_COLUMNS),
        MLTask.MULTI_LABEL: TOP_COLUMNS,
        MLTask.REGRESSION: ("predicted_label",),
    }
    return by_task.get(cleanset.task, ())


def _key(cleanset: Cleanset) -> str:
    if cleanset.task is MLTask.REGRESSION:
        return cleanset.predictions_key
    return cleanset.pred_probs_key


class Details:
    """Computes the columns for consecutive batches of rows."""

    def __init__(self, cleanset: Cleanset, kind: LabelType) -> None:
        self._task = cleanset.task
        self._kind = kind
        self._classes = pa.array(cleanset.classes, pa.string())
        self._values = np.load(tables.local_path(_key(cleanset)), mmap_mode="r")
        self._done = 0

    def of(self, given: pa.Array, suggested: pa.Array) -> Mapping[str, pa.Array]:
        """Return the columns for the next rows; `given` (as uploaded) and `suggested` are their
        labels as text.
        """
        values = np.asarray(self._values[self._done : self._done + len(given)])
        self._done += len(given)
        if self._task is MLTask.REGRESSION:
            return {"predicted_label": pa.array(values[:, 0], pa.float32())}
        order = np.argsort(-values, axis=1, kind="stable")
        found = self._top(values, order)
        if self._task is MLTask.MULTI_CLASS:
            likeliest = pa.array(order[:, 0])
            found["predicted_label"] = typed(self._classes.take(likeliest), self._kind)
            found["p_predicted_label"] = pa.array(
                values[np.arange(len(values)), order[:, 0]], pa.float32()
            )
            found["p_given_label"] = self._chance(values, given)
            found["p_suggested_label"] = self._chance(values, suggested)
        return found

    def _top(self, values: Floats, order: npt.NDArray[np.int64]) -> dict[str, pa.Array]:
        ranked = np.take_along_axis(values, order, axis=1)
        is_listed = ranked >= AT_LEAST
        is_listed[:, :1] = True
        ends = pa.array(np.concatenate([[0], np.cumsum(is_listed.sum(axis=1))]), pa.int32())
        labels = typed(self._classes.take(pa.array(order[is_listed])), self._kind)
        chances = pa.array(ranked[is_listed].astype(np.float64).round(6))
        return {
            "top_labels": pa.ListArray.from_arrays(ends, labels),
            "top_probs": pa.ListArray.from_arrays(ends, chances),
        }

    def _chance(self, values: Floats, labels: pa.Array) -> pa.Array:
        codes = pc.fill_null(
            pc.index_in(labels.cast(pa.string()), value_set=self._classes), -1
        ).to_numpy(zero_copy_only=False)
        chances = np.where(codes >= 0, values[np.arange(len(values)), codes], np.nan)
        return pa.array(chances.astype(np.float32), pa.float32())
