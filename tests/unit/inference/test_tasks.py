"""The page of a prediction batch for each task: classes, sets of classes, numbers with their error
bars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.test import Client

from inference import selectors
from inference.confidences import confidence_chart
from inference.models import PredictionBatch
from studio import tables
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from tests.factories import make_cleanset, make_model, make_prediction, make_project

CLASSES = ["a", "b", "c, d"]
RESULTS: Mapping[MLTask, dict[str, list[object]]] = {
    MLTask.MULTI_CLASS: {
        "a": [0.7, 0.1],
        "b": [0.2, 0.1],
        "c, d": [0.1, 0.8],
        "Suggested Label": ["a", "c, d"],
    },
    MLTask.MULTI_LABEL: {
        "a": [0.9, 0.3],
        "b": [0.8, 0.2],
        "c, d": [0.7, 0.1],
        "Suggested Label": ['a,b,"c, d"', ""],
    },
    MLTask.REGRESSION: {
        "Suggested Label": ["1200.5", "-3.25"],
        "Suggested Label Error": [24.19, 0.0],
    },
}


@pytest.fixture
def batch_of(alice: User, tmp_path: Path) -> Callable[[MLTask], PredictionBatch]:
    """Return a function that makes a ready batch of two rows."""

    def make(task: MLTask) -> PredictionBatch:
        found = RESULTS[task]
        classes = [name for name in found if not name.startswith("Suggested")]
        cleanset = make_cleanset(alice, project=make_project(alice, task=task))
        model = make_model(alice, cleanset=cleanset, manifest={"classes": classes})
        batch = make_prediction(
            alice, model=model, n_rows=2, label_counts=[[name, 1] for name in classes]
        )
        row_id = {"__row_id": [0, 1]}
        for field, columns in (("table_key", {"a": ["x", "y"]}), ("result_key", found)):
            path = tmp_path / f"{field}.parquet"
            pq.write_table(pa.table(row_id | columns), path)
            setattr(batch, field, tables.publish(path, f"predictions/{batch.pk}/{field}.parquet"))
        batch.save()
        return batch

    return make


Make = Callable[[MLTask], PredictionBatch]


def test_one_class_is_shown_with_its_probability(batch_of: Make) -> None:
    first, second = selectors.preview(batch_of(MLTask.MULTI_CLASS)).rows
    assert (first.suggested.names, first.probability) == (("a",), 0.7)
    assert [chance.label for chance in second.runners_up] == ["a", "b"]


def test_bars_of_the_confidence_open_the_least_certain_rows(
    batch_of: Make, alice: User, client_of: Callable[[User], Client]
) -> None:
    batch = batch_of(MLTask.MULTI_CLASS)
    chart = confidence_chart(batch)
    assert chart is not None
    assert chart.title == "No row is predicted with a probability below 0.5"
    (bar,) = [bar for bar in chart.rectangles if bar.text.startswith("0.70 to 0.75")]
    assert bar.text == "0.70 to 0.75: 1 row"
    page = client_of(alice).get(bar.url.partition("#")[0]).content.decode()
    assert "Rows with a probability from 0.7 to 0.75" in page
    assert [row.number for row in selectors.preview(batch, (0.7, 0.75)).rows] == [1]
    assert [row.number for row in selectors.preview(batch, (0.1, 1.0)).rows] == [1, 2]


def test_a_set_is_shown_class_by_class_and_an_empty_one_in_words(
    batch_of: Make, alice: User, client_of: Callable[[User], Client]
) -> None:
    batch = batch_of(MLTask.MULTI_LABEL)
    first, second = selectors.preview(batch).rows
    assert (first.suggested.names, first.runners_up) == (("a", "b", "c, d"), [])
    assert second.suggested.is_no_class
    assert [chance.label for chance in second.runners_up] == ["a", "b"]
    page = client_of(alice).get(batch.get_absolute_url()).content.decode()
    assert "no class" in page
    assert "a row may have several" in page


def test_numbers_are_shown_with_error_bars_and_their_spread(
    batch_of: Make, alice: User, client_of: Callable[[User], Client]
) -> None:
    batch = batch_of(MLTask.REGRESSION)
    first, second = selectors.preview(batch).rows
    assert (first.suggested.names, first.error) == (("1,200.5",), "24")
    assert (second.suggested.names, second.error) == (("−3.25",), "0")
    spread = selectors.number_spread(batch)
    assert spread is not None
    assert (spread.lowest, spread.highest, spread.median) == ("−3.25", "1,200.5", "598.625")
    assert [bar.height for bar in spread.bars] == [100.0, *[0.0] * 18, 100.0]
    page = client_of(alice).get(batch.get_absolute_url()).content.decode()
    assert "Suggested numbers" in page
    assert "classes occur" not in page


def test_equal_numbers_make_one_bar(batch_of: Make, tmp_path: Path) -> None:
    batch, path = batch_of(MLTask.REGRESSION), tmp_path / "same.parquet"
    pq.write_table(
        pa.table({"__row_id": [0, 1], "Suggested Label": ["5", "5"], "Error": [1.0, 1.0]}), path
    )
    batch.result_key = tables.publish(path, f"predictions/{batch.pk}/same.parquet")
    spread = selectors.number_spread(batch)
    assert spread is not None
    assert [bar.height for bar in spread.bars] == [100.0]
