"""The results of a training to evaluate: labels, and out-of-sample predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cleansets.models import Cleanset
from cleansets.overlay import rows_analysed
from models_app.label_snapshot import label_snapshot, label_snapshot_now
from models_app.models import DeployedModel
from studio import tables
from studio.engine.ml_task import MLTask
from studio.model_runs.models import ModelRun, Origin

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of a training, with their out-of-sample predictions.

    Attributes
    ----------
    labels
        A row for each of them, as in `SNAPSHOT_SCHEMA`.
    classes
        The classes of the model.
    values
        Probabilities, shape (n, K), or numbers, shape (n, 1); NaN where nothing was predicted.
    predicted
        The predicted labels where there are no probabilities, else None.
    space
        Embeddings of the texts, shape (n, d); None without embeddings.
    """

    labels: pa.Table
    classes: tuple[str, ...]
    values: Floats
    predicted: list[str | None] | None
    space: Floats | None

    @property
    def row_id(self) -> npt.NDArray[np.int64]:
        """Which rows of the dataset version these are."""
        return np.asarray(self.labels.column("row_id").to_numpy(), dtype=np.int64)


def source_of(run: ModelRun) -> Source:
    """Read the results of the run's training."""
    if run.origin == Origin.MODEL:
        assert run.deployed_model is not None
        return _of_model(run.deployed_model)
    assert run.cleanset is not None
    if run.origin == Origin.ANALYSIS:
        return _of_analysis(run.cleanset)
    return _of_import(run, run.cleanset)


def predicted_values(run: ModelRun, row_id: npt.NDArray[np.int64]) -> Floats | None:
    """Return the predicted probabilities of rows; None if there are none."""
    if run.task is MLTask.REGRESSION:
        return None
    if run.origin == Origin.MODEL:
        assert run.deployed_model is not None
        with np.load(tables.local_path(run.deployed_model.predictions_key)) as arrays:
            return np.asarray(
                arrays["predicted"][np.searchsorted(arrays["row_id"], row_id)], dtype=np.float32
            )
    if run.origin == Origin.IMPORT:
        if not run.configuration["has_probabilities"]:
            return None
        with np.load(tables.local_path(run.predictions_key)) as arrays:
            return np.asarray(arrays["values"][row_id], dtype=np.float32)
    assert run.cleanset is not None
    return _at(np.load(tables.local_path(run.cleanset.pred_probs_key), mmap_mode="r"), row_id)


def _of_analysis(cleanset: Cleanset) -> Source:
    rows = rows_analysed(cleanset)
    if cleanset.task is MLTask.REGRESSION:
        values = np.load(tables.local_path(cleanset.predictions_key), mmap_mode="r")[:, :1]
    else:
        values = np.load(tables.local_path(cleanset.pred_probs_key), mmap_mode="r")
    return Source(
        labels=label_snapshot(cleanset, rows),
        classes=tuple(cleanset.classes),
        values=_at(values, rows.row_id),
        predicted=None,
        space=_space(cleanset, rows.row_id),
    )


def _of_model(model: DeployedModel) -> Source:
    snapshot = pq.read_table(tables.local_path(model.labels_key))
    labels = label_snapshot_now(model.cleanset, snapshot)
    row_id = labels.column("row_id").to_numpy()
    with np.load(tables.local_path(model.predictions_key)) as arrays:
        stated = arrays["predicted"]
        places = np.searchsorted(row_id, arrays["row_id"])
    values = np.full((len(row_id), stated.shape[1]), np.nan, dtype=np.float32)
    values[places] = stated
    return Source(
        labels=labels,
        classes=tuple(sorted(model.manifest["classes"])),
        values=values,
        predicted=None,
        space=_space(model.cleanset, row_id),
    )


def _of_import(run: ModelRun, cleanset: Cleanset) -> Source:
    rows = rows_analysed(cleanset)
    with np.load(tables.local_path(run.predictions_key), allow_pickle=False) as arrays:
        values = arrays["values"]
        stated = arrays["labels"]
        is_stated = arrays["is_labeled"]
    predicted: list[str | None] | None = None
    if not run.configuration["has_probabilities"]:
        predicted = [str(stated[row]) if is_stated[row] else None for row in rows.row_id.tolist()]
    return Source(
        labels=label_snapshot(cleanset, rows),
        classes=tuple(run.configuration["classes"]),
        values=_at(values, rows.row_id),
        predicted=predicted,
        space=_space(cleanset, rows.row_id),
    )


def _at(values: npt.NDArray[Any], row_id: npt.NDArray[np.int64]) -> Floats:
    """Return the rows; without a copy if these are all."""
    if len(values) == len(row_id):
        return values
    return np.asarray(values[row_id], dtype=np.float32)


def _space(cleanset: Cleanset, row_id: npt.NDArray[np.int64]) -> Floats | None:
    if not cleanset.embeddings_key:
        return None
    return _at(np.load(tables.local_path(cleanset.embeddings_key), mmap_mode="r"), row_id)
