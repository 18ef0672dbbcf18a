"""What a guard adds to predictions, on a small table with planted oddities."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inference.exports import prediction_batches, prediction_columns
from inference.pipeline import PredictedTable, predict_table
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent
from studio.engine.recipes.train import train_model
from studio.engine.recipes.trained import TrainedModel
from tests.data_builders import planted_table
from tests.unit.engine.frames import table_spec

BAD, NEW, BLANK, FAR, RESPELLED = 3, 4, 5, 6, 7


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    frame = planted_table(150, n_wrong=0).frame
    frame.index = frame.index + 1_000
    return train_model(frame, frame["label"].tolist(), table_spec())


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    frame = planted_table(60, n_wrong=0, seed=1).frame.drop(columns="label")
    frame.loc[BAD, "height"] = "abc"
    frame.loc[NEW, "colour"] = "purplish"
    frame.loc[BLANK, :] = None
    frame.loc[FAR, "height"] = "99999"
    known = frame["colour"][0]
    frame["colour"] = [f" {cell}" if cell == known else cell for cell in frame["colour"]]
    frame.loc[frame["colour"] == f" {known}", "colour"] = known.upper()
    return frame


@pytest.fixture(scope="module")
def predicted(
    model: TrainedModel, rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> tuple[PredictedTable, Path, Path]:
    folder = tmp_path_factory.mktemp("guard")
    table = folder / "rows.parquet"
    columns = {name: pa.array(rows[name], pa.string()) for name in rows}
    pq.write_table(pa.table({"__row_id": range(len(rows)), **columns}), table)
    found = predict_table(model, table, folder / "result", progress=Silent(), coverage=0.9)
    return found, table, folder / "result"


def test_odd_rows_are_marked_and_ordinary_ones_are_not(
    predicted: tuple[PredictedTable, Path, Path],
) -> None:
    result = pd.read_parquet(predicted[2])
    odd = [BAD, BLANK, FAR]
    assert result["abstain"][odd].all()
    assert result["is_out_of_distribution"][[FAR, NEW]].all()
    ordinary = result.drop(index=[*odd, NEW])
    assert ordinary["abstain"].mean() < 0.1
    assert (ordinary["prediction_set"] == ordinary["Suggested Label"]).mean() > 0.9
    assert (ordinary["nearest_training_label"] == ordinary["Suggested Label"]).mean() > 0.9
    assert ordinary["confidence"].min() > 0.5


def test_nearest_row_is_named_by_its_number_in_the_training_file(
    predicted: tuple[PredictedTable, Path, Path],
) -> None:
    nearest = pd.read_parquet(predicted[2])["nearest_training_row"]
    assert nearest.between(1_001, 1_150).all()


def test_each_bad_cell_is_named_in_its_row(
    predicted: tuple[PredictedTable, Path, Path], rows: pd.DataFrame
) -> None:
    notes = pd.read_parquet(predicted[2])["prediction_note"]
    assert "height: “abc” is not a number." in notes[BAD]
    assert "colour: “purplish” is not in the training data." in notes[NEW]
    assert notes[BLANK] == "No cell can be read."
    is_upper = rows["colour"].str.isupper().fillna(value=False).astype(bool)
    assert notes[is_upper].str.contains("is read as").all()
    assert notes.drop(index=[BAD, NEW, BLANK])[~is_upper].isna().all()


def test_export_writes_the_columns_of_the_guard_as_text(
    predicted: tuple[PredictedTable, Path, Path],
) -> None:
    _, table, result = predicted
    (batch,) = prediction_batches(table, result)
    assert batch.schema.names == prediction_columns(table, result)
    assert batch.column("abstain")[FAR].as_py() == "true"
    assert batch.column("prediction_note")[BLANK].as_py() == "No cell can be read."


def test_report_counts_what_was_found(predicted: tuple[PredictedTable, Path, Path]) -> None:
    report = predicted[0].report
    assert report is not None
    assert report["n_rows"] == 60
    assert report["n_blank_rows"] == 1
    assert report["n_abstained"] >= 3
    assert sum(report["n_sets"]) == 60
    result = pd.read_parquet(predicted[2])
    assert report["least_confidence"] <= result["confidence"][~result["abstain"]].min()
    cells = {found["name"]: found for found in report["cells"]}
    assert cells["height"]["n_unreadable"] == 1
    assert cells["colour"]["n_new"] == 1
    names = [one["drift"]["name"] for one in report["comparisons"]]
    assert names == ["Predictions", "All columns together", "height", "weight", "colour"]


def test_model_without_a_guard_says_so_and_predicts_as_before(
    model: TrainedModel, predicted: tuple[PredictedTable, Path, Path], tmp_path: Path
) -> None:
    _, table, guarded = predicted
    older = replace(model, guard=None)
    with pytest.raises(DataProblem, match="carries no guard"):
        predict_table(older, table, tmp_path / "out", progress=Silent(), coverage=0.9)
    predict_table(older, table, tmp_path / "out", progress=Silent())
    columns = ["high", "low", "middle", "Suggested Label"]
    plain = pd.read_parquet(tmp_path / "out")
    assert list(plain.columns) == ["__row_id", *columns]
    pd.testing.assert_frame_equal(plain[columns], pd.read_parquet(guarded)[columns])
