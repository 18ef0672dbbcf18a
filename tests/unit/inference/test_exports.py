"""Predictions as rows of a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse

from inference.exports import download_name, prediction_batches, prediction_columns
from studio import tables
from studio.accounts.models import User
from tests.factories import make_prediction


def rows_of(table: Path, result: Path) -> list[tuple[str | None, ...]]:
    batches = prediction_batches(table, result)
    return [
        row
        for batch in batches
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True)
    ]


def write(path: Path, columns: dict[str, list[object]], *, row_group_size: int) -> Path:
    table = pa.table({"__row_id": list(range(len(next(iter(columns.values()))))), **columns})
    pq.write_table(table, path, row_group_size=row_group_size)
    return path


def test_rows_of_both_files_meet_in_order_however_they_are_grouped(tmp_path: Path) -> None:
    n_rows = 7_001
    table = write(
        tmp_path / "a", {"text": [f"row {i}" for i in range(n_rows)]}, row_group_size=1_300
    )
    chances = pa.array([i / n_rows for i in range(n_rows)], pa.float32())
    result = write(
        tmp_path / "b", {"yes": chances, "Suggested Label": ["yes"] * n_rows}, row_group_size=900
    )
    rows = rows_of(table, result)
    assert prediction_columns(table, result) == ["text", "yes", "Suggested Label"]
    assert [row[0] for row in rows] == [f"row {i}" for i in range(n_rows)]
    assert [float(row[1]) for row in rows] == pytest.approx(
        [i / n_rows for i in range(n_rows)], abs=1e-6
    )


def test_uploaded_cells_are_exported_unchanged(tmp_path: Path) -> None:
    cells = ["007", "1.50", None, "=1+1", "zwölf", "a\nb"]
    table = write(tmp_path / "a", {"code": cells}, row_group_size=10)
    result = write(tmp_path / "b", {"Suggested Label": ["x"] * len(cells)}, row_group_size=10)
    assert [row[0] for row in rows_of(table, result)] == cells


def test_files_of_different_length_are_not_exported(tmp_path: Path) -> None:
    table = write(tmp_path / "a", {"code": ["1", "2"]}, row_group_size=10)
    result = write(tmp_path / "b", {"Suggested Label": ["x"]}, row_group_size=10)
    with pytest.raises(ValueError, match="same length"):
        rows_of(table, result)


@pytest.mark.parametrize(
    ("uploaded", "downloaded"),
    [
        ("new.csv", "new-predictions.csv"),
        ("new.csv.gz", "new-predictions.csv"),
        ("2024.03.reviews.xlsx", "2024.03.reviews-predictions.csv"),
        ("archive.zip", "archive-predictions.csv"),
        ("no suffix", "no suffix-predictions.csv"),
    ],
)
def test_download_is_named_after_the_upload(uploaded: str, downloaded: str) -> None:
    assert download_name(uploaded) == downloaded


def test_predictions_read_back_unless_the_export_is_to_be_safe_for_spreadsheets(
    alice: User, client_of: Callable[[User], Client], tmp_path: Path
) -> None:
    batch = make_prediction(alice)
    label = batch.deployed_model.cleanset.project.label_column
    uploaded = write(tmp_path / "a", {"@text": ["=1+1"], label: ["@old"]}, row_group_size=10)
    predicted = write(
        tmp_path / "b", {"@billing": [0.5], "Suggested Label": ["@billing"]}, row_group_size=10
    )
    batch.table_key = tables.publish(uploaded, "predictions/a.parquet")
    batch.result_key = tables.publish(predicted, "predictions/b.parquet")
    batch.save()
    address = reverse("prediction-export", args=[batch.pk])
    exact, safe = (
        client_of(alice).get(address, params) for params in ({}, {"safe_for_spreadsheets": "on"})
    )
    assert lines_of(exact) == [
        ["@text", label, "@billing", "Suggested Label"],
        ["'=1+1", "@old", "0.5", "@billing"],
    ]
    assert lines_of(safe) == [
        ["'@text", label, "'@billing", "Suggested Label"],
        ["'=1+1", "'@old", "0.5", "'@billing"],
    ]


def lines_of(response: object) -> list[list[str]]:
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(content.decode(), newline="")))
