"""Texts are divided by what they look like, and exchanged labels are found there."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studio.engine.groups.looks import languages, looks
from studio.engine.recipes.build import build_cleanset
from studio.engine.table.cells import Cells
from studio.engine.text.languages import language_of
from tests.unit.engine.frames import text_spec

PRAISE = ["great", "lovely", "sturdy", "bright", "perfect", "quick"]
BLAME = ["broken", "dull", "flimsy", "late", "awful", "noisy"]
THINGS = ["lamp", "chair", "kettle", "radio", "clock", "towel"]


def groups_of(texts: list[str]) -> dict[str, list[int]]:
    """Return the rows of each group by its description."""
    found = {}
    for partition in looks(Cells.of(texts)):
        for place, description in enumerate(partition.descriptions):
            found[description] = np.flatnonzero(partition.members == place).tolist()
    return found


def reviews(n_rows: int = 800, seed: int = 0) -> pd.DataFrame:
    """Return reviews whose words say whether they are good."""
    rng = np.random.default_rng(seed)
    is_good = rng.random(n_rows) < 0.5
    texts = [
        f"the {rng.choice(THINGS)} is {rng.choice(PRAISE if good else BLAME)} and"
        f" {rng.choice(PRAISE if good else BLAME)} {row}"
        for row, good in enumerate(is_good)
    ]
    return pd.DataFrame({"text": texts, "label": np.where(is_good, "good", "bad")}, dtype=object)


def exchanged(frame: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    other = frame["label"].map({"good": "bad", "bad": "good"})
    return frame.assign(label=frame["label"].where(~rows, other))


def test_texts_are_divided_by_markup_links_digits_capitals_and_length() -> None:
    found = groups_of(
        [
            "<p>A lamp &amp; more</p>",
            "see https://example.org/lamp",
            "BROKEN ON DAY 2",
            "a < b and b > a",
            "x" * 400,
        ]
    )
    assert found["texts with markup"] == [0]
    assert found["texts without markup"] == [1, 2, 3, 4]
    assert found["texts with links"] == [1]
    assert found["texts with digits"] == [2]
    assert found["texts mostly in capitals"] == [2]
    assert found["texts without capitals"] == [1, 3, 4]
    longest = next(name for name in found if name.endswith("400 characters"))
    assert found[longest] == [4]


def test_texts_are_divided_by_language() -> None:
    english = "The parcel came late and the lamp in it was broken, so I sent it back."
    german = "Das Paket kam zu spät, und die Lampe darin war kaputt, also ging sie zurück."
    found = [language_of(text) for text in (english, german, english, "??")]
    (partition,) = languages(found)
    assert partition.descriptions == ["texts in English", "texts in German"]
    assert partition.members.tolist() == [0, 1, 0, -1]


def test_empty_texts_can_be_divided() -> None:
    found = groups_of(["", "", ""])
    assert found["texts without markup"] == [0, 1, 2]
    assert found["texts without capitals"] == []


@pytest.mark.parametrize("share", [0.25, 0.39])
def test_exchanged_labels_of_texts_with_markup_are_found(share: float) -> None:
    frame = reviews()
    is_marked = np.random.default_rng(1).random(len(frame)) < share
    marked = "<div><p>" + frame["text"] + "</p><br/></div>"
    frame = frame.assign(text=frame["text"].where(~is_marked, marked))
    result = build_cleanset(exchanged(frame, is_marked), text_spec())
    (inverted,) = result.health.inverted  # by the markup itself, or by the length it adds
    assert inverted.description.startswith(("texts with markup", "texts of"))
    assert inverted.n_contradicted == inverted.n_rows
    assert 0.9 * is_marked.sum() < inverted.n_rows <= is_marked.sum()
    worst = result.issues["label_issue_score"].nlargest(50).index
    assert is_marked[worst].mean() > 0.9


def test_nothing_is_said_of_the_looks_of_texts_with_errors_in_no_particular_place() -> None:
    frame = reviews()
    is_marked = np.random.default_rng(1).random(len(frame)) < 0.4
    marked = "<div><p>" + frame["text"] + "</p><br/></div>"
    frame = frame.assign(text=frame["text"].where(~is_marked, marked))
    is_wrong = np.random.default_rng(2).random(len(frame)) < 0.15
    assert build_cleanset(exchanged(frame, is_wrong), text_spec()).health.inverted == ()
