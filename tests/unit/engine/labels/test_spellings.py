"""Which names are spellings of one class, and which spelling is kept."""

from __future__ import annotations

import unicodedata

import pytest

from studio.engine.labels.spellings import (
    classes_spelled_variously,
    merged_spellings,
    shown_spelling,
    spelling_key,
    spelling_note,
)

DECOMPOSED = unicodedata.normalize("NFD", "Café")


@pytest.mark.parametrize(
    "names",
    [
        ("Spam", "spam", "SPAM"),
        ("New York", " New York", "New York ", "New  York", "New\u00a0York", "New\tYork"),
        ("Café", DECOMPOSED),
        ("Ａ１", "A1"),
        ("1", "1.0", "1.00", "1."),
        ("-2", "\u22122.0"),
        ("0.5", "0.50"),
        ("TRUE", "True", "true"),
        ("e-mail", "e\u2011mail"),
        ("don't know", "don’t know"),
        ("login", "log\u200bin"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_of_one_class(names: tuple[str, ...]) -> None:
    assert len({spelling_key(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cat", "cats"),
        ("Café", "Cafe"),
        ("1", "10"),
        ("1", "01"),
        ("1.5", "15"),
        ("-1", "1"),
        ("C", "C++"),
        ("not spam", "notspam"),
        ("a", "b"),
    ],
)
def test_classes_that_differ_by_more_than_their_spelling(one: str, other: str) -> None:
    assert spelling_key(one) != spelling_key(other)


def test_the_most_frequent_spelling_is_kept() -> None:
    [spam] = classes_spelled_variously([("spam", 14), ("ham", 200), ("Spam", 120), ("SPAM", 3)])
    assert spam.counts == (("Spam", 120), ("spam", 14), ("SPAM", 3))
    assert merged_spellings([spam]) == {"spam": "Spam", "SPAM": "Spam"}


def test_of_equally_frequent_spellings_the_tidy_and_usual_one_is_kept() -> None:
    counts = [("BILLING", 7), (" billing", 7), ("billing", 7), ("Billing", 6), ("billing ", 6)]
    [billing] = classes_spelled_variously(counts)
    assert billing.kept == "billing"


def test_what_cannot_be_seen_is_made_visible() -> None:
    assert [shown_spelling(name) for name in ("spam", " spam", "a  b", "a\u00a0b", DECOMPOSED)] == [
        "spam",
        "␣spam",
        "a␣␣b",
        "a[U+00A0]b",
        "Café (decomposed)",
    ]


def test_the_note_names_the_variants_with_their_rows() -> None:
    found = classes_spelled_variously([("Spam", 120), ("spam ", 14), ("ham", 1)])
    assert (
        spelling_note("label", found, remedy="Add --merge-spellings.")
        == "1 class of “label” is spelled in several ways: “Spam” 120, “spam␣” 14. Add"
        " --merge-spellings."
    )


def test_a_long_list_of_variants_is_cut_short() -> None:
    counts = [pair for n in range(9) for pair in ((f"class {n}", 2), (f"CLASS {n}", 1))]
    note = spelling_note("label", classes_spelled_variously(counts), remedy="")
    assert note.startswith("9 classes")
    assert "and 4 more" in note
