"""Uploaded cells as the review page shows them."""

from __future__ import annotations

import re
from unittest.mock import patch

import pytest
from django.template import Context, Template
from django.test import Client

from cleansets import row_query
from cleansets.models import Cleanset
from cleansets.pages.review import table
from cleansets.shown_text import with_line_breaks, without_zeros


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Good.<br /><br />Or not?", "Good.\n\nOr not?"),
        ("Good. <BR> Or not?", "Good.\nOr not?"),
        ("a < br", "a < br"),
        ("<broken>", "<broken>"),
    ],
)
def test_line_breaks_of_html_become_line_breaks(text: str, shown: str) -> None:
    assert with_line_breaks(text) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [("1561.0", "1561"), ("-3.0", "-3"), ("33.8", "33.8"), ("1.000", "1.000"), (None, None)],
)
def test_whole_numbers_are_shown_without_decimals(number: str | None, shown: str | None) -> None:
    assert without_zeros(number) == shown


def test_long_names_keep_both_ends_and_stay_escaped() -> None:
    template = Template("{% load shown_text %}{{ name|both_ends }}")
    shown = template.render(Context({"name": "card_payment_<wrong>_rate"}))
    assert re.sub("</?span[^>]*>", "", shown) == "card_payment_&lt;wrong&gt;_rate"
    assert '<span class="label-end">' in shown
    assert template.render(Context({"name": "refund"})) == "refund"


def test_the_row_is_shown_with_the_breaks_and_numbers_of_its_cells(
    browser: Client, cleanset: Cleanset
) -> None:
    real = row_query.fetch_rows

    def fetched(*given: object) -> list[dict[str, object]]:
        rows = real(*given)  # type: ignore[arg-type]
        return [row | {"own": {"message": "First.<br>Second.", "channel": "12.0"}} for row in rows]

    with (
        patch("cleansets.row_query.fetch.fetch_rows", fetched),
        patch.object(table, "is_number", lambda _, name: name == "channel"),
    ):
        address = f"{cleanset.get_absolute_url()}?own=message&own=channel"
        text = browser.get(address).content.decode()
    assert 'id="row-text">First.\nSecond.</p>' in text
    assert '<span class="cell-lines">12</span>' in text
