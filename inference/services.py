"""Writes of the app: starting a prediction batch, starting it again, deleting it."""

from __future__ import annotations

from pathlib import PurePath

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from inference.models import PredictionBatch
from models_app.models import DeployedModel
from projects.services import delete_with_files
from studio import runs, storage
from studio.accounts.models import User
from studio.engine.errors import DataProblem

MAX_FILENAME_CHARS = 255


def prediction_start(*, model: DeployedModel, user: User, file: UploadedFile[bytes]) -> PredictionBatch:
    """Store an uploaded file and queue its prediction."""
    if not model.is_succeeded:
        raise DataProblem("This model is not trained yet. Wait until it is, then upload the file again.")
    batch = PredictionBatch(
        deployed_model=model,
        created_by=user,
        filename=PurePath(file.name or "file").name[-MAX_FILENAME_CHARS:],
        size_bytes=file.size or 0,
    )
    batch.source_key = storage.prediction_source(batch.pk)
    default_storage.save(batch.source_key, file)
    with transaction.atomic():
        batch.save(force_insert=True)
        runs.enqueue(batch)
    return batch


def prediction_restart(*, batch: PredictionBatch, user: User) -> PredictionBatch:
    """Predict a file again whose prediction failed or was cancelled; the new run takes its place."""
    if batch.is_active or batch.is_succeeded:
        raise DataProblem("This prediction has not failed; there is nothing to start again.")
    again = PredictionBatch(
        deployed_model=batch.deployed_model,
        created_by=user,
        filename=batch.filename,
        size_bytes=batch.size_bytes,
        is_of_client=batch.is_of_client,
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
