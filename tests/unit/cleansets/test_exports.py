"""Exports of a cleanset: which rows, which columns, and that every format reads back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client
from django.urls import reverse

from cleansets import exports, services
from cleansets.models import Cleanset
from studio import tables
from studio.accounts.models import User
from studio.exports import stream_json, stream_parquet, stream_xlsx
from tests.reviewable import make_reviewable


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    cleanset = make_reviewable(alice)
    for row_id, choice in ((0, "auto-fix"), (1, "exclude"), (2, "needs-review")):
        services.row_decide(cleanset=cleanset, user=alice, row_id=row_id, choice=choice)
    return cleanset


@pytest.fixture
def export(
    cleanset: Cleanset, alice: User, client_of: Callable[[User], Client]
) -> Callable[..., bytes]:
    def fetch(**params: str) -> bytes:
        response: Any = client_of(alice).get(reverse("cleanset-export", args=[cleanset.pk]), params)
        assert response.status_code == 200
        return b"".join(response.streaming_content)

    return fetch


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_default_leaves_excluded_rows_out_and_has_all_columns(export: Callable[..., bytes]) -> None:
    rows = rows_of(export(mode="default", file_format="csv"))
    assert [row["cleanlab_row_ID"] for row in rows[:3]] == ["1", "3", "4"]
    assert len(rows) == 119
    assert rows[0]["message"] == "Request 0: please help"
    assert rows[0]["topic"] == "billing"
    assert rows[0]["cleanlab_corrected_label"] == "delivery"
    assert rows[0]["is_label_issue"] == "True"
    assert rows[1]["tags"] == "needs review"


def test_everything_has_the_excluded_rows_too(export: Callable[..., bytes]) -> None:
    rows = rows_of(export(mode="everything", file_format="csv"))
    assert len(rows) == 120
    assert rows[1]["action"] == "exclude"


def test_custom_is_the_view(export: Callable[..., bytes]) -> None:
    view = "issue=label_issue&given=billing&own=message&show=outlier_score"
    rows = rows_of(export(mode="custom", file_format="csv", view=view))
    assert [row["cleanlab_row_ID"] for row in rows] == ["1", "31", "61", "91"]
    assert "channel" not in rows[0]
    assert "outlier_score" in rows[0]
    assert "ambiguous_score" not in rows[0]


def test_what_a_spreadsheet_would_run_is_guarded_in_csv_only(export: Callable[..., bytes]) -> None:
    assert rows_of(export(mode="default", file_format="csv"))[0]["channel"] == "'=mail"
    assert json.loads(export(mode="default", file_format="json"))[0]["channel"] == "=mail"
    sheet = openpyxl.load_workbook(io.BytesIO(export(mode="default", file_format="xlsx"))).active
    assert sheet is not None
    place = [cell.value for cell in sheet[1]].index("channel")
    assert (sheet[2][place].value, sheet[2][place].data_type) == ("=mail", "s")


def test_labels_read_back_unless_the_export_is_to_be_safe_for_spreadsheets(
    cleanset: Cleanset, alice: User, export: Callable[..., bytes]
) -> None:
    services.row_decide(cleanset=cleanset, user=alice, row_id=4, choice="label", label="@billing")
    cleanset.project.version.dataset.versions.update(
        table_key=_with_marks(cleanset.project.version.table_key)
    )
    exact, safe = (
        rows_of(export(mode="everything", file_format="csv", **params))[4]
        for params in ({}, {"safe_for_spreadsheets": "on"})
    )
    assert (exact["topic"], exact["cleanlab_corrected_label"]) == ("@topic", "@billing")
    assert (safe["topic"], safe["cleanlab_corrected_label"]) == ("'@topic", "'@billing")
    assert exact["@text"] == safe["'@text"] == "'=1"


def _with_marks(key: str) -> str:
    """Return the key of the same table with labels and a column name that begin with @."""
    table = pq.read_table(tables.local_path(key))
    table = table.set_column(
        table.column_names.index("topic"), "topic", [["@topic"] * table.num_rows]
    )
    table = table.append_column("@text", [["=1"] * table.num_rows])
    with tables.scratch() as folder:
        pq.write_table(table, folder / "rows.parquet")
        return tables.publish(folder / "rows.parquet", f"{key}-marked")


def test_every_format_has_the_same_rows(export: Callable[..., bytes]) -> None:
    n_rows = len(rows_of(export(mode="default", file_format="csv")))
    sheet = openpyxl.load_workbook(io.BytesIO(export(mode="default", file_format="xlsx"))).active
    assert sheet is not None
    assert sheet.max_row == n_rows + 1
    assert (
        pq.read_table(io.BytesIO(export(mode="default", file_format="parquet"))).num_rows == n_rows
    )
    assert len(json.loads(export(mode="default", file_format="json"))) == n_rows


@pytest.mark.parametrize(
    "params", [{}, {"mode": "default", "file_format": "exe"}, {"mode": "x", "file_format": "csv"}]
)
def test_an_unknown_export_is_explained(
    cleanset: Cleanset, alice: User, client_of: Callable[[User], Client], params: dict[str, str]
) -> None:
    assert (
        client_of(alice).get(reverse("cleanset-export", args=[cleanset.pk]), params).status_code
        == 422
    )


@pytest.mark.parametrize("file_format", ["csv", "json", "parquet", "xlsx"])
def test_no_column_of_the_file_is_lost_where_ours_have_the_same_name(
    cleanset: Cleanset, export: Callable[..., bytes], file_format: str
) -> None:
    own = {
        "is_outlier": "mine",
        "cleanlab_is_outlier": "mine too",
        "Action": "act",
        "cleanlab_row_ID": "x",
    }
    version = cleanset.project.version
    with tables.scratch() as folder:
        path = folder / "rows.parquet"
        rows = pd.read_parquet(tables.local_path(version.table_key))
        rows.assign(**own).to_parquet(path, index=False)
        version.table_key = tables.publish(path, f"{version.table_key}-named")
    version.save()
    header, first = first_row(export(mode="everything", file_format=file_format), file_format)
    row = dict(zip(header, first, strict=True))
    assert len(row) == len(header)
    assert {name: row[name] for name in own} == own
    assert row["cleanlab_cleanlab_is_outlier"] in (False, "False")
    assert row["cleanlab_action"] == "auto-fix"
    assert row["cleanlab_cleanlab_row_ID"] in (1, "1")


def first_row(content: bytes, file_format: str) -> tuple[list[str], list[object]]:
    """Return the header and the first row."""
    if file_format == "csv":
        header, row, *_ = csv.reader(io.StringIO(content.decode()))
        return header, list(row)
    if file_format == "json":
        first = json.loads(content, object_pairs_hook=list)[0]
        return [name for name, _ in first], [value for _, value in first]
    if file_format == "parquet":
        found = pq.read_table(io.BytesIO(content))
        return found.column_names, [column[0].as_py() for column in found.columns]
    sheet: Any = openpyxl.load_workbook(io.BytesIO(content)).active
    header, row, *_ = sheet.iter_rows(values_only=True)
    return list(header), list(row)


@pytest.mark.parametrize("mode", ["default", "everything"])
def test_an_export_in_parts_has_every_row_once_and_in_order(
    export: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    whole = export(mode=mode, file_format="csv")
    monkeypatch.setattr(exports, "PART_ROWS", 7)
    assert export(mode=mode, file_format="csv") == whole


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_a_sorted_export_in_two_parts_has_every_row_once_and_in_order(
    export: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    def numbers() -> list[object]:
        view = "issue=all&sort=outlier_score&dir=asc"
        content = export(mode="custom", file_format=file_format, view=view)
        if file_format == "csv":
            return [int(row["cleanlab_row_ID"]) for row in rows_of(content)]
        return list(pq.read_table(io.BytesIO(content)).column("cleanlab_row_ID").to_pylist())

    monkeypatch.setattr(exports, "FIRST_ROWS", 1000)
    whole = numbers()
    assert sorted(whole) == list(range(1, 121))
    assert whole != sorted(whole)
    monkeypatch.setattr(exports, "FIRST_ROWS", 7)
    assert numbers() == whole


@pytest.mark.parametrize("stream", [stream_xlsx, stream_parquet, stream_json])
def test_a_download_begins_before_the_last_rows_are_read(
    stream: Callable[..., Iterator[bytes]],
) -> None:
    read: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for part in range(5):
            read.append(part)
            yield pa.record_batch({"text": [f"row {part}"]})

    begun = next(piece for piece in stream(["text"], batches()) if piece)
    assert begun
    assert len(read) <= 1
