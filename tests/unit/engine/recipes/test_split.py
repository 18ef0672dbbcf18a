"""Splits: labels of test rows are judged, and never learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.engine.recipes.build import build_cleanset
from studio.engine.recipes.manifest import describe
from studio.engine.schema import CleansetResult, CleansetSpec, Part, SplitChoice
from studio.engine.table.columns import ColumnKind
from tests.data_builders import planted_table
from tests.unit.engine.frames import numbers_frame, sets_frame, shuffled, table_spec, text_spec

N_FOLDS = 3
BY_COLUMN = SplitChoice("part", {"train": Part.TRAINING, "val": Part.VALIDATION, "test": Part.TEST})


def _classes() -> tuple[pd.DataFrame, CleansetSpec]:
    return planted_table(150, n_wrong=12).frame, table_spec()


def _numbers() -> tuple[pd.DataFrame, CleansetSpec]:
    kinds = {"size": ColumnKind.NUMBER, "age": ColumnKind.NUMBER}
    frame = numbers_frame(150)
    frame.loc[[3, 8, 11], "price"] = ["900", "800", "-700"]
    return frame, replace(table_spec(kinds), task=MLTask.REGRESSION, label_column="price")


def _sets() -> tuple[pd.DataFrame, CleansetSpec]:
    return sets_frame(150), replace(text_spec(), task=MLTask.MULTI_LABEL)


def _with_parts(frame: pd.DataFrame) -> pd.DataFrame:
    """Make every fifth row one for testing, and one in ten for validation."""
    place = np.arange(len(frame)) % 10
    part = np.where(np.isin(place, (1, 6)), "test", np.where(place == 3, "val", "train"))
    return frame.assign(part=part.astype(object))


def _same(one: CleansetResult, other: CleansetResult) -> None:
    np.testing.assert_array_equal(one.fold_id, other.fold_id)
    assert one.health.noise == other.health.noise
    figures = [
        [(row.key, row.accuracy, row.log_loss, row.ece, row.weight) for row in result.candidates]
        for result in (one, other)
    ]
    assert figures[0] == figures[1]


@pytest.mark.parametrize(
    ("data", "other_labels"),
    [
        (_classes, lambda labels: ["never seen before"] * len(labels)),
        (_numbers, lambda labels: ["1e9"] * len(labels)),
        (_sets, lambda labels: ["billing,never seen before"] * len(labels)),
    ],
)
def test_labels_of_test_rows_change_nothing_but_what_is_said_of_them(
    data: Callable[[], tuple[pd.DataFrame, CleansetSpec]],
    other_labels: Callable[[list[str]], list[str]],
) -> None:
    frame, spec = data()
    spec = replace(spec, split=BY_COLUMN)
    frame = _with_parts(frame)
    is_test = (frame["part"] == "test").to_numpy()
    other = frame.copy()
    other.loc[is_test, spec.label_column] = other_labels(
        frame.loc[is_test, spec.label_column].tolist()
    )
    before = build_cleanset(frame, spec)
    after = build_cleanset(other, spec)
    _same(before, after)
    columns = [after.classes.index(name) for name in before.classes]
    np.testing.assert_array_equal(before.pred_probs, after.pred_probs[:, columns])
    if before.predictions is not None:
        np.testing.assert_array_equal(before.predictions, after.predictions)
    for name in ("is_label_issue", "label_issue_score", "suggested_label"):
        said = [result.issues.loc[~is_test, name] for result in (before, after)]
        assert said[0].isna().equals(said[1].isna())
        assert said[0].dropna().tolist() == said[1].dropna().tolist()
    assert (after.fold_id[is_test] == -1).all()
    assert (after.fold_id[~is_test & frame[spec.label_column].notna().to_numpy()] >= 0).all()


def test_wrong_labels_are_found_among_test_rows_too() -> None:
    planted = planted_table(300, n_wrong=30)
    frame = _with_parts(planted.frame)
    issues = build_cleanset(frame, replace(table_spec(), split=BY_COLUMN)).issues
    assert issues["split"].value_counts().to_dict() == {
        "training": 210,
        "test": 60,
        "validation": 30,
    }
    is_wrong = np.isin(np.arange(300), list(planted.wrong_rows))
    is_test = (issues["split"] == "test").to_numpy()
    found = issues["is_label_issue"].to_numpy()
    assert is_wrong[is_test].sum() >= 3
    assert found[is_test & is_wrong].mean() >= 0.6
    assert found[is_test & ~is_wrong].mean() <= 0.1


def test_split_that_is_made_is_stratified_seeded_and_says_how_many_rows_it_has() -> None:
    frame, _ = _classes()
    spec = replace(table_spec(seed=1), split=SplitChoice())
    result = build_cleanset(frame, spec)
    again = build_cleanset(frame, spec)
    other = build_cleanset(frame, replace(spec, seed=2))
    is_test = result.issues["split"] == "test"
    assert is_test.sum() == 30
    shares = is_test.groupby(frame["label"]).mean()
    assert shares.between(0.15, 0.25).all()
    pd.testing.assert_series_equal(result.issues["split"], again.issues["split"])
    assert not result.issues["split"].equals(other.issues["split"])
    manifest = describe(result, spec, dataset_sha256="", labels=frame["label"].tolist())
    assert manifest.split == {"test_percent": 20, "n_rows": {"training": 120, "test": 30}}
    assert manifest.spec().split == spec.split


def test_near_duplicates_are_on_the_same_side_of_a_split() -> None:
    frame, spec = _classes()
    copied = pd.concat([frame, frame.iloc[::3]], ignore_index=True)
    copied.loc[150:160, "label"] = None
    result = build_cleanset(copied, replace(spec, split=SplitChoice()))
    parts = result.issues["split"].to_numpy()
    np.testing.assert_array_equal(parts[:150:3], parts[150:])
    assert result.health.leak is None or result.health.leak.sides == ()


def test_split_does_not_depend_on_the_order_of_the_rows() -> None:
    frame, spec = _classes()
    spec = replace(spec, split=SplitChoice())
    other, order = shuffled(frame, seed=3)
    parts = build_cleanset(frame, spec).issues["split"].to_numpy()
    np.testing.assert_array_equal(build_cleanset(other, spec).issues["split"], parts[order])


def test_class_of_a_single_row_is_learned_rather_than_tested() -> None:
    frame, spec = _classes()
    frame.loc[::30, "label"] = [f"only {row}" for row in range(5)]
    issues = build_cleanset(frame, replace(spec, split=SplitChoice(test_percent=50))).issues
    assert set(issues.loc[::30, "split"]) == {"training"}


def test_parts_that_are_given_are_kept_when_labels_were_corrected() -> None:
    frame, spec = _classes()
    spec = replace(spec, split=SplitChoice())
    first = build_cleanset(frame, spec)
    parts = first.issues["split"].tolist()
    corrected = frame["label"].tolist()
    corrected[:40] = corrected[::-1][:40]
    second = build_cleanset(frame, spec, labels=corrected, parts=parts)
    assert second.issues["split"].tolist() == parts


def test_split_that_leaves_one_class_to_learn_is_refused() -> None:
    frame, spec = _classes()
    frame["part"] = np.where(frame["label"] == frame["label"][0], "train", "test")
    with pytest.raises(DataProblem, match=r"Without the test rows: .* only one class"):
        build_cleanset(frame, replace(spec, split=BY_COLUMN))
    with pytest.raises(DataProblem, match="All rows with a label in “label” are for testing"):
        build_cleanset(frame.assign(part="test"), replace(spec, split=BY_COLUMN))
