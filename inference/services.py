"""Writes of the app: starting, retrying and deleting prediction batches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePath

import pyarrow.parquet as pq
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.db import transaction

from inference.models import PredictionBatch
from inference.uncertain_rows import uncertain_rows
from models_app.models import DeployedModel
from models_app.selectors import expected_columns
from projects.appending.choice import AppendChoice
from projects.appends import rows_append
from projects.models import DatasetVersion
from projects.services import delete_with_files
from studio import quotas, runs, storage, tables
from studio.accounts.models import User
from studio.engine.conventions import DATE_ORDERS, DECIMALS, Convention
from studio.engine.errors import DataProblem
from studio.engine.table.columns import MEASURED, ColumnKind
from studio.engine.table.required_columns import RequiredColumns, some

MAX_FILENAME_CHARS = 255
TYPED_ROW = "One row"
COVERAGES = (0.5, 0.999)
DEFAULT_COVERAGE = 0.9


def prediction_start(
    *,
    model: DeployedModel,
    user: User,
    file: UploadedFile[bytes],
    column_map: Mapping[str, str] | None = None,
    conventions: Mapping[str, Convention | None] | None = None,
    coverage: float | None = None,
) -> PredictionBatch:
    """Store an uploaded file and queue its prediction.

    `column_map` maps columns that the model reads to columns of the file. `conventions` says how
    numbers or dates of a column are written; None lets the cells decide. With a `coverage` the
    model's guard adds its columns.
    """
    if not model.is_succeeded:
        raise DataProblem(
            "This model has not finished its training. Wait until it has, then upload the file"
            " again."
        )
    # Not stored before its file is, so that a failed upload leaves no batch behind.
    batch = PredictionBatch(
        deployed_model=model,
        created_by=user,
        filename=PurePath(file.name or "file").name[-MAX_FILENAME_CHARS:],
        size_bytes=file.size or 0,
        column_map=_checked_map(model, column_map or {}),
        chosen_conventions=_checked_conventions(model, conventions or {}),
        coverage=_checked_coverage(model, coverage),
    )
    quotas.check_upload(user, file.size or 0)
    batch.source_key = storage.prediction_source(batch.pk)
    tables.publish_upload(file, batch.source_key)
    with transaction.atomic():
        batch.save(force_insert=True)
        runs.enqueue(batch)
    return batch


def row_predict(*, model: DeployedModel, user: User, cells: Mapping[str, str]) -> PredictionBatch:
    """Queue the prediction of one row, with what speaks for and against it, and the guard if the
    model has one. Columns without a cell are missing values.
    """
    if not model.is_succeeded:
        raise DataProblem("This model has not finished its training. Wait until it has.")
    known = [column.name for column in expected_columns(model)]
    unknown = [name for name in cells if name not in known]
    if unknown:
        raise DataProblem(f"The model reads no column {some(unknown)}. It reads {some(known)}.")
    if not any(cell.strip() for cell in cells.values()):
        raise DataProblem("The row is empty. Fill in at least one column.")
    content = json.dumps(dict(cells)).encode()
    batch = PredictionBatch(
        deployed_model=model,
        created_by=user,
        filename=TYPED_ROW,
        size_bytes=len(content),
        coverage=DEFAULT_COVERAGE if model.has_guard else None,
        is_typed=True,
    )
    quotas.check_upload(user, len(content))
    batch.source_key = storage.prediction_source(batch.pk)
    tables.publish_upload(SimpleUploadedFile(TYPED_ROW, content), batch.source_key)
    with transaction.atomic():
        batch.save(force_insert=True)
        runs.enqueue(batch)
    return batch


def _checked_coverage(model: DeployedModel, coverage: float | None) -> float | None:
    """Refuse a guard that the model does not have, and a coverage that says nothing."""
    if coverage is None:
        return None
    if not model.has_guard:
        raise DataProblem(
            "This model carries no guard, as it was trained before models had one. Deploy it again,"
            " or predict without the guard."
        )
    low, high = COVERAGES
    if not low <= coverage <= high:
        raise DataProblem(
            f"The coverage is {coverage:g}. Give a fraction from {low:g} to {high:g}, such as 0.9."
        )
    return coverage


def _checked_map(model: DeployedModel, column_map: Mapping[str, str]) -> dict[str, str]:
    """Refuse a map that no file can match; the file itself is checked when it is read."""
    required = RequiredColumns(tuple(column.name for column in expected_columns(model)), column_map)
    return dict(required.column_map)


def _checked_conventions(
    model: DeployedModel, conventions: Mapping[str, Convention | None]
) -> dict[str, str]:
    """Refuse conventions that do not fit the model's columns; drop those left to the cells."""
    kinds = {column.name: ColumnKind(column.kind) for column in expected_columns(model)}
    for name, convention in conventions.items():
        if name not in kinds:
            raise DataProblem(f"The model reads no column “{name}”. It reads {some(list(kinds))}.")
        kind = kinds[name]
        if kind not in MEASURED:
            raise DataProblem(
                f"Column “{name}” is {kind}, so it has no decimal mark and no order of dates. Leave"
                " it out."
            )
        allowed = DATE_ORDERS if kind is ColumnKind.DATETIME else DECIMALS
        if convention is not None and convention not in allowed:
            raise DataProblem(
                f"Column “{name}” is {kind} and cannot be read {convention}. Give"
                f" {' or '.join(allowed)}."
            )
    return {
        name: convention.value for name, convention in conventions.items() if convention is not None
    }


