"""Rows of the database in a state that a test needs, with no files behind them unless it brings
them.
"""

from __future__ import annotations

import itertools
from typing import Any

from django.utils import timezone

from cleansets.models import Cleanset
from inference.models import PredictionBatch
from models_app.models import DeployedModel
from projects.models import Dataset, DatasetVersion, Project
from studio.accounts.models import User
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.runs import Status

_numbers = itertools.count(1)


def run_fields(status: Status) -> dict[str, Any]:
    """Return the fields that the database demands of a run in this status."""
    now = timezone.now()
    fields: dict[str, Any] = {"status": status}
    if status != Status.QUEUED:
        fields |= {"attempt": 1, "started_at": now, "heartbeat_at": now}
    if status in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED):
        fields["finished_at"] = now
    if status == Status.FAILED:
        fields["error_message"] = "The file is empty. Use a file with a header and rows."
    return fields


def make_dataset(
    owner: User, *, name: str = "requests", status: Status = Status.SUCCEEDED, **fields: Any
) -> Dataset:
    """Return a dataset with one version; `fields` go to the version."""
    dataset = Dataset.objects.create(owner=owner, name=name)
    values = {
        "filename": f"{name}.csv",
        "size_bytes": 1,
        "source_key": f"datasets/{dataset.pk}/source",
    }
    if status == Status.SUCCEEDED:
        values |= {"n_rows": 0, "table_key": f"datasets/{dataset.pk}/rows-1.parquet"}
    DatasetVersion.objects.create(
        dataset=dataset, created_by=owner, **(run_fields(status) | values | fields)
    )
    return dataset


def make_project(owner: User, *, dataset: Dataset | None = None, **fields: Any) -> Project:
    """Return a tabular project in fast mode on a dataset of the owner."""
    version = (dataset or make_dataset(owner)).versions.get()
    values: dict[str, Any] = {
        "name": f"Project {next(_numbers)}",
        "task": MLTask.MULTI_CLASS,
        "modality": Modality.TABULAR,
        "mode": Mode.FAST,
        "label_column": "label",
        "feature_columns": ["a"],
        "column_kinds": {"a": "number"},
    }
    return Project.objects.create(owner=owner, version=version, **(values | fields))


def make_cleanset(
    owner: User, *, project: Project | None = None, status: Status = Status.SUCCEEDED, **fields: Any
) -> Cleanset:
    """Return a cleanset of one of the owner's projects."""
    project = project or make_project(owner)
    values = (
        {"number": project.cleansets.count() + 1, "counts": {"is_label_issue": 0}}
        | run_fields(status)
        | fields
    )
    return Cleanset.objects.create(project=project, created_by=owner, **values)


def make_model(
    owner: User,
    *,
    cleanset: Cleanset | None = None,
    status: Status = Status.SUCCEEDED,
    **fields: Any,
) -> DeployedModel:
    """Return a deployed model of one of the owner's cleansets."""
    cleanset = cleanset or make_cleanset(owner)
    values = {"name": f"Model {next(_numbers)}"} | run_fields(status) | fields
    return DeployedModel.objects.create(cleanset=cleanset, created_by=owner, **values)


def make_prediction(
    owner: User,
    *,
    model: DeployedModel | None = None,
    status: Status = Status.SUCCEEDED,
    **fields: Any,
) -> PredictionBatch:
    """Return a prediction batch of one of the owner's models."""
    model = model or make_model(owner)
    values = {
        "filename": "new.csv",
        "size_bytes": 1,
        "source_key": f"predictions/{model.pk}/source",
    }
    values |= run_fields(status) | fields
    return PredictionBatch.objects.create(deployed_model=model, created_by=owner, **values)
