"""Batches of the public client: announced, received at a signed address, then predicted."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from inference.models import PredictionBatch, PredictionUpload
from models_app.models import DeployedModel
from studio import runs, storage, tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem

FILENAME = "batch.csv"


def upload_announce(*, model: DeployedModel, user: User) -> PredictionUpload:
    """Expect a file for the model."""
    return PredictionUpload.objects.create(deployed_model=model, created_by=user)


def upload_receive(*, upload: PredictionUpload, file: UploadedFile[bytes]) -> None:
    """Store the file; it replaces one that came before."""
    key = storage.prediction_source(upload.pk)
    tables.publish_upload(file, key)
    upload.source_key = key
    upload.size_bytes = file.size or 0
    upload.save(update_fields=["source_key", "size_bytes"])


@transaction.atomic
def upload_predict(*, upload: PredictionUpload) -> PredictionBatch:
    """Queue the prediction of the file. Raises DataProblem if none arrived."""
    if not upload.source_key:
        raise DataProblem(
            "The rows to predict did not arrive: the transfer was interrupted, "
            "or they are larger than this studio accepts."
        )
    batch = PredictionBatch.objects.create(
        id=upload.pk,
        deployed_model=upload.deployed_model,
        created_by=upload.created_by,
        filename=FILENAME,
        size_bytes=upload.size_bytes,
        source_key=upload.source_key,
        is_of_client=True,
    )
    upload.delete()
    runs.enqueue(batch)
    return batch
