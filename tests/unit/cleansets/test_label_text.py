"""What a label is for each task: checked, compared, taken apart, shown."""

from __future__ import annotations

import pytest

from cleansets.json_labels import label_text
from cleansets.label_text import checked_label, is_same_label, number, number_text, shown_label
from studio.engine.conventions import Convention
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask

SETS, NUMBERS, CLASSES, NONE = (
    MLTask.MULTI_LABEL,
    MLTask.REGRESSION,
    MLTask.MULTI_CLASS,
    MLTask.UNSUPERVISED,
)


@pytest.mark.parametrize(
    ("task", "typed", "stored"),
    [
        (SETS, "new, b ,a,b", "a,b,new"),
        (SETS, '"x, y",a', 'a,"x, y"'),
        (SETS, "  ", ""),
        (NUMBERS, " 12.50 ", "12.50"),
        (NUMBERS, "-1e3", "-1e3"),
        (CLASSES, " a ", " a "),
    ],
)
def test_a_label_is_stored_in_one_form(task: MLTask, typed: str, stored: str) -> None:
    assert checked_label(task, typed, ["a", "b"]) == stored


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("12,5", "12,5"),
        ("12.5", "12,5"),
        ("1.234", "1.234"),
        ("1.234,5", "1.234,5"),
        ("7", "7"),
        ("$5", "$5"),
    ],
)
def test_a_number_is_typed_and_stored_as_the_column_writes_numbers(typed: str, stored: str) -> None:
    assert checked_label(NUMBERS, typed, (), Convention.COMMA) == stored


def test_a_number_of_a_program_keeps_its_value_in_a_column_of_decimal_commas() -> None:
    assert label_text(NUMBERS, 1.234, (), Convention.COMMA) == "1,234"
    assert number(label_text(NUMBERS, 1.234, (), Convention.COMMA), Convention.COMMA) == 1.234
    assert label_text(NUMBERS, 1.234, ()) == "1.234"


def test_a_comma_typed_into_a_column_of_points_becomes_a_point() -> None:
    assert checked_label(NUMBERS, "12,5") == "12.5"
    assert checked_label(NUMBERS, "1,234") == "1,234"


@pytest.mark.parametrize(
    ("task", "typed", "reason"),
    [
        (NUMBERS, "cheap", "“cheap” is not a number"),
        (NUMBERS, "1,2,3", "Type one such as 12.5"),
        (NUMBERS, "inf", "not a number"),
        (NUMBERS, "1e999", "not a number"),
        (NUMBERS, "", "No number was typed"),
        (CLASSES, " ", "cannot be empty"),
        (CLASSES, "x" * 501, "501 characters"),
        (SETS, "a," + "x" * 501, "501 characters"),
        (NONE, "a", "has no labels"),
    ],
)
def test_invalid_label_of_the_task_is_refused(task: MLTask, typed: str, reason: str) -> None:
    with pytest.raises(DataProblem, match=reason):
        checked_label(task, typed)


def test_sets_are_the_same_in_any_order_and_numbers_in_any_spelling() -> None:
    assert is_same_label(SETS, "b, a", "a,b")
    assert not is_same_label(SETS, "", None), "no class is a label, too"
    assert not is_same_label(SETS, "a", "a,b")
    assert is_same_label(NUMBERS, "1200", "1,200.0")
    assert not is_same_label(NUMBERS, "1200", None)
    assert not is_same_label(CLASSES, "1", "1.0")


def test_numbers_are_read_as_the_engine_reads_them() -> None:
    assert number("$1,200") == 1200.0
    assert number("about 3") is None
    assert number(None) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (452600.04, "452,600"),
        (0.0123456789, "0.0123457"),
        (-3.0, "−3"),
        (0.0, "0"),
        (1e-7, "1e−07"),
        (1e15, "1e+15"),
    ],
)
def test_numbers_are_shown_with_six_digits(value: float, text: str) -> None:
    assert number_text(value) == text


def test_the_empty_set_is_shown_as_no_class_and_a_missing_label_not_at_all() -> None:
    empty = shown_label(SETS, "")
    assert empty is not None
    assert empty.is_no_class
    assert shown_label(SETS, None) is None
    assert shown_label(CLASSES, None) is None
    assert shown_label(CLASSES, " \u00a0") is None
