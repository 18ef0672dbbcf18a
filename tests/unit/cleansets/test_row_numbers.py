"""People see one number of a row everywhere, counted from 1; programs its position from 0."""

from __future__ import annotations

import csv
import importlib
import io
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse

from cleansets import services
from cleansets.models import Cleanset, ReviewAction
from studio.accounts.models import User
from tests.reviewable import make_reviewable

ROW_ID = 1200  # row 1,201


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    cleanset = make_reviewable(alice, n_rows=1300)
    cleanset.project.version.n_rows = 1300
    cleanset.project.version.save()
    return cleanset


def page(browser: Client, address: str, **params: object) -> str:
    response = browser.get(address, params)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def test_row_has_one_number_on_every_page_and_in_exports(
    cleanset: Cleanset, browser: Client, alice: User
) -> None:
    review = reverse("cleanset", args=[cleanset.pk])
    services.row_decide(cleanset=cleanset, user=alice, row_id=ROW_ID, choice="auto-fix")
    words = page(browser, review, row=ROW_ID)
    for shown in (">Row 1,201<", "Decide on row 1,201", "Last: Auto-fix row 1,201"):
        assert shown in words
    assert "1,200<" not in words
    version = cleanset.project.version
    rows = page(browser, reverse("dataset", args=[version.dataset_id]), tab="data", page=25)
    assert ">1,201<" in rows
    response: Any = browser.get(
        reverse("cleanset-export", args=[cleanset.pk]), {"mode": "default", "file_format": "csv"}
    )
    exported = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
    assert exported[ROW_ID]["cleanlab_row_ID"] == "1201"
    assert exported[ROW_ID]["message"] == f"Request {ROW_ID}: please help"


def test_actions_of_earlier_versions_show_their_row_number(cleanset: Cleanset, alice: User) -> None:
    for kind, description in (
        ("single", "Label “row 5” for row 17"),
        ("undo", "Undid: Keep row 999"),
        ("bulk", "Keep 5 rows"),
    ):
        ReviewAction.objects.create(
            cleanset=cleanset, user=alice, kind=kind, description=description, n_rows=1
        )
    migration = importlib.import_module("cleansets.migrations.0007_row_numbers_from_1")
    migration.count_from_1(apps, connection.schema_editor())
    found = ReviewAction.objects.order_by("created_at").values_list("description", flat=True)
    assert list(found) == ["Label “row 5” for row 18", "Undid: Keep row 1,000", "Keep 5 rows"]
