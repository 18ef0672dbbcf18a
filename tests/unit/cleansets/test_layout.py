"""The columns of the review table: chosen, in order, remembered."""

from __future__ import annotations

import re

from django.test import Client
from django.urls import reverse

from cleansets.models import Cleanset

ALL = ["message", "topic", "channel"]


def save(browser: Client, cleanset: Cleanset, **fields: object) -> None:
    address = reverse("cleanset-layout", args=[cleanset.pk])
    answer = browser.post(address, {"column": ALL, "view": "issue=all&own=topic"} | fields)
    assert answer["Location"].endswith("?issue=all")


def page(browser: Client, cleanset: Cleanset, params: str = "") -> str:
    return browser.get(f"{cleanset.get_absolute_url()}?{params}").content.decode()


def columns(text: str) -> list[str]:
    return re.findall(r'data-column="own:([^"]+)"', text)


def test_chosen_columns_are_remembered_in_their_order(browser: Client, cleanset: Cleanset) -> None:
    assert columns(page(browser, cleanset)) == ["message"]
    save(browser, cleanset, column=["channel", "message", "topic"], own=["message", "channel"])
    assert columns(page(browser, cleanset)) == ["channel", "message"]
    assert columns(page(browser, cleanset, "own=topic")) == ["topic"]


def test_a_column_is_moved_by_its_button(browser: Client, cleanset: Cleanset) -> None:
    save(browser, cleanset, own=ALL, up="channel")
    assert columns(page(browser, cleanset)) == ["message", "channel", "topic"]
    save(browser, cleanset, own=ALL, down="message")
    assert columns(page(browser, cleanset)) == ["topic", "message", "channel"]


def test_scores_lines_and_the_fixed_column_are_remembered_and_reset(
    browser: Client, cleanset: Cleanset
) -> None:
    text = page(browser, cleanset)
    assert "review-table-pinned" in text
    assert "review-table-two-lines" not in text
    save(browser, cleanset, own=["message"], show=["outlier_score"], has_two_lines="on")
    text = page(browser, cleanset)
    assert "review-table-pinned" not in text
    assert "review-table-two-lines" in text
    assert 'data-column="outlier_score"' in text
    save(browser, cleanset, reset="1")
    assert 'data-column="outlier_score"' not in page(browser, cleanset)


def test_unknown_scores_and_names_with_null_characters_are_not_remembered(
    browser: Client, cleanset: Cleanset
) -> None:
    save(browser, cleanset, own=["message"], show=["given_label", "outlier_score"])
    assert 'data-column="outlier_score"' in page(browser, cleanset)
    address = reverse("cleanset-layout", args=[cleanset.pk])
    assert browser.post(address, {"column": ["a\0"], "own": ["a\0"]}).status_code == 422


def test_the_export_of_a_view_has_the_chosen_columns(browser: Client, cleanset: Cleanset) -> None:
    save(browser, cleanset, own=["channel"])
    address = reverse("cleanset-export", args=[cleanset.pk])
    answer = browser.get(f"{address}?mode=custom&file_format=csv&view=issue%3Dall")
    header = b"".join(answer.streaming_content).decode().splitlines()[0]
    assert "channel" in header
    assert "message" not in header
