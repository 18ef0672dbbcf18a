"""Which columns hold sets of classes, and what stands between the classes."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence

import pytest

from studio.engine.conventions.label_sets import Separator, join_labels, read_set, written_set
from studio.engine.conventions.set_guess import (
    likely_separator,
    possible_separator,
    recognised_separator,
)

TAGS = ("action", "comedy", "drama", "horror", "romance", "war")
TOPICS = ("billing", "login", "shipping")


def drawn(n_rows: int = 400) -> list[list[str]]:
    draw = random.Random(0)
    return [draw.sample(TAGS, draw.choice([1, 1, 2, 3])) for _ in range(n_rows)]


def counted(cells: Sequence[str], n: int = 1) -> list[tuple[str, int]]:
    return [(cell, rows * n) for cell, rows in Counter(cells).items() if cell]


@pytest.mark.parametrize("separator", [one for one in Separator if one is not Separator.NUMBERS])
def test_sets_are_recognised_however_they_are_written(separator: Separator) -> None:
    assert (
        recognised_separator(counted([written_set(names, separator) for names in drawn()]))
        is separator
    )


@pytest.mark.parametrize(
    ("between", "separator"), [("; ", ";"), (" | ", "|"), (" / ", "/"), (", ", ","), ("\n", ",")]
)
def test_spaces_and_ends_of_lines_around_a_separator_do_not_count(
    between: str, separator: str
) -> None:
    assert recognised_separator(counted([between.join(names) for names in drawn()])) == separator


@pytest.mark.parametrize("between", [";", "|", "/", ","])
def test_few_sets_of_few_classes_are_enough(between: str) -> None:
    cells = [*TOPICS * 30, *(f"{topic}{between}urgent" for topic in TOPICS * 10)]
    assert recognised_separator(counted(cells)) == between


def test_lists_of_any_writer_are_recognised() -> None:
    sets = drawn()
    assert recognised_separator(counted([str(tuple(names)) for names in sets])) is Separator.PYTHON
    assert recognised_separator(counted([str(set(names)) for names in sets])) is Separator.PYTHON
    ids = [[TAGS.index(name) for name in names] for names in sets]
    assert recognised_separator(counted([json.dumps(names) for names in ids])) is Separator.NUMBERS
    assert recognised_separator(counted(['["billing"]', "[]"], 40)) is Separator.JSON


@pytest.mark.parametrize(
    "names",
    [
        (
            "New York",
            "New Jersey",
            "New Orleans",
            "Boston",
            "Los Angeles",
            "San Jose",
            "San Francisco",
        ),
        ("strongly agree", "agree", "neutral", "disagree", "strongly disagree"),
        ("yes", "no", "n/a"),
        ("Portland, OR", "Portland, ME", "Salem, OR", "Salem, MA", "Boston, MA"),
        (
            "food",
            "food/fruit",
            "food/meat",
            "food/fruit/apple",
            "food/fruit/pear",
            "toys",
            "toys/cars",
        ),
        ("km/h", "m/s", "km", "m"),
        ("1,5", "1", "2,5", "2", "3,5", "3"),
        ("Smith, John", "Miller, John", "Smith, Mary", "Miller, Mary"),
    ],
)
def test_names_that_hold_a_mark_are_one_class(names: tuple[str, ...]) -> None:
    assert recognised_separator(counted(names, 60)) is None


def test_names_without_recurring_parts_are_not_worth_a_question() -> None:
    cities = (
        "New York",
        "New Jersey",
        "Boston",
        "Los Angeles",
        "San Jose",
        "San Francisco",
        "yes",
        "n/a",
    )
    assert possible_separator(counted(cities, 60)) is None


def test_dates_texts_vectors_and_objects_are_not_sets() -> None:
    draw = random.Random(0)
    columns = [
        [f"{day:02}/{month:02}/2024" for day in range(1, 28) for month in range(1, 13)],
        [" ".join(draw.choice(TAGS) for _ in range(12)) for _ in range(300)],
        [json.dumps([draw.random() for _ in range(8)]) for _ in range(300)],
        [json.dumps({"a": n % 3}) for n in range(300)],
        [f"{draw.choice(TAGS)} {draw.choice(TOPICS)}" for _ in range(300)],
    ]
    assert [recognised_separator(counted(cells)) for cells in columns] == [None] * len(columns)


def test_choosing_sets_shows_how_they_are_probably_written() -> None:
    spaces = [*TOPICS * 30, *(f"{topic} urgent" for topic in TOPICS * 10)]
    assert recognised_separator(counted(spaces)) is None
    assert possible_separator(counted(spaces)) is Separator.SPACE
    assert likely_separator(counted(spaces)) is Separator.SPACE
    assert (
        likely_separator(counted(["new york; rome", "rome", "new york"], 9)) is Separator.SEMICOLON
    )
    assert likely_separator(counted(["rome", "paris"], 9)) is Separator.COMMA


@pytest.mark.parametrize("separator", [one for one in Separator if one is not Separator.NUMBERS])
@pytest.mark.parametrize(
    "names", [(), ("a",), ("a;b", "c|d", "e/f"), ("it's", 'so "called"'), ("two words", "ü")]
)
def test_a_written_set_reads_back_as_it_was(separator: Separator, names: tuple[str, ...]) -> None:
    assert read_set(written_set(names, separator), separator) == names
    assert read_set(join_labels(names), Separator.COMMA) == names


@pytest.mark.parametrize("separator", list(Separator))
def test_empty_cell_is_no_label_only_beside_lists(separator: Separator) -> None:
    expected = None if separator.is_list else ()
    assert [read_set(cell, separator) for cell in (None, "", " ")] == [expected] * 3


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ('["a","b"]', ("a", "b")),
        ("['a', 'b']", ("a", "b")),
        ("['a' 'b']", ("a", "b")),
        ("('a',)", ("a",)),
        ("{'a', 'b'}", ("a", "b")),
        ("[a, b]", ("a", "b")),
        ("[3, 7]", ("3", "7")),
        (r"['it\'s']", ("it's",)),
        ("[]", ()),
        ("set()", ()),
        ("billing", ("billing",)),
    ],
)
def test_lists_are_read_as_they_are_found(cell: str, names: tuple[str, ...]) -> None:
    assert read_set(cell, Separator.JSON) == names
    assert read_set(cell, Separator.PYTHON) == names


def test_a_new_name_among_numbers_is_written_so_that_it_can_be_read() -> None:
    assert written_set(("3", "new"), Separator.NUMBERS) == '[3, "new"]'
    assert read_set('[3, "new"]', Separator.NUMBERS) == ("3", "new")
