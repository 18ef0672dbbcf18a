"""Decisions in one cleanset apply in those that improve it, and in every export, until somebody
changes them.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from cleansets import analyses, row_query, selectors, services
from cleansets.models import Cleanset
from cleansets.overlay import corrected_rows, given_labels
from cleansets.pages.review.row import row_detail
from cleansets.row_address import RowQuery
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from tests.cast import logged_in
from tests.client.test_columns import table
from tests.reviewable import UNLABELED, improve, make_reviewable

ROW = 30  # given billing; the models suggest delivery
ClientOf = Callable[[User], Client]


@pytest.fixture
def first(alice: User) -> Cleanset:
    return make_reviewable(alice)


def decide(cleanset: Cleanset, row_id: int, choice: str, label: str = "") -> None:
    services.row_decide(
        cleanset=cleanset, user=cleanset.created_by, row_id=row_id, choice=choice, label=label
    )


def undo(cleanset: Cleanset) -> None:
    services.last_action_undo(cleanset=cleanset, user=cleanset.created_by)


def row_of(cleanset: Cleanset, row_id: int) -> dict[str, Any]:
    row = row_query.fetch_row(row_id, selectors.row_source(cleanset))
    assert row is not None
    return row


def labels_of(cleanset: Cleanset, row_id: int) -> tuple[Any, ...]:
    """Return uploaded, corrected and clean label with the action, after checking that every way out
    agrees.
    """
    row = row_of(cleanset, row_id)
    found = row["uploaded_label"], row["corrected_label"], row["clean_label"], row["action"]
    trained = corrected_rows(cleanset)
    is_kept = row["action"] != "exclude"
    assert (row_id in trained.row_id) == is_kept
    if is_kept:
        assert trained.labels[trained.row_id.tolist().index(row_id)] == row["clean_label"]
    exported = json.loads(export(cleanset, mode="everything", file_format="json"))[row_id]
    assert exported["cleanlab_row_ID"] == row_id + 1
    names = ("topic", "cleanlab_corrected_label", "cleanlab_clean_label", "action")
    assert tuple(exported[name] for name in names) == found
    _, columns = table(cleanset, details=True)
    names = ("given_label", "corrected_label", "clean_label", "action")
    assert tuple(columns.loc[row_id, name] for name in names) == found
    return found


def export(cleanset: Cleanset, **params: str) -> bytes:
    response: Any = logged_in(cleanset.created_by).get(
        reverse("cleanset-export", args=[cleanset.pk]), params
    )
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_correction_of_the_first_of_three_cleansets_is_one_in_all_later_ones(
    first: Cleanset,
) -> None:
    decide(first, ROW, "auto-fix")
    second = improve(first)
    third = improve(second)
    for cleanset in (first, second, third):
        assert labels_of(cleanset, ROW) == ("billing", "delivery", "delivery", "auto-fix")
        assert row_query.review_counts(selectors.row_source(cleanset)).n_corrected == 1
    assert given_labels(third)[ROW] == "delivery"


def test_correction_is_changed_in_the_second_and_undo_returns_to_that_of_the_first(
    first: Cleanset,
) -> None:
    decide(first, ROW, "auto-fix")
    second = improve(first)
    decide(second, ROW, "label", "login")
    assert labels_of(second, ROW) == ("billing", "login", "login", "label")
    assert labels_of(improve(second), ROW) == ("billing", "login", "login", "label")
    undo(second)
    assert labels_of(second, ROW) == ("billing", "delivery", "delivery", "auto-fix")
    assert selectors.last_action(second) is None, "what was decided in the first is undone there"


def test_keeping_a_corrected_label_keeps_the_correction(first: Cleanset) -> None:
    decide(first, ROW, "auto-fix")
    second = improve(first)
    decide(second, ROW, "keep")
    assert labels_of(second, ROW) == ("billing", "delivery", "delivery", "keep")
    assert labels_of(improve(second), ROW) == ("billing", "delivery", "delivery", "keep")


def test_label_that_is_set_back_to_the_uploaded_one_is_no_longer_a_correction(
    first: Cleanset,
) -> None:
    decide(first, ROW, "auto-fix")
    second = improve(first)
    decide(second, ROW, "label", "billing")
    for cleanset in (second, improve(second)):
        assert labels_of(cleanset, ROW) == ("billing", None, "billing", "label")
        assert row_query.review_counts(selectors.row_source(cleanset)).n_corrected == 0


def test_row_excluded_in_the_first_is_exported_as_excluded_and_can_come_back(
    first: Cleanset,
) -> None:
    decide(first, ROW, "exclude")
    second = improve(first)
    assert row_of(second, ROW)["is_not_analyzed"]
    assert labels_of(second, ROW) == ("billing", None, "billing", "exclude")
    exported = csv.DictReader(
        io.StringIO(export(second, mode="default", file_format="csv").decode())
    )
    assert str(ROW + 1) not in [row["cleanlab_row_ID"] for row in exported]
    decide(second, ROW, "keep")
    assert labels_of(second, ROW) == ("billing", None, "billing", "keep")


def test_corrected_row_that_is_excluded_later_still_has_its_correction_when_it_comes_back(
    first: Cleanset,
) -> None:
    decide(first, ROW, "auto-fix")
    second = improve(first)
    decide(second, ROW, "exclude")
    third = improve(second)
    assert labels_of(third, ROW)[3] == "exclude"
    decide(third, ROW, "keep")
    assert labels_of(third, ROW) == ("billing", "delivery", "delivery", "keep")


def test_decision_on_the_first_after_the_second_was_made_belongs_to_the_first(
    first: Cleanset,
) -> None:
    decide(first, 0, "keep")
    second = improve(first)
    decide(first, ROW, "auto-fix")
    assert labels_of(first, ROW)[1] == "delivery"
    assert labels_of(second, ROW) == ("billing", None, "billing", None)


def test_analysis_reads_the_decisions_of_the_moment_it_was_asked_for(first: Cleanset) -> None:
    decide(first, ROW, "auto-fix")
    waiting = analyses.cleanset_improve(cleanset=first, user=first.created_by)
    decide(first, 0, "auto-fix")
    decide(first, 1, "exclude")
    undo(first)
    labels = given_labels(waiting)
    assert (labels[ROW], labels[0]) == ("delivery", "billing")


def test_row_labeled_in_the_first_has_its_label_in_every_later_export(first: Cleanset) -> None:
    decide(first, UNLABELED, "label", "login")
    second = improve(first)
    assert labels_of(second, UNLABELED) == (None, "login", "login", "label")
    for mode in ("default", "everything"):
        for row in csv.DictReader(
            io.StringIO(export(second, mode=mode, file_format="csv").decode())
        ):
            assert row["topic"] or row["cleanlab_corrected_label"]
            assert row["cleanlab_clean_label"]


def test_every_mode_and_format_has_the_correction_and_the_uploaded_label(first: Cleanset) -> None:
    decide(first, ROW, "auto-fix")
    second = improve(first)
    name, corrected, clean = "topic", "cleanlab_corrected_label", "cleanlab_clean_label"
    for mode in ("default", "custom", "everything"):
        params = {"mode": mode, "view": "issue=all&sort=row_id&dir=asc"}
        from_csv = list(
            csv.DictReader(io.StringIO(export(second, file_format="csv", **params).decode()))
        )[ROW]
        from_json = json.loads(export(second, file_format="json", **params))[ROW]
        from_parquet = pq.read_table(
            io.BytesIO(export(second, file_format="parquet", **params))
        ).to_pylist()[ROW]
        sheet: Any = openpyxl.load_workbook(
            io.BytesIO(export(second, file_format="xlsx", **params))
        ).active
        header, *rows = sheet.iter_rows(values_only=True)
        from_xlsx = dict(zip(header, rows[ROW], strict=True))
        for row in (from_csv, from_json, from_parquet, from_xlsx):
            assert (row[name], row[corrected], row[clean]) == ("billing", "delivery", "delivery")


def test_sets_of_classes_are_inherited_and_their_order_is_not_a_correction(alice: User) -> None:
    first = make_reviewable(alice, task=MLTask.MULTI_LABEL)
    uploaded = row_of(first, 0)["uploaded_label"]
    decide(first, 0, "label", "login")
    decide(first, 4, "label", "")
    second = improve(first)
    assert labels_of(second, 0) == (uploaded, "login", "login", "label")
    assert labels_of(second, 4)[1:] == ("", "", "label")
    decide(second, 0, "label", '"refund, partial",billing')
    assert labels_of(second, 0)[1] is None


def test_numbers_are_inherited_and_another_spelling_is_not_a_correction(alice: User) -> None:
    first = make_reviewable(alice, task=MLTask.REGRESSION)
    decide(first, 0, "auto-fix")
    second = improve(first)
    row = row_of(second, 0)
    assert (row["uploaded_label"], row["corrected_label"], row["action"]) == (
        "100.0",
        "150.0",
        "auto-fix",
    )
    decide(second, 0, "label", "100")
    row = row_of(second, 0)
    assert (row["corrected_label"], row["clean_label"]) == (None, "100.0")


def test_page_says_which_version_corrected_the_given_label(
    first: Cleanset, client_of: ClientOf
) -> None:
    decide(first, ROW, "auto-fix")
    second = improve(first)
    third = improve(second)
    page = client_of(first.created_by).get(
        reverse("cleanset", args=[third.pk]), {"issue": "all", "row": ROW}
    )
    words = " ".join(page.content.decode().split())
    assert "corrected in version 1" in words
    detail = row_detail(third, ROW, selectors.row_source(third))
    assert detail is not None
    assert detail.labels.uploaded is not None
    assert (detail.labels.uploaded.exact, detail.corrected_in) == ("billing", 1)
    decide(second, ROW, "label", "login")
    later = improve(second)
    detail = row_detail(later, ROW, selectors.row_source(later))
    assert detail is not None
    assert detail.corrected_in == 2


def test_view_of_corrected_rows_has_the_inherited_ones(first: Cleanset) -> None:
    decide(first, ROW, "auto-fix")
    second = improve(first)
    query = RowQuery(issue="all", action="corrected")
    assert [
        row["row_id"] for row in row_query.fetch_page(query, selectors.row_source(second)).rows
    ] == [ROW]


def test_cleanset_that_waited_during_an_update_gets_the_corrections_themselves(
    first: Cleanset,
) -> None:
    decide(first, ROW, "auto-fix")
    decide(first, 0, "keep")
    waiting = analyses.cleanset_improve(cleanset=first, user=first.created_by)
    waiting.reviews.update(action="keep", corrected_label=None)  # as it was kept before
    migration = importlib.import_module("cleansets.migrations.0006_decisions_of_waiting_cleansets")
    migration.copy_corrections(apps, connection.schema_editor())
    decisions = waiting.reviews.order_by("row_id").values_list(
        "row_id", "action", "corrected_label"
    )
    assert list(decisions) == [(0, "keep", None), (ROW, "auto-fix", "delivery")]
    assert given_labels(waiting)[ROW] == "delivery"