def prediction_restart(
    *,
    batch: PredictionBatch,
    user: User,
    column_map: Mapping[str, str] | None = None,
    conventions: Mapping[str, Convention | None] | None = None,
    coverage: float | None = None,
) -> PredictionBatch:
    """Replace a batch by a new run on the same file, after a failure, with another reading, or with
    the guard.

    `column_map` and `conventions` add to the earlier choices; so does a `coverage`.
    """
    model = batch.deployed_model
    chosen: dict[str, Convention | None] = {
        name: Convention(convention) for name, convention in batch.chosen_conventions.items()
    }
    chosen |= dict(conventions or {})
    chosen_conventions = _checked_conventions(model, chosen)
    if batch.is_active:
        raise DataProblem(
            "This prediction is still under way. Wait until it has finished, or cancel it first."
        )
    if coverage is None:
        coverage = batch.coverage
    chosen_map = _checked_map(model, batch.column_map | dict(column_map or {}))
    before = batch.column_map, batch.chosen_conventions, batch.coverage
    if batch.is_succeeded and (chosen_map, chosen_conventions, coverage) == before:
        raise DataProblem(
            "This prediction has not failed, and its columns, numbers and dates would be read as"
            " before, so there is nothing to retry."
        )
    again = PredictionBatch(
        deployed_model=model,
        created_by=user,
        filename=batch.filename,
        size_bytes=batch.size_bytes,
        is_of_client=batch.is_of_client,
        is_typed=batch.is_typed,
        column_map=chosen_map,
        chosen_conventions=chosen_conventions,
        coverage=_checked_coverage(model, coverage),
    )
    again.source_key = storage.prediction_source(again.pk)
    # A copy, since the file of the old batch is deleted with it.
    tables.publish_copy(batch.source_key, again.source_key)
    with transaction.atomic():
        again.save(force_insert=True)
        runs.enqueue(again)
        prediction_delete(batch=batch)
    return again


def prediction_delete(*, batch: PredictionBatch) -> None:
    """Delete a batch with its files; a prediction under way stops."""
    delete_with_files(batch)


def uncertain_append(
    *, batch: PredictionBatch, user: User, n_least: int | None = None
) -> DatasetVersion:
    """Append the rows that a person should look at to the dataset, where the project reviews them.

    Which rows these are: see `uncertain_rows`. The new version of the dataset is the run.
    """
    rows = uncertain_rows(batch, n_least)
    if not rows.num_rows:
        raise DataProblem(
            "No row of this file abstains, so there is nothing to append. Give a number of the"
            " least certain rows."
        )
    project = batch.deployed_model.cleanset.project
    absent = [
        column["name"]
        for column in project.version.columns
        if column["name"] not in rows.column_names
    ]
    with tables.scratch() as folder:
        path = folder / "rows.parquet"
        pq.write_table(rows, path)
        return rows_append(
            base=project.version,
            user=user,
            path=path,
            filename=f"{PurePath(batch.filename).stem[:100]} uncertain.parquet",
            choice=AppendChoice(blank_columns=tuple(absent)),
            projects=[project],
        )
