"""Columns that a file to predict must have, and what is offered where it has others."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from studio.engine.errors import DataProblem
from studio.engine.table.required_columns import MissingColumnsProblem, RequiredColumns


def problem_of(names: Sequence[str], present: Sequence[str]) -> MissingColumnsProblem:
    with pytest.raises(MissingColumnsProblem) as found:
        RequiredColumns(tuple(names)).check(present)
    return found.value


def offered(names: Sequence[str], present: Sequence[str]) -> dict[str, tuple[str, ...]]:
    return {column.name: column.candidates for column in problem_of(names, present).missing}


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("text", "Text"),
        ("Size", "SIZE"),
        ("colour", " colour "),
        ("first name", "first  name"),
        ("straße", "STRASSE"),
        ("größe", "gro\u0308ße"),  # the same letters, in two characters
        ("price", "ｐｒｉｃｅ"),
        ("text", "text\u200b"),
        ("text", "\ufefftext"),
        ("exam_1", "Exam 1"),
        ("e-mail", "email"),
        ("message", "mesage"),
        ("height", "hieght"),
    ],
)
def test_a_name_that_is_written_another_way_is_offered(wanted: str, given: str) -> None:
    assert offered([wanted, "other"], [given, "other", "label"]) == {wanted: (given,)}


@pytest.mark.parametrize(
    ("wanted", "given"), [("exam_1", "exam_2"), ("text", "label"), ("height", "weight"), ("a", "b")]
)
def test_a_name_that_means_something_else_is_not_offered(wanted: str, given: str) -> None:
    assert offered([wanted, "other"], [given, "other", "label"]) == {wanted: ()}


def test_each_column_of_the_file_is_offered_once() -> None:
    names = ["size", "colour", "exam 1", "exam 2"]
    present = ["Exam 2", "Size", " colour ", "Exam 1", "label"]
    expected = {
        "size": ("Size",),
        "colour": (" colour ",),
        "exam 1": ("Exam 1",),
        "exam 2": ("Exam 2",),
    }
    assert offered(names, present) == expected


def test_a_column_that_the_model_reads_already_is_not_offered_again() -> None:
    assert offered(["text", "texts"], ["texts", "label"]) == {"text": ()}


def test_columns_between_which_nobody_can_decide_are_all_offered() -> None:
    assert offered(["size", "other"], ["Size ", " size", "other"]) == {"size": ("Size ", " size")}


def test_the_only_column_of_a_file_is_offered_whatever_it_is_called() -> None:
    assert offered(["text"], ["review"]) == {"text": ("review",)}
    assert offered(["text", "title"], ["review"]) == {"text": (), "title": ()}


def test_the_sentence_names_what_is_missing_and_what_is_there() -> None:
    assert (
        str(problem_of(["text"], ["Text", "label"]))
        == "The file has no column “text”. It has “Text”. Say which column to use instead, or"
        " rename it in the file."
    )
    assert (
        problem_of(["height", "colour"], ["hight", "farbe"]).finding()
        == "The file has no columns “height” and “colour”. It has “hight”. Its columns are “hight”"
        " and “farbe”."
    )


def test_hundreds_of_missing_columns_make_a_short_sentence() -> None:
    problem = problem_of([f"a{i}" for i in range(500)], [f"b{i}" for i in range(500)])
    assert "and 490 more" in str(problem)
    assert len(str(problem)) < 400


def test_a_map_says_which_column_is_read() -> None:
    required = RequiredColumns(("text", "size"), {"text": "Text"})
    required.check(["Text", "size"])
    assert required.sources == ("Text", "size")
    assert required.notes == (
        "Columns of the file were read under another name, as you chose: “Text” as “text”.",
    )


def test_columns_may_change_places() -> None:
    required = RequiredColumns(("a", "b"), {"a": "b", "b": "a"})
    assert required.sources == ("b", "a")


def test_a_mapped_column_that_the_file_lacks_is_named_as_it_was_asked_for() -> None:
    with pytest.raises(
        MissingColumnsProblem, match=r"has no column “Txt”\. It has “Text”\."
    ) as found:
        RequiredColumns(("text", "size"), {"text": "Txt"}).check(["Text", "size"])
    assert [column.name for column in found.value.missing] == ["text"]


@pytest.mark.parametrize(
    ("column_map", "sentence"),
    [
        ({"Text": "text"}, "The model reads no column “Text”. It reads “text” and “size”."),
        (
            {"text": "body", "size": "body"},
            "“body” of the file cannot be read as “text” and “size” at once",
        ),
        ({"text": "size"}, "“size” of the file cannot be read as “text” and “size” at once"),
    ],
)
def test_a_map_that_cannot_be_meant_is_refused(column_map: dict[str, str], sentence: str) -> None:
    with pytest.raises(DataProblem, match=sentence):
        RequiredColumns(("text", "size"), column_map)
