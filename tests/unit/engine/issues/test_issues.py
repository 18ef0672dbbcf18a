"""Single kinds of issue, each in a frame made for it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studio.engine.recipes.build import build_cleanset
from studio.engine.table.columns import ColumnKind
from tests.data_builders import planted_table, planted_text
from tests.unit.engine.frames import table_spec, text_spec

_KINDS_OF_FEW = {
    "size": ColumnKind.INTEGER,
    "weight": ColumnKind.INTEGER,
    "colour": ColumnKind.CATEGORICAL,
}


def _frame_of_few_kinds_of_rows() -> pd.DataFrame:
    """Return 400 rows of six kinds, told apart by a weight with seven digits that belongs to none
    of them.
    """
    rng = np.random.default_rng(0)
    columns = {"size": rng.integers(3, size=400), "weight": rng.integers(5_000_000, size=400)}
    frame = pd.DataFrame(
        {name: values.astype(str) for name, values in columns.items()}, dtype=object
    )
    return frame.assign(colour=["red", "blue"] * 200, label=["a", "b", "b", "a"] * 100)


def test_misspelled_class_of_one_row_is_suggested_its_neighbours_class() -> None:
    frame = planted_text(90, n_wrong=0).frame
    right = frame.loc[5, "label"]
    frame.loc[5, "label"] = f"{right}s"
    issues = build_cleanset(frame, text_spec()).issues
    assert issues.loc[5, "is_label_issue"]
    assert issues.loc[5, "suggested_label"] == right
    assert issues["label_issue_score"].nlargest(3).index.isin([5]).any()


def test_clean_labels_raise_hardly_any_flag() -> None:
    issues = build_cleanset(planted_table(150, n_wrong=0).frame, table_spec()).issues
    assert issues["is_label_issue"].sum() <= 1
    assert issues["is_well_labeled"].mean() > 0.5


def test_empty_texts_are_never_well_labeled() -> None:
    frame = planted_text(150, n_wrong=0).frame
    frame.loc[frame.index[:40], ["text", "label"]] = [" ", "billing"]
    issues = build_cleanset(frame, text_spec()).issues
    assert not issues["is_well_labeled"].iloc[:40].any()
    assert issues["is_well_labeled"].iloc[40:].mean() > 0.3


def test_text_on_two_topics_is_the_most_ambiguous() -> None:
    frame = planted_text(150, n_wrong=0).frame
    frame.loc[150] = {"text": "invoice refund password login please help", "label": "billing"}
    issues = build_cleanset(frame, text_spec()).issues
    assert issues["ambiguous_score"].idxmax() == 150
    assert issues["is_ambiguous"].mean() < 0.1


def test_row_with_almost_the_same_numbers_is_a_near_duplicate() -> None:
    frame = planted_table(90, n_wrong=0).frame
    near = {**frame.loc[3], "height": f"{float(frame.loc[3, 'height']) + 0.0001}"}
    other_colour = {**frame.loc[4], "colour": "none of them"}
    frame = pd.concat([frame, pd.DataFrame([near, other_colour])], ignore_index=True)
    issues = build_cleanset(frame, table_spec()).issues
    assert issues.loc[[3, 90], "is_near_duplicate"].all()
    assert issues.loc[3, "near_duplicate_cluster_id"] == issues.loc[90, "near_duplicate_cluster_id"]
    assert 0.98 <= issues.loc[90, "near_duplicate_score"] < 1
    assert not issues.loc[[4, 91], "is_near_duplicate"].any()


def test_rows_close_by_chance_in_one_number_are_not_near_duplicates() -> None:
    frame = _frame_of_few_kinds_of_rows()
    near = {**frame.loc[3], "weight": f"{int(frame.loc[3, 'weight']) + 1}"}
    frame = pd.concat([frame, pd.DataFrame([near])], ignore_index=True)
    issues = build_cleanset(frame, table_spec(_KINDS_OF_FEW)).issues
    assert issues.index[issues["is_near_duplicate"]].tolist() == [3, 400]


def test_more_rows_close_in_one_number_than_by_chance_are_near_duplicates() -> None:
    frame = _frame_of_few_kinds_of_rows()
    again = frame.head(60).assign(
        weight=[f"{int(weight) + 20}" for weight in frame["weight"].head(60)]
    )
    issues = build_cleanset(
        pd.concat([frame, again], ignore_index=True), table_spec(_KINDS_OF_FEW)
    ).issues
    assert issues.loc[[*range(60), *range(400, 460)], "is_near_duplicate"].all()
    assert issues.loc[60:399, "is_near_duplicate"].mean() < 0.05


def test_missing_number_is_not_taken_for_the_usual_one() -> None:
    frame = planted_table(90, n_wrong=0).frame
    without = {**frame.loc[3], "height": None}
    usual = {**frame.loc[3], "height": f"{frame['height'].astype(float).median()}"}
    frame = pd.concat([frame, pd.DataFrame([without, usual])], ignore_index=True)
    issues = build_cleanset(frame, table_spec()).issues
    assert not issues.loc[[90, 91], "is_near_duplicate"].any()


def test_chain_of_similar_texts_is_one_set() -> None:
    frame = planted_text(60, n_wrong=0).frame
    base = "the courier left my very large parcel behind the green garden gate yesterday"
    chain = [base, base + " at noon", base + " at noon today", "PLEASE: " + base + " at noon today"]
    more = pd.DataFrame({"text": chain, "label": ["delivery"] * 4})
    issues = build_cleanset(pd.concat([frame, more], ignore_index=True), text_spec()).issues
    assert issues.loc[60:63, "near_duplicate_cluster_id"].nunique() == 1
    assert issues.loc[60:63, "is_near_duplicate"].all()


def test_texts_without_spaces_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    words = {"好": ["好吃", "很快", "新鲜", "满意"], "坏": ["难吃", "太慢", "冷了", "失望"]}
    labels = [("好", "坏")[row % 2] for row in range(80)]
    frame = pd.DataFrame(
        {"text": ["".join(rng.choice(words[label], 3)) for label in labels], "label": labels}
    )
    frame.loc[[7, 30], "label"] = ["好", "坏"]
    result = build_cleanset(frame, text_spec())
    assert {7, 30} <= set(result.issues["label_issue_score"].nlargest(3).index)


@pytest.mark.parametrize("kind", [ColumnKind.NUMBER, ColumnKind.CATEGORICAL])
def test_table_of_copies_only_is_analysed(kind: ColumnKind) -> None:
    frame = pd.DataFrame({"size": ["1", "2"] * 20, "label": ["a", "b"] * 19 + ["a", "a"]})
    result = build_cleanset(frame, table_spec({"size": kind}))
    assert result.issues["is_near_duplicate"].all()
    assert result.issues["near_duplicate_cluster_id"].nunique() == 2
    assert result.issues["label_issue_score"].idxmax() == 39
    assert not result.issues["is_outlier"].any()


def test_common_class_of_few_rows_among_many_is_rare() -> None:
    frame = planted_table(120, n_wrong=0).frame
    few = pd.DataFrame(
        {"height": ["50"] * 4, "weight": ["50"] * 4, "colour": "red", "label": "tiny"}
    )
    issues = build_cleanset(pd.concat([frame, few], ignore_index=True), table_spec()).issues
    assert np.flatnonzero(issues["has_rare_class"]).tolist() == [120, 121, 122, 123]


def test_mostly_unlabeled_texts_all_get_a_prediction() -> None:
    frame = planted_text(120, n_wrong=0).frame
    truth = frame["label"].copy()
    frame.loc[30:, "label"] = None
    result = build_cleanset(frame, text_spec())
    assert (result.fold_id[30:] == -1).all()
    assert (result.issues["suggested_label"][30:] == truth[30:]).mean() > 0.8
    assert not result.issues["is_label_issue"][30:].any()


def test_rows_of_uncommon_categories_are_not_all_outliers() -> None:
    rng = np.random.default_rng(0)
    zone = [f"zone {row % 4 if row >= 60 else 4 + row // 15}" for row in range(600)]
    height, weight = rng.normal(size=(2, 600)).round(4)
    label = np.where(height > 0, "tall", "short")
    frame = pd.DataFrame(
        {"zone": zone, "height": height.astype(str), "weight": weight.astype(str), "label": label}
    )
    kinds = {
        "zone": ColumnKind.CATEGORICAL,
        "height": ColumnKind.NUMBER,
        "weight": ColumnKind.NUMBER,
    }
    issues = build_cleanset(frame, table_spec(kinds)).issues
    assert 0 < issues["is_outlier"].sum() <= 18


def test_ordinary_tails_of_one_column_of_numbers_are_neither_outliers_nor_near_duplicates() -> None:
    values = np.random.default_rng(0).normal(10, 1, 600)
    values[7] = 40
    frame = pd.DataFrame(
        {"size": [f"{value:.9f}" for value in values], "label": ["a", "b"] * 300}, dtype=object
    )
    frame.loc[20, "size"] = frame.loc[21, "size"]
    issues = build_cleanset(frame, table_spec({"size": ColumnKind.NUMBER})).issues
    assert issues["outlier_score"].idxmax() == 7
    assert issues.loc[7, "is_outlier"]
    assert issues["is_outlier"].mean() < 0.03
    assert issues.index[issues["is_near_duplicate"]].tolist() == [20, 21]
