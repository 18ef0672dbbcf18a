"""Writes of the app: starting a prediction batch, starting it again, deleting it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from inference.models import PredictionBatch
from models_app.models import DeployedModel
from models_app.selectors import expected_columns
from projects.services import delete_with_files
from studio import runs, storage
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.required_columns import RequiredColumns

MAX_FILENAME_CHARS = 255


def prediction_start(
    *, model: DeployedModel, user: User, file: UploadedFile[bytes], column_map: Mapping[str, str] | None = None
) -> PredictionBatch:
    """Store an uploaded file and queue its prediction.

    `column_map` names, for a column that the model reads, the column of the file that is meant by it.
    """
    if not model.is_succeeded:
        raise DataProblem("This model has not finished its training. Wait until it has, then upload the file again.")
    batch = PredictionBatch(
        deployed_model=model,
        created_by=user,
        filename=PurePath(file.name or "file").name[-MAX_FILENAME_CHARS:],
        size_bytes=file.size or 0,
        column_map=_checked_map(model, column_map or {}),
    )
    batch.source_key = storage.prediction_source(batch.pk)
    default_storage.save(batch.source_key, file)
    with transaction.atomic():
        batch.save(force_insert=True)
        runs.enqueue(batch)
    return batch


def _checked_map(model: DeployedModel, column_map: Mapping[str, str]) -> dict[str, str]:
    """Refuse a map that no file can suit; whether its columns are in the file is seen when that is read."""
    required = RequiredColumns(tuple(column.name for column in expected_columns(model)), column_map)
    return dict(required.column_map)


def prediction_restart(
    *, batch: PredictionBatch, user: User, column_map: Mapping[str, str] | None = None
) -> PredictionBatch:
    """Predict a file again whose prediction failed or was cancelled; the new run takes its place.

    `column_map` adds to what was chosen before.
    """
    if batch.is_active or batch.is_succeeded:
        raise DataProblem("This prediction has not failed, so there is nothing to start again.")
    again = PredictionBatch(
        deployed_model=batch.deployed_model,
        created_by=user,
        filename=batch.filename,
        size_bytes=batch.size_bytes,
        is_of_client=batch.is_of_client,
        column_map=_checked_map(batch.deployed_model, batch.column_map | dict(column_map or {})),
    )
    with default_storage.open(batch.source_key) as source:
        again.source_key = default_storage.save(storage.prediction_source(again.pk), source)
    with transaction.atomic():
        again.save(force_insert=True)
        runs.enqueue(again)
        prediction_delete(batch=batch)
    return again


def prediction_delete(*, batch: PredictionBatch) -> None:
    """Delete a batch with its files; a prediction that is under way ends."""
    delete_with_files(batch)
