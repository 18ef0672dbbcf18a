"""Labels and decisions that are rendered once for all rows that have them."""

from __future__ import annotations

import pytest
from django.template import Context, Template

from cleansets.label_text import ShownLabel

CAT = ShownLabel(("cat",), "cat")


def drawn(tag: str, **context: object) -> str:
    return Template(f"{{% load review_pieces %}}{{% {tag} %}}").render(Context(context))


def test_one_label_looks_different_as_given_and_as_suggested() -> None:
    given = drawn("label shown", shown=CAT)
    suggested = drawn('label shown kind="suggested"', shown=CAT)
    assert "label-suggested" not in given
    assert "label-suggested" in suggested
    assert drawn("label shown", shown=CAT) == given


def test_labels_that_differ_only_in_the_stored_text_keep_their_own_tooltips() -> None:
    one = drawn("label shown", shown=ShownLabel(("1",), "1"))
    other = drawn("label shown", shown=ShownLabel(("1",), "1.0"))
    assert 'title="1"' in one
    assert 'title="1.0"' in other


def test_a_missing_label_is_a_dash_where_one_is_wanted_and_nothing_elsewhere() -> None:
    assert "Unlabeled" in drawn('label shown none="-"', shown=None)
    assert drawn("label shown", shown=None).strip() == ""
    assert "no class" in drawn('label shown none="-"', shown=ShownLabel((), ""))


def test_a_label_is_escaped() -> None:
    assert "<script>" not in drawn("label shown", shown=ShownLabel(("<script>",), "<script>"))


@pytest.mark.parametrize(
    ("action", "word"),
    [("keep", "Keep"), ("exclude", "Exclude"), ("auto-fix", "Auto-fix"), ("label", "Label")],
)
def test_a_decision_is_shown_by_its_word(action: str, word: str) -> None:
    assert word in drawn("decision action", action=action)


def test_an_undecided_row_shows_no_decision() -> None:
    assert drawn("decision action", action=None).strip() == ""
