"""Where files are in the storage. Keys consist of ids, never of text that a user typed."""

from __future__ import annotations

import uuid


def dataset_source(version_id: uuid.UUID) -> str:
    """Return the key of the uploaded file, as it came."""
    return f"datasets/{version_id}/source"


def upload_part(upload_id: uuid.UUID, number: int, part_id: uuid.UUID) -> str:
    """Return the key of one part of an upload; a part sent again gets another key."""
    return f"uploads/{upload_id}/{number}-{part_id}"


def dataset_table(version_id: uuid.UUID, attempt: int) -> str:
    """Return the key of the rows as Parquet."""
    return f"datasets/{version_id}/rows-{attempt}.parquet"


def dataset_updated_rows(version_id: uuid.UUID, attempt: int) -> str:
    """Return the key of the ids of the rows that a version has with other cells than its base."""
    return f"datasets/{version_id}/updated-{attempt}.npy"


def appended_file(file_id: uuid.UUID, name: str) -> str:
    """Return the key of a file of new rows, or of its rows."""
    return f"appended/{file_id}/{name}"


def cleanset_file(cleanset_id: uuid.UUID, attempt: int, name: str) -> str:
    """Return the key of one result of an analysis."""
    return f"cleansets/{cleanset_id}/{attempt}/{name}"


def corrections_file(file_id: uuid.UUID, name: str) -> str:
    """Return the key of an uploaded file of corrections, or of its rows."""
    return f"corrections/{file_id}/{name}"


def model_file(model_id: uuid.UUID, attempt: int, name: str) -> str:
    """Return the key of one file of a model artefact."""
    return f"models/{model_id}/{attempt}/{name}"


def provided_predictions(file_id: uuid.UUID) -> str:
    """Return the key of predictions of another model that an analysis uses."""
    return f"provided/{file_id}.npz"


def model_run_source(run_id: uuid.UUID) -> str:
    """Return the key of imported predictions, as they came."""
    return f"model_runs/{run_id}/source"


def model_run_file(run_id: uuid.UUID, attempt: int, name: str) -> str:
    """Return the key of one file of a model run."""
    return f"model_runs/{run_id}/{attempt}/{name}"


def projection_file(projection_id: uuid.UUID, attempt: int, name: str) -> str:
    """Return the key of one file of a projection."""
    return f"projections/{projection_id}/{attempt}/{name}"


def prediction_source(batch_id: uuid.UUID) -> str:
    """Return the key of an uploaded prediction file."""
    return f"predictions/{batch_id}/source"


def prediction_file(batch_id: uuid.UUID, attempt: int, name: str) -> str:
    """Return the key of one result of a prediction batch."""
    return f"predictions/{batch_id}/{attempt}/{name}"
