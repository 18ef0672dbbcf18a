"""A model learns and predicts the same values whichever way they are written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from studio.engine.conventions import Convention
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.recipes.build import build_cleanset
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.train import train_model
from studio.engine.recipes.trained import TrainedModel
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind

N_ROWS = 150
PRICES = CleansetSpec(
    task=MLTask.REGRESSION,
    modality=Modality.TABULAR,
    feature_columns=("size", "day"),
    column_kinds={"size": ColumnKind.NUMBER, "day": ColumnKind.DATETIME},
    label_column="price",
    mode=Mode.FAST,
)


def prices() -> pd.DataFrame:
    random = np.random.default_rng(0)
    size = random.uniform(10, 2000, N_ROWS).round(2)
    day = pd.to_datetime("2022-01-01") + pd.to_timedelta(random.integers(0, 700, N_ROWS), unit="D")
    price = (3 * size + 5 * day.day_of_year + random.normal(0, 20, N_ROWS)).round(2)
    return pd.DataFrame(
        {"size": size.astype(str), "day": day.strftime("%Y-%m-%d"), "price": price.astype(str)}
    )


def german(frame: pd.DataFrame) -> pd.DataFrame:
    days = pd.to_datetime(frame["day"]).dt.strftime("%d.%m.%Y")
    columns = {name: [_german(cell) for cell in frame[name]] for name in ("size", "price")}
    return pd.DataFrame({**columns, "day": days})


def _german(cell: str) -> str:
    return f"{float(cell):,.2f}".translate(str.maketrans(",.", ".,"))


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    frame = prices()
    return train_model(frame, frame["price"].tolist(), PRICES)


def test_a_new_file_in_another_convention_is_predicted_the_same(model: TrainedModel) -> None:
    frame = prices()
    expected = predict_frame(model, frame)
    assert predict_frame(model, german(frame)).suggested_label == expected.suggested_label
    slashes = frame.assign(day=pd.to_datetime(frame["day"]).dt.strftime("%m/%d/%y"))
    assert predict_frame(model, slashes).suggested_label == expected.suggested_label


def test_decimal_commas_are_learned_as_well_as_points(model: TrainedModel) -> None:
    frame = german(prices())
    learned = train_model(frame, frame["price"].tolist(), PRICES)
    assert learned.candidates[0].accuracy == pytest.approx(model.candidates[0].accuracy, abs=0.02)
    assert learned.spec.conventions == {
        "size": Convention.COMMA,
        "day": Convention.DAY_FIRST,
        "price": Convention.COMMA,
    }
    suggested = predict_frame(learned, frame).suggested_label
    assert all(("," in label and "." in label) or len(label) < 7 for label in suggested[:20])


def test_suggested_numbers_are_written_like_the_given_ones() -> None:
    frame = german(prices())
    frame.loc[7, "price"] = "99.999,50"
    issues = build_cleanset(frame, PRICES).issues
    suggested = issues["suggested_label"][7]
    assert issues["is_label_issue"][7]
    assert float(suggested.replace(".", "").replace(",", ".")) < 10_000


def test_a_stated_convention_goes_before_what_the_cells_say() -> None:
    frame = prices().assign(size=[f"{n % 90 + 10},{n % 7}00" for n in range(N_ROWS)])
    stated = replace(PRICES, conventions={"size": Convention.COMMA})
    assert (
        train_model(frame, frame["price"].tolist(), stated).spec.conventions["size"]
        is Convention.COMMA
    )


def test_an_open_new_file_is_read_as_in_training() -> None:
    frame = german(prices())
    learned = train_model(frame, frame["price"].tolist(), PRICES)
    new = pd.DataFrame({"size": ["1.234", "1.999"], "day": ["01.02.2023", "03.04.2023"]})
    plain = pd.DataFrame({"size": ["1234", "1999"], "day": ["2023-02-01", "2023-04-03"]})
    assert (
        predict_frame(learned, new).suggested_label == predict_frame(learned, plain).suggested_label
    )
