"""Trains the best model on the corrected data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from django.conf import settings
from django.utils import timezone

from cleansets.frames import read_frame
from cleansets.models import Cleanset
from cleansets.overlay import CorrectedRows, corrected_rows, previous_labels
from models_app.artifact_files import save_tar
from models_app.label_snapshot import label_snapshot
from models_app.models import DeployedModel
from studio import storage, tables
from studio.engine import stages
from studio.engine.ml_task import MLTask
from studio.engine.progress import Progress
from studio.engine.recipes.manifest import labels_digest
from studio.engine.recipes.predict import predict_values
from studio.engine.recipes.train import Training, train_and_predict
from studio.engine.recipes.trained import TrainedModel
from studio.engine.schema import CleansetSpec, Part
from studio.fan_out import fan_out

ROWS_PER_CHUNK = 16_000  # that are predicted at once
COMPARED_ROWS = 1_000  # on which an exported model must predict the same


def train(run: DeployedModel, progress: Progress) -> Mapping[str, Any]:
    """Train on the corrected rows but those for testing, publish the artefact, and return the
    fields to store.
    """
    spec = run.cleanset.spec()
    rows = corrected_rows(run.cleanset)
    table = tables.local_path(run.cleanset.version.table_key)
    training = fit_with_predictions(
        table,
        spec,
        rows.learned_labels,
        row_ids=rows.row_id,
        preferred=run.candidate,
        previous_labels=_labels_continued_from(run.cleanset, rows),
        progress=progress,
    )
    model = training.model
    row_id = rows.row_id[training.rows]
    predicted = training.predicted
    progress(stages.SAVING)
    if rows.parts is not None:
        tested = rows.row_id[rows.parts == Part.TEST.value]
        row_id = np.concatenate([row_id, tested])
        predicted = np.concatenate([predicted, _predicted(model, table, tested, progress)])
    order = np.argsort(row_id)
    with tables.scratch() as folder:
        predictions = folder / "predictions.npz"
        np.savez(predictions, row_id=row_id[order], predicted=predicted[order])
        labels = folder / "labels.parquet"
        pq.write_table(label_snapshot(run.cleanset, rows), labels)
        predictions_key = storage.model_file(run.pk, run.attempt, predictions.name)
        tables.publish(predictions, predictions_key)
        labels_key = storage.model_file(run.pk, run.attempt, labels.name)
        tables.publish(labels, labels_key)
        progress(stages.SAVING)
        tar = folder / "model.tar"
        manifest = save_tar(model, tar)
        n_bytes = tar.stat().st_size
        artifact_key = storage.model_file(run.pk, run.attempt, tar.name)
        tables.publish(tar, artifact_key)
        progress(stages.SAVING)
        compared = rows.row_id[training.rows[:COMPARED_ROWS]]
        exported = _exported(run, model, table, compared, folder)
    return {
        **exported,
        "artifact_key": artifact_key,
        "predictions_key": predictions_key,
        "labels_key": labels_key,
        "artifact_bytes": n_bytes,
        "manifest": asdict(manifest),
        "candidates": [asdict(candidate) for candidate in model.candidates],
        "n_rows": rows.n_labeled(spec.task),
        "n_test": rows.n_test,
        "n_corrected": rows.n_corrected,
        "n_excluded": rows.n_excluded,
        "made_current_at": timezone.now(),
    }


def _exported(
    run: DeployedModel,
    model: TrainedModel,
    table: Path,
    row_ids: npt.NDArray[np.int64],
    folder: Path,
) -> dict[str, str]:
    """Publish the model in ONNX; where it cannot be exported, keep the reason."""
    from studio.engine.exchange.export import onnx_of  # 100 MB, which nothing else needs
    from studio.engine.exchange.graph import NotExportable

    frame = read_frame(table, model.feature_columns, row_ids)
    try:
        exported = onnx_of(model, frame)
    except NotExportable as reason:
        return {"onnx_refusal": str(reason)}
    path = folder / "model.onnx"
    path.write_bytes(exported)
    key = storage.model_file(run.pk, run.attempt, path.name)
    tables.publish(path, key)
    return {"onnx_key": key}


def _labels_continued_from(cleanset: Cleanset, rows: CorrectedRows) -> list[str | None] | None:
    """Return the labels from whose fits the analysis of the same rows and labels continued.

    Then its fits are found in the cache, or made again in a fraction of the time. None if the
    analysis was fitted anew, whose fits are found without, or if something was decided since.
    """
    manifest = cleanset.manifest
    if not manifest.get("former_labels_sha256") or cleanset.task is MLTask.REGRESSION:
        return None
    if rows.parts is not None or labels_digest(rows.labels) != manifest["labels_sha256"]:
        return None
    return previous_labels(cleanset, rows)


def _predicted(
    model: TrainedModel, table: Path, row_ids: npt.NDArray[np.int64], progress: Progress
) -> npt.NDArray[np.float32]:
    """Predict rows that the model was not trained on, in chunks: probabilities or numbers."""
    chunks = []
    for first in range(0, len(row_ids), ROWS_PER_CHUNK):
        progress(stages.SAVING)
        frame = read_frame(table, model.feature_columns, row_ids[first : first + ROWS_PER_CHUNK])
        chunks.append(predict_values(model, frame))
    nothing = np.empty((0, max(1, len(model.classes))), dtype=np.float32)
    return np.concatenate([nothing, *chunks])


def fit_best_model(
    table: Path,
    spec: CleansetSpec,
    labels: Sequence[str | None],
    *,
    row_ids: npt.NDArray[np.int64] | None = None,
    progress: Progress,
) -> TrainedModel:
    """Train on the rows `row_ids` of a Parquet table, all of them if None."""
    training = fit_with_predictions(table, spec, labels, row_ids=row_ids, progress=progress)
    return training.model


def fit_with_predictions(  # noqa: PLR0913  (most by name)
    table: Path,
    spec: CleansetSpec,
    labels: Sequence[str | None],
    *,
    row_ids: npt.NDArray[np.int64] | None = None,
    preferred: str = "",
    previous_labels: Sequence[str | None] | None = None,
    progress: Progress,
) -> Training:
    """Train as `fit_best_model` does, and keep what was predicted out of sample.

    The worker and the command line both call this.
    """
    progress(stages.READING_ROWS)
    frame = read_frame(table, spec.feature_columns, row_ids)
    if row_ids is not None:
        frame.index = pd.Index(row_ids)
    cache = settings.CACHE_DIR / "engine"
    with fan_out() as n_jobs:
        return train_and_predict(
            frame,
            labels,
            spec,
            preferred=preferred,
            previous_labels=previous_labels,
            cache_dir=cache,
            n_jobs=n_jobs,
            progress=progress,
        )
