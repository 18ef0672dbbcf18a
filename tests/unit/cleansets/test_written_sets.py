"""Sets of classes leave the studio as the label column of the upload writes them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cleansets import services
from cleansets.models import Cleanset
from studio.accounts.models import User
from studio.engine.conventions.label_sets import Separator
from studio.engine.ml_task import MLTask
from tests.reviewable import NO_CLASS_SUGGESTED, make_reviewable


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    """Return a multi-label cleanset in which a row is labeled by hand."""
    cleanset = make_reviewable(alice, task=MLTask.MULTI_LABEL)
    services.row_decide(
        cleanset=cleanset, user=alice, row_id=1, choice="label", label="login,billing"
    )
    return cleanset


@pytest.fixture
def export(
    cleanset: Cleanset, client_of: Callable[[User], Client], alice: User
) -> Callable[..., bytes]:
    def fetch(separator: Separator, file_format: str) -> bytes:
        cleanset.project.separator = separator
        cleanset.project.save()
        params = {"mode": "everything", "file_format": file_format}
        response: Any = client_of(alice).get(reverse("cleanset-export", args=[cleanset.pk]), params)
        assert response.status_code == 200
        return b"".join(response.streaming_content)

    return fetch


@pytest.mark.parametrize(
    ("separator", "corrected", "empty"),
    [
        (Separator.COMMA, "billing,login", ""),
        (Separator.BAR, "billing|login", ""),
        (Separator.SPACE, "billing login", ""),
        (Separator.JSON, '["billing", "login"]', "[]"),
        (Separator.PYTHON, "['billing', 'login']", "[]"),
    ],
)
def test_exports_write_sets_as_the_column_does(
    export: Callable[..., bytes], separator: Separator, corrected: str, empty: str
) -> None:
    rows = list(csv.DictReader(io.StringIO(export(separator, "csv").decode())))
    assert rows[1]["cleanlab_corrected_label"] == corrected
    assert rows[2]["cleanlab_corrected_label"] == ""
    assert rows[NO_CLASS_SUGGESTED]["suggested_label"] == empty


def test_every_format_does_so(export: Callable[..., bytes]) -> None:
    rows = json.loads(export(Separator.JSON, "json"))
    assert rows[1]["cleanlab_corrected_label"] == '["billing", "login"]'
    assert rows[2]["cleanlab_corrected_label"] is None
    assert rows[NO_CLASS_SUGGESTED]["suggested_label"] == "[]"
