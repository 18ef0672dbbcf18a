"""The guess at what to learn from a table."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from projects.guess import guess_choice, notes_on_features
from studio.engine.ml_task import MLTask, Modality
from studio.engine.table.columns import ColumnKind as K


@dataclass(frozen=True)
class Column:
    name: str
    kind: K
    n_distinct: int = 5
    n_missing: int = 0
    mean_words: float = 1.0
    partition: str | None = None
    n_rows: int = 1000
    sketch: tuple[float, ...] | None = None
    counts_rows: bool = False

    @property
    def is_constant(self) -> bool:
        return self.n_distinct <= 1 and not self.n_missing


def text(name: str, mean_words: float = 12.0) -> Column:
    return Column(name, K.TEXT, n_distinct=990, mean_words=mean_words)


@pytest.mark.parametrize("name", ["label", "Class", "target", "y", "category", "given_label"])
def test_the_label_is_recognised_by_its_name_in_any_position(name: str) -> None:
    columns = [
        Column("kind", K.CATEGORICAL),
        Column(name, K.CATEGORICAL),
        Column("last", K.CATEGORICAL),
    ]
    assert guess_choice(columns).label_column == name


@pytest.mark.parametrize(
    ("names", "label"),
    [
        (["Sex", "Survived", "Embarked"], "Survived"),
        (["airline", "airline_sentiment", "user_timezone"], "airline_sentiment"),
        (["sex", "income", "split"], "income"),
        (["true_letter_grade", "given_letter_grade", "is_label_error"], "given_letter_grade"),
        (["amount", "isFraud", "city"], "isFraud"),
        (["colour", "shape", "size"], "size"),
    ],
)
def test_the_label_is_known_by_words_in_its_name_and_then_as_the_last(
    names: list[str], label: str
) -> None:
    assert guess_choice([Column(name, K.CATEGORICAL) for name in names]).label_column == label


def test_columns_that_cannot_be_a_label_are_not_guessed() -> None:
    columns = [
        Column("label", K.CATEGORICAL, n_distinct=1),
        Column("class", K.CATEGORICAL, n_distinct=900),
        Column("target", K.IDENTIFIER, n_distinct=1000),
        text("category"),
    ]
    guess = guess_choice(columns)
    assert (guess.label_column, guess.task) == (None, MLTask.UNSUPERVISED)


def test_a_measured_target_makes_a_regression() -> None:
    guess = guess_choice([Column("rooms", K.INTEGER, 30), Column("target", K.NUMBER, 800)])
    assert (guess.label_column, guess.task) == ("target", MLTask.REGRESSION)


def test_a_measure_is_known_however_its_name_is_written() -> None:
    guess = guess_choice(
        [Column("SalePrice", K.NUMBER, 800), Column("SaleCondition", K.CATEGORICAL)]
    )
    assert (guess.label_column, guess.task) == ("SalePrice", MLTask.REGRESSION)


def test_a_mostly_missing_column_loses_against_a_filled_one() -> None:
    columns = [
        Column("sentiment", K.CATEGORICAL),
        Column("sentiment_checked", K.CATEGORICAL, n_missing=990),
    ]
    assert guess_choice(columns).label_column == "sentiment"


def test_one_text_and_a_label_are_a_text_project() -> None:
    guess = guess_choice([text("text"), Column("label", K.CATEGORICAL)])
    assert (guess.modality, guess.text_column, guess.task) == (
        Modality.TEXT,
        "text",
        MLTask.MULTI_CLASS,
    )


def test_a_short_text_beside_measured_columns_is_a_tabular_project() -> None:
    columns = [
        text("Name", mean_words=4),
        Column("Age", K.NUMBER, 80),
        Column("Survived", K.BOOLEAN, 2),
    ]
    guess = guess_choice(columns)
    assert (guess.modality, guess.text_column) == (Modality.TABULAR, "Name")
    assert guess.feature_columns == ("Name", "Age")


def test_the_text_is_known_by_its_name_before_its_length() -> None:
    columns = [text("boilerplate", 80), text("customer_message", 9), Column("label", K.CATEGORICAL)]
    assert guess_choice(columns).text_column == "customer_message"


def test_useless_and_telling_columns_are_left_out_with_their_reasons() -> None:
    columns = [
        Column("id", K.IDENTIFIER, 1000),
        Column("url", K.URL, 1000),
        Column("year", K.INTEGER, 1),
        Column("nothing", K.CATEGORICAL, 0, n_missing=1000),
        Column("label_code", K.INTEGER, 5, partition="abc"),
        Column("split", K.CATEGORICAL, 2),
        Column("true_label", K.CATEGORICAL, 5),
        Column("label_issue_score", K.NUMBER, 900),
        Column("age", K.INTEGER, 70, partition="def"),
        Column("label", K.CATEGORICAL, 5, partition="abc"),
    ]
    guess = guess_choice(columns)
    assert guess.feature_columns == ("age",)
    assert dict(guess.left_out) == {
        "id": "it identifies rows",
        "url": "it holds web addresses",
        "year": "all its cells are equal",
        "nothing": "it is empty",
        "label_code": "it is a copy of the label column label",
        "split": "by its name it says which part of the data a row belongs to",
        "true_label": "by its name it tells about the label",
        "label_issue_score": "by its name it tells about the label",
    }


def test_column_of_numbers_that_differ_as_the_labels_do_is_not_a_copy() -> None:
    columns = [
        Column("speed", K.NUMBER, 1000, partition="each row alone", sketch=(0.5, -1.0, 0.2)),
        Column("cost", K.NUMBER, 1000, partition="each row alone", sketch=(0.53, -0.9, 0.1)),
    ]
    guess = guess_choice(columns, label_column="cost")
    assert guess.feature_columns == ("speed",)
    assert guess.task is MLTask.REGRESSION


@pytest.mark.parametrize("sketch", [(0.5, -1.0, 0.2), (-0.501, 1.0, -0.2)])
def test_label_on_another_scale_is_left_out_with_its_reason(sketch: tuple[float, ...]) -> None:
    columns = [
        Column("rooms", K.INTEGER, 9),
        Column("cents", K.NUMBER, 1000, sketch=sketch),
        Column("price", K.NUMBER, 1000, sketch=(0.5, -1.0, 0.2)),
    ]
    guess = guess_choice(columns)
    assert guess.label_column == "price"
    assert dict(guess.left_out) == {"cents": "it is the label column price, on another scale"}


def test_index_is_left_out_unless_there_is_nothing_else() -> None:
    index = Column("Unnamed: 0", K.INTEGER, 1000, counts_rows=True)
    label = Column("label", K.CATEGORICAL)
    guess = guess_choice([index, Column("age", K.INTEGER, 70), label])
    assert guess.feature_columns == ("age",)
    assert dict(guess.left_out) == {
        "Unnamed: 0": "its numbers only say where in the file a row stood"
    }
    assert guess_choice([index, label]).feature_columns == ("Unnamed: 0",)


def test_mostly_empty_column_is_never_guessed_as_the_label() -> None:
    columns = [text("text"), Column("mturk_off_topic", K.INTEGER, 4, n_missing=940)]
    assert guess_choice(columns).label_column is None
    half_empty = [text("text"), Column("sentiment", K.CATEGORICAL, 4, n_missing=500)]
    assert guess_choice(half_empty).label_column == "sentiment"


def test_copies_are_those_of_the_label_that_is_known_already() -> None:
    columns = [
        Column("grade", K.CATEGORICAL, partition="abc"),
        Column("grade_code", K.INTEGER, partition="abc"),
        Column("label", K.CATEGORICAL),
    ]
    guess = guess_choice(columns, label_column="grade")
    assert guess.feature_columns == ("label",)
    assert [name for name, _ in guess.left_out] == ["grade_code"]


def test_notes_name_what_is_left_out_and_what_is_learned_from_despite_a_reason() -> None:
    columns = [
        Column("id", K.IDENTIFIER, 1000),
        Column("index", K.INTEGER, 1000, counts_rows=True),
        Column("age", K.INTEGER, 70),
        Column("label", K.CATEGORICAL),
    ]
    assert notes_on_features(columns, "label", ["index", "age"]) == [
        "“index” is learned from, although its numbers only say where in the file a row stood.",
        "Not learned from: “id” (it identifies rows).",
    ]
    assert notes_on_features(columns[2:], "label", ["age"]) == []


def test_no_columns_are_no_choice() -> None:
    guess = guess_choice([])
    assert (guess.label_column, guess.text_column, guess.feature_columns) == (None, None, ())
