"""Multi-label, regression and no labels at all, each on made-up rows whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from studio.engine.conventions.label_sets import join_labels, split_labels
from studio.engine.errors import DataProblem
from studio.engine.labels.reading import read_labels
from studio.engine.ml_task import MLTask
from studio.engine.recipes.build import build_cleanset
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.train import train_model
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind
from tests.unit.engine.frames import numbers_frame, sets_frame, table_spec, text_spec

NUMBERS = {"size": ColumnKind.NUMBER, "age": ColumnKind.NUMBER}


def number_spec() -> CleansetSpec:
    return replace(table_spec(NUMBERS), task=MLTask.REGRESSION, label_column="price")


def set_spec() -> CleansetSpec:
    return replace(text_spec(), task=MLTask.MULTI_LABEL)


def test_planted_wrong_numbers_top_the_list_and_are_suggested_the_right_ones() -> None:
    frame = numbers_frame()
    right = frame.loc[[7, 80], "price"].astype(float)
    frame.loc[7, "price"], frame.loc[80, "price"] = str(right[7] + 90), str(right[80] - 90)
    issues = build_cleanset(frame, number_spec()).issues
    assert set(issues["label_issue_score"].nlargest(2).index) == {7, 80}
    assert issues.loc[[7, 80], "is_label_issue"].all()
    suggested = issues.loc[[7, 80], "suggested_label"].astype(float)
    assert (suggested - right).abs().max() < 30
    assert issues["is_label_issue"].sum() < 10
    assert issues.loc[~issues["is_label_issue"], "suggested_label"].isna().all()


def test_a_wrong_number_is_found_among_small_prices_as_among_large_ones() -> None:
    rng = np.random.default_rng(0)
    size = rng.lognormal(3, 1, 400)
    price = 10 * size * rng.lognormal(0, 0.1, 400)
    small, large = np.argsort(size)[[20, -20]]
    price[[small, large]] *= 3
    frame = pd.DataFrame({"size": size, "price": price}).round(2).astype(str)
    spec = replace(
        number_spec(), feature_columns=("size",), column_kinds={"size": ColumnKind.NUMBER}
    )
    result = build_cleanset(frame, spec)
    assert result.issues.loc[[small, large], "is_label_issue"].all()
    assert result.health.number_errors is not None
    assert result.health.number_errors.ratio_floor is not None
    assert "line-boosting" not in [
        row.key for row in result.candidates
    ]  # a line through logarithms knows no bounds


def test_regression_has_error_bars_and_no_class_columns() -> None:
    result = build_cleanset(numbers_frame(), number_spec())
    assert result.classes == ()
    assert result.pred_probs.shape == (200, 0)
    assert result.predictions is not None
    assert result.predictions.shape == (200, 2)
    assert (result.predictions[:, 1] > 0).all()
    assert {"is_ambiguous", "has_rare_class"}.isdisjoint(result.issues.columns)
    assert result.candidates[0].accuracy > 0.9
    assert result.candidates[0].ece is None


def test_no_number_is_suggested_where_the_columns_say_nothing_of_it() -> None:
    frame = numbers_frame()
    frame["price"] = np.random.default_rng(1).permutation(frame["price"])
    frame.loc[:3, "price"] = ["5000", "4000", "-3000", "-5000"]
    issues = build_cleanset(frame, number_spec()).issues
    assert issues.loc[:3, "is_label_issue"].all()
    assert issues["suggested_label"].isna().all()
    assert (issues["suggested_label_confidence_score"] < 0.5).all()


def test_no_set_is_suggested_where_the_texts_say_nothing_of_it() -> None:
    frame = sets_frame()
    frame["label"] = np.random.default_rng(1).permutation(frame["label"])
    result = build_cleanset(frame, set_spec())
    assert result.issues["suggested_label"].notna().sum() <= 3
    assert result.health.trust is not None


def test_suggested_set_says_how_likely_it_is_right() -> None:
    rng = np.random.default_rng(2)
    frame = sets_frame(400)
    right = frame["label"].copy()
    for row in rng.choice(400, 30, replace=False):
        classes = set(split_labels(right[row])) ^ {"billing"}
        frame.loc[row, "label"] = join_labels(sorted(classes)) or None
    result = build_cleanset(frame, set_spec())
    suggested = result.issues["suggested_label"].dropna()
    confidence = result.issues.loc[suggested.index, "suggested_label_confidence_score"]
    n_right = sum(
        set(split_labels(cell)) == set(split_labels(right[row])) for row, cell in suggested.items()
    )
    assert len(suggested) > 20
    assert n_right > 0.9 * len(suggested)
    assert abs(n_right / len(suggested) - confidence.mean()) < 0.1
    assert result.health.noise is not None
    assert abs(result.health.noise.wrong_fraction - 30 / 400) < 0.02
    assert result.health.noise.classes[0].name == "billing"


def test_row_without_a_number_is_unlabeled_and_gets_a_prediction() -> None:
    frame = numbers_frame()
    right = float(frame.loc[3, "price"])
    frame.loc[3, "price"] = None
    issues = build_cleanset(frame, number_spec()).issues
    assert issues.loc[3, "is_initially_unlabeled"]
    assert not issues.loc[3, "is_label_issue"]
    assert abs(float(issues.loc[3, "suggested_label"]) - right) < 40


def test_word_among_the_numbers_is_named_with_its_row() -> None:
    frame = numbers_frame()
    frame.loc[12, "price"] = "about a hundred"
    with pytest.raises(DataProblem, match="“about a hundred” in row 13"):
        build_cleanset(frame, number_spec())


def test_planted_wrong_sets_top_the_list_and_are_suggested_whole() -> None:
    frame = sets_frame()
    right = frame["label"].copy()
    with_one = next(row for row in frame.index if right[row] == "delivery")
    without = next(row for row in frame.index if right[row] is None)
    frame.loc[with_one, "label"] = None
    frame.loc[without, "label"] = "account,billing"
    issues = build_cleanset(frame, set_spec()).issues
    assert set(issues["label_issue_score"].nlargest(2).index) == {with_one, without}
    assert issues.loc[with_one, "suggested_label"] == "delivery"
    assert issues.loc[without, "suggested_label"] == ""
    assert issues["is_label_issue"].sum() <= 6


def test_probabilities_of_a_set_are_independent() -> None:
    result = build_cleanset(sets_frame(), set_spec())
    assert result.classes == ("account", "billing", "delivery")
    assert result.pred_probs.shape == (150, 3)
    assert ((result.pred_probs >= 0) & (result.pred_probs <= 1)).all()
    assert result.pred_probs.sum(axis=1).std() > 0.3
    assert not result.issues["is_initially_unlabeled"].any()


def test_rows_without_any_label_column_are_looked_at_for_what_needs_none() -> None:
    frame = sets_frame(60)
    frame.loc[60] = {"text": frame.loc[0, "text"], "label": None}
    issues = build_cleanset(
        frame, replace(text_spec(), task=MLTask.UNSUPERVISED, label_column=None)
    ).issues
    assert issues.loc[[0, 60], "is_near_duplicate"].all()
    assert {"is_label_issue", "suggested_label", "is_initially_unlabeled"}.isdisjoint(
        issues.columns
    )
    assert "outlier_score" in issues.columns


def test_trained_sets_are_predicted_as_cells() -> None:
    frame = sets_frame()
    model = train_model(frame, read_labels(frame["label"], set_spec()), set_spec())
    found = predict_frame(model, pd.DataFrame({"text": ["dear refund parcel", "hello team"]}))
    assert [set(split_labels(cell)) for cell in found.suggested_label] == [
        {"billing", "delivery"},
        set(),
    ]
    assert found.pred_probs.shape == (2, 3)
    assert found.errors is None


def test_trained_numbers_are_predicted_with_an_error_bar() -> None:
    frame = numbers_frame()
    model = train_model(frame, frame["price"].tolist(), number_spec())
    found = predict_frame(model, pd.DataFrame({"size": ["50", "90"], "age": ["10", "5"]}))
    assert np.abs(np.array([float(cell) for cell in found.suggested_label]) - [140, 265]).max() < 30
    assert found.errors is not None
    assert (found.errors > 0).all()
    assert found.pred_probs.shape == (2, 0)
    empty = predict_frame(model, pd.DataFrame({"size": [], "age": []}))
    assert empty.suggested_label == []
    assert empty.errors is not None


def test_model_without_labels_is_refused() -> None:
    frame = sets_frame(60)
    with pytest.raises(DataProblem, match="no labels"):
        train_model(
            frame, [None] * 60, replace(text_spec(), task=MLTask.UNSUPERVISED, label_column=None)
        )


def test_rows_in_another_order_give_the_same_results() -> None:
    frame = numbers_frame(120)
    order = np.random.default_rng(1).permutation(len(frame))
    first = build_cleanset(frame, number_spec()).issues["label_issue_score"].to_numpy()
    second = build_cleanset(frame.iloc[order].reset_index(drop=True), number_spec()).issues[
        "label_issue_score"
    ]
    assert np.array_equal(second.to_numpy(), first[order])


@pytest.mark.parametrize("names", [(), ("a",), ("a, b", 'say "no"'), ("x\ny", "z")])
def test_set_is_read_back_from_its_cell(names: tuple[str, ...]) -> None:
    assert split_labels(join_labels(names)) == names


def test_near_duplicates_with_other_labels_are_held_out_together() -> None:
    frame = sets_frame(90)
    frame["text"] = [
        f"{text} row {row} about something quite its own {row * 7919 % 97}"
        for row, text in enumerate(frame["text"])
    ]
    frame.loc[90] = {"text": frame.loc[0, "text"] + "!", "label": "account"}
    result = build_cleanset(frame, set_spec())
    assert result.issues.loc[90, "is_near_duplicate"]
    assert result.fold_id[0] == result.fold_id[90]
