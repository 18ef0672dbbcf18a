"""What is found of a row depends on its cells and labels: not on names, nor on the row order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetResult, CleansetSpec
from studio.engine.table.columns import ColumnKind

N_ROWS = 90
KINDS = {
    "text": ColumnKind.TEXT,
    "colour": ColumnKind.CATEGORICAL,
    "size": ColumnKind.NUMBER,
}
TASKS = (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL, MLTask.REGRESSION)


def frame_of(task: MLTask, seed: int) -> pd.DataFrame:
    """Return a table whose label follows from its columns, but for a tenth of the rows."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(1, 100, N_ROWS)
    colour = rng.choice(["red", "green", "blue"], N_ROWS)
    words = np.where(size > 50, "heavy", "light")
    text = [f"a {word} {rng.choice(['box', 'bag', 'tin'])} {row}" for row, word in enumerate(words)]
    size = np.where(rng.random(N_ROWS) < 0.1, rng.permutation(size), size)
    labels = {
        MLTask.MULTI_CLASS: [f"{word}-{hue}" for word, hue in zip(words, colour, strict=True)],
        MLTask.MULTI_LABEL: [f"{word},{hue}" for word, hue in zip(words, colour, strict=True)],
        MLTask.REGRESSION: [f"{2 * one:.1f}" for one in rng.normal(size, 1.0)],
    }[task]
    wrong = rng.choice(N_ROWS, N_ROWS // 10, replace=False)
    label = np.array(labels, dtype=object)
    label[wrong] = label[np.roll(wrong, 1)]
    columns = {"text": text, "colour": colour, "size": [f"{one:.2f}" for one in size]}
    return pd.DataFrame({**columns, "label": label}, dtype=object)


def result_of(
    frame: pd.DataFrame, task: MLTask, kinds: dict[str, ColumnKind] = KINDS
) -> CleansetResult:
    return build_cleanset(
        frame,
        CleansetSpec(
            task=task,
            modality=Modality.TABULAR,
            feature_columns=tuple(kinds),
            column_kinds=kinds,
            label_column="label",
            mode=Mode.FAST,
            n_folds=3,
        ),
    )


@pytest.mark.parametrize("task", TASKS)
def test_a_repeated_run_gives_the_same_result(task: MLTask) -> None:
    frame = frame_of(task, seed=1)
    first, second = result_of(frame, task), result_of(frame, task)
    pd.testing.assert_frame_equal(first.issues, second.issues)
    assert first.health == second.health
    assert np.array_equal(first.pred_probs, second.pred_probs)


@pytest.mark.parametrize("task", TASKS)
def test_rows_in_another_order_give_the_same_result_per_row(task: MLTask) -> None:
    frame = frame_of(task, seed=2)
    order = np.random.default_rng(5).permutation(N_ROWS)
    permuted = result_of(frame.iloc[order].reset_index(drop=True), task).issues
    expected = result_of(frame, task).issues.iloc[order].reset_index(drop=True)
    numbered = ["near_duplicate_cluster_id"]
    pd.testing.assert_frame_equal(permuted.drop(columns=numbered), expected.drop(columns=numbered))


@pytest.mark.parametrize("task", TASKS)
def test_columns_of_other_names_give_the_same_result(task: MLTask) -> None:
    frame = frame_of(task, seed=3)
    names = {"text": "Zeile", "colour": "b", "size": "a size"}
    renamed = result_of(
        frame.rename(columns=names), task, {names[name]: kind for name, kind in KINDS.items()}
    )
    pd.testing.assert_frame_equal(renamed.issues, result_of(frame, task).issues)


def test_classes_of_other_names_give_the_same_result() -> None:
    frame = frame_of(MLTask.MULTI_CLASS, seed=4)
    classes = sorted(set(frame["label"]))
    names = dict(zip(classes, [f"{9 - k} class" for k in range(len(classes))], strict=True))
    renamed = result_of(frame.assign(label=frame["label"].map(names)), MLTask.MULTI_CLASS).issues
    as_given = result_of(frame, MLTask.MULTI_CLASS).issues
    as_given["suggested_label"] = as_given["suggested_label"].map(names)
    pd.testing.assert_frame_equal(renamed, as_given, check_dtype=False)
