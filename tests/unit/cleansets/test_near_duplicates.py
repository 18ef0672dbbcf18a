"""The near-duplicate set in the panel of a row."""

from __future__ import annotations

from unittest.mock import patch

import pyarrow as pa
from django.test import Client

from cleansets import services
from cleansets.models import Cleanset
from cleansets.pages.review.near_duplicates import DifferingPart, differing
from cleansets.row_query import sets
from tests.reviewable import COPY


def panel(browser: Client, cleanset: Cleanset) -> str:
    answer = browser.get(f"{cleanset.get_absolute_url()}?issue=all&row={COPY}")
    return answer.content.decode().split('id="row-panel"')[1].split("<footer")[0]


def test_only_the_words_that_differ_are_marked() -> None:
    parts = differing("My card has not come.", "My new card has come!")
    assert "".join(part.text for part in parts) == "My new card has come!"
    assert [part.text.strip() for part in parts if part.is_different] == ["new", "!"]
    assert differing("same", "same") == [DifferingPart("same", is_different=False)]
    assert differing("", "text") == [DifferingPart("text", is_different=True)]
    assert differing("text", "") == []


def test_the_panel_says_that_the_labels_of_copies_differ(
    browser: Client, cleanset: Cleanset
) -> None:
    text = " ".join(panel(browser, cleanset).split())
    assert "Near duplicates: 2 rows" in text
    assert "labels differ" in text
    assert "Label all of them “billing”" in text


def test_copies_with_one_label_are_not_called_different(
    browser: Client, cleanset: Cleanset
) -> None:
    services.row_decide(
        cleanset=cleanset, user=cleanset.created_by, row_id=14, choice="label", label="billing"
    )
    assert "labels differ" not in panel(browser, cleanset)


def test_one_row_of_a_set_is_kept_and_the_others_are_excluded(
    browser: Client, cleanset: Cleanset
) -> None:
    assert "Keep this one, exclude the other<" in panel(browser, cleanset)
    address = f"{cleanset.get_absolute_url()}/selection/decide"
    browser.post(address, {"rows": ["14"], "choice": "exclude", "view": "issue=all"})
    assert dict(cleanset.reviews.values_list("row_id", "action")) == {14: "exclude"}


def test_all_rows_of_a_set_get_one_label(browser: Client, cleanset: Cleanset) -> None:
    address = f"{cleanset.get_absolute_url()}/selection/decide"
    browser.post(address, {"rows": ["15", "14"], "label": "billing", "view": "issue=all"})
    assert dict(cleanset.reviews.values_list("row_id", "corrected_label")) == {
        14: "billing",
        15: "billing",
    }
    assert services.last_action_undo(cleanset=cleanset, user=cleanset.created_by).n_rows == 2


def test_near_duplicates_are_listed_set_by_set_those_with_differing_labels_first(
    browser: Client, cleanset: Cleanset
) -> None:
    address = f"{cleanset.get_absolute_url()}?issue=near_duplicate"
    table = browser.get(address).content.decode().partition("<tbody")[2].partition("</tbody>")[0]
    head, *rows = table.split('data-row="')
    assert "labels differ:" in head
    assert [row.partition('"')[0] for row in rows] == [str(COPY - 1), str(COPY)]
    assert table.count("set-head") == 1
    other_order = browser.get(f"{address}&sort=near_duplicate_score").content.decode()
    assert "set-head" not in other_order


def test_sets_with_differing_labels_precede_more_similar_ones() -> None:
    results = pa.table(
        {
            "row_id": [0, 1, 2, 3, 4],
            "near_duplicate_cluster_id": [7, 7, None, 9, 9],
            "near_duplicate_score": [1.0, 1.0, 0.0, 0.9, 0.9],
            "given_label": ["a", "a", "b", "a", "b"],
        }
    )
    with patch.object(sets, "mapped_table", lambda _: results):
        assert sets.set_places("made up").tolist() == [2, 2, 0, 1, 1]
