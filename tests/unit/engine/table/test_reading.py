"""What cannot be read is counted and named, and a row without anything to read is not predicted
with confidence.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.recipes.build import build_cleanset
from studio.engine.recipes.predict import new_reading, predict_frame
from studio.engine.recipes.train import train_model
from studio.engine.recipes.trained import TrainedModel
from studio.engine.schema import CleansetSpec
from studio.engine.table.cells import Table
from studio.engine.table.columns import ColumnKind
from studio.engine.table.levels import SpelledLevels
from studio.engine.table.reading import Reading

KINDS = {
    "size": ColumnKind.NUMBER,
    "dept": ColumnKind.CATEGORICAL,
    "day": ColumnKind.DATETIME,
    "member": ColumnKind.BOOLEAN,
}
SPEC = CleansetSpec(
    task=MLTask.MULTI_CLASS,
    modality=Modality.TABULAR,
    feature_columns=tuple(KINDS),
    column_kinds=KINDS,
    label_column="grade",
    mode=Mode.FAST,
)


def grades(n_rows: int = 90) -> pd.DataFrame:
    size = np.arange(n_rows) % 30
    return pd.DataFrame(
        {
            "size": [f"{value}.5" for value in size],
            "dept": [str(value % 3 + 1) for value in size],
            "day": [f"2023-01-{value % 28 + 1:02d}" for value in size],
            "member": ["yes" if value % 2 else "no" for value in size],
            "grade": ["high" if value >= 18 else "low" for value in size],
        }
    )


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    frame = grades()
    return train_model(frame, frame["grade"].tolist(), SPEC)


def test_cells_that_are_not_of_their_kind_are_counted_and_named_by_row() -> None:
    frame = grades()
    frame.loc[[3, 8], "size"] = ["N/A", "inf"]
    frame.loc[5, "day"] = "2023-02-30"
    frame.loc[6, "member"] = "perhaps"
    frame.loc[80, ["size", "dept", "day", "member"]] = None
    notes = build_cleanset(frame, SPEC).health.reading
    assert notes == (
        (
            "Column “size”: 2 cells are not numbers and count as missing: “N/A” in row 4, “inf” in"
            " row 9."
        ),
        "Column “day”: 1 cell is not a date and counts as missing: “2023-02-30” in row 6.",
        "Column “member”: 1 cell is not yes or no and counts as missing: “perhaps” in row 7.",
        "1 row has no cell that can be read; nothing can be learned there: row 81.",
    )


def test_parts_of_a_table_are_added_up() -> None:
    reading = Reading({"size": ColumnKind.NUMBER})
    for first in (0, 2, 4):
        part = pd.DataFrame({"size": ["1", "x"]})
        reading.add(Table.of(part, ["size"]), np.array([first + 1, first + 2]))
    note, blank = reading.notes(of_blank_rows="-")
    assert "3 cells are not numbers" in note
    assert "“x” in row 2, “x” in row 4, “x” in row 6" in note
    assert "rows 2, 4, 6" in blank


def test_a_row_without_anything_to_read_gets_what_the_training_data_has_on_average(
    model: TrainedModel,
) -> None:
    new = pd.DataFrame(
        {
            "size": [None, "N/A", "20.5"],
            "dept": [None, "", "3"],
            "day": [None, "x", None],
            "member": "",
        }
    )
    predicted = predict_frame(model, new)
    assert predicted.pred_probs[:2].tolist() == [
        pytest.approx([0.4, 0.6]),
        pytest.approx([0.4, 0.6]),
    ]
    assert predicted.suggested_label[:2] == ["low", "low"]
    assert predicted.pred_probs[2, 0] != pytest.approx(0.4)


def test_an_empty_row_of_a_regression_gets_the_mean_and_how_far_off_that_is() -> None:
    frame = grades().assign(price=[str(2.0 * (n % 30)) for n in range(90)])
    spec = CleansetSpec(MLTask.REGRESSION, Modality.TABULAR, ("size",), KINDS, "price", Mode.FAST)
    learned = train_model(frame, frame["price"].tolist(), spec)
    predicted = predict_frame(learned, pd.DataFrame({"size": [None, "3.5"]}))
    assert predicted.suggested_label[0] == "29"
    assert predicted.errors is not None
    assert predicted.errors[0] == pytest.approx(15.0)


@pytest.mark.parametrize("spelled", ["{}.0", "0{}", " {} "])
def test_categories_spelled_otherwise_as_a_whole_are_read_as_in_training(
    model: TrainedModel, spelled: str
) -> None:
    frame = grades()
    other = frame.assign(
        dept=[spelled.format(cell) for cell in frame["dept"]], member=frame["member"].str.upper()
    )
    np.testing.assert_array_equal(
        predict_frame(model, other).pred_probs, predict_frame(model, frame).pred_probs
    )


def test_new_categories_are_counted(model: TrainedModel) -> None:
    reading = new_reading(model)
    predict_frame(model, grades().assign(dept=["7"] * 4 + ["1"] * 86), reading=reading)
    assert reading.notes(of_blank_rows="-") == (
        (
            "Column “dept”: 4 cells hold a value that the training data does not have, and are read"
            " like a rare one: “7” in row 1, “7” in row 2, “7” in row 3."
        ),
    )


@pytest.mark.parametrize(
    ("known", "found", "meant"),
    [
        ({"TRUE", "FALSE"}, ["True", "False"], {"True": "TRUE", "False": "FALSE"}),
        ({"007", "010"}, ["7", "10"], {"7": "007", "10": "010"}),
        ({"7", "007"}, ["7.0"], {}),
        ({"7"}, ["7", "7.0"], {}),
        ({"red"}, ["Red", "mauve"], {"Red": "red"}),
        ({"12345678901234567"}, ["12345678901234567.0"], {}),
    ],
)
def test_a_spelling_is_understood_only_where_one_category_can_be_meant(
    known: set[str], found: list[str], meant: dict[str, str]
) -> None:
    assert SpelledLevels(frozenset(known)).meant_by(found) == meant
