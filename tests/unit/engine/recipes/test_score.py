"""New rows scored beside known ones, for each task: issues are found without any training."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.recipes.score import score_rows
from studio.engine.schema import CleansetSpec
from studio.engine.schema.provided import ProvidedPredictions
from studio.engine.table.columns import ColumnKind
from tests.data_builders import planted_table, planted_text

N_KNOWN = 80
N_NEW = 10
WRONG = 3  # the new row whose label is wrong


def spec(task: MLTask, frame: pd.DataFrame) -> CleansetSpec:
    is_text = "text" in frame
    kinds = {"text": ColumnKind.TEXT}
    if not is_text:
        kinds = {
            "height": ColumnKind.NUMBER,
            "weight": ColumnKind.NUMBER,
            "colour": ColumnKind.CATEGORICAL,
        }
    return CleansetSpec(
        task=task,
        modality=Modality.TEXT if is_text else Modality.TABULAR,
        feature_columns=tuple(kinds),
        column_kinds=kinds,
        label_column=None if task is MLTask.UNSUPERVISED else "label",
        mode=Mode.FAST,
    )


def sure_of(labels: list[str], classes: list[str]) -> np.ndarray:
    """Return probabilities of models that are sure of these labels."""
    rng = np.random.default_rng(0)
    values = rng.uniform(0.01, 0.05, (len(labels), len(classes)))
    for row, label in enumerate(labels):
        for name in label.split(","):
            values[row, classes.index(name)] = 0.9
    return values.astype(np.float32)


@pytest.mark.parametrize("is_text", [False, True])
def test_wrong_label_of_a_new_row_is_found_and_corrected(*, is_text: bool) -> None:
    planted = planted_text if is_text else planted_table
    frame = planted(N_KNOWN + N_NEW, n_wrong=0).frame
    labels = frame["label"].tolist()
    classes = sorted(set(labels))
    predictions = ProvidedPredictions("a", tuple(classes), sure_of(labels, classes))
    true = labels[N_KNOWN + WRONG]
    labels[N_KNOWN + WRONG] = next(name for name in classes if name != true)
    labels[N_KNOWN + 5] = "unheard of"
    frame.iloc[N_KNOWN + 7, 0] = frame.iloc[N_KNOWN, 0]
    found = score_rows(
        frame,
        spec(MLTask.MULTI_CLASS, frame),
        n_known=N_KNOWN,
        labels=labels,
        predictions=predictions,
    )
    assert len(found.issues) == N_NEW
    assert np.flatnonzero(found.issues["is_label_issue"]).tolist() == [WRONG]
    assert found.issues["suggested_label"].iloc[WRONG] == true
    assert np.flatnonzero(found.has_unknown_class).tolist() == [5]
    assert len(found.copies) == N_KNOWN + N_NEW
    if is_text:
        assert found.copies["is_near_duplicate"].iloc[[N_KNOWN, N_KNOWN + 7]].all()
        assert "is_PII" in found.issues


def test_wrong_number_of_a_new_row_is_found() -> None:
    frame = planted_table(N_KNOWN + N_NEW, n_wrong=0).frame
    rng = np.random.default_rng(0)
    true = rng.normal(100, 20, len(frame))
    numbers = true + rng.normal(0, 1, len(frame))
    numbers[N_KNOWN + WRONG] += 60
    values = np.column_stack([true, np.ones(len(frame))]).astype(np.float32)
    found = score_rows(
        frame,
        spec(MLTask.REGRESSION, frame),
        n_known=N_KNOWN,
        labels=[f"{number:.2f}" for number in numbers],
        predictions=ProvidedPredictions("a", (), values),
    )
    assert np.flatnonzero(found.issues["is_label_issue"]).tolist() == [WRONG]


def test_wrong_set_of_a_new_row_is_found() -> None:
    frame = planted_table(N_KNOWN + N_NEW, n_wrong=0).frame
    sets = [("a", "a,b", "c")[row % 3] for row in range(len(frame))]
    predictions = ProvidedPredictions("a", ("a", "b", "c"), sure_of(sets, ["a", "b", "c"]))
    given = list(sets)
    given[N_KNOWN + WRONG] = "b,c" if sets[N_KNOWN + WRONG] == "a" else "b"
    found = score_rows(
        frame,
        spec(MLTask.MULTI_LABEL, frame),
        n_known=N_KNOWN,
        labels=given,
        predictions=predictions,
    )
    assert WRONG in np.flatnonzero(found.issues["is_label_issue"])


def test_rows_without_labels_are_compared_alone() -> None:
    frame = planted_table(N_KNOWN + N_NEW, n_wrong=0).frame
    frame.iloc[N_KNOWN + 1] = frame.iloc[4]
    found = score_rows(
        frame,
        spec(MLTask.UNSUPERVISED, frame),
        n_known=N_KNOWN,
        labels=[None] * len(frame),
        predictions=None,
    )
    assert found.issues["is_near_duplicate"].tolist()[1]
    assert found.copies["is_near_duplicate"].iloc[4]
    assert "is_label_issue" not in found.issues


@pytest.mark.parametrize("is_text", [False, True])
def test_near_duplicates_are_found_among_rows_beyond_the_sample(*, is_text: bool) -> None:
    planted = planted_text if is_text else planted_table
    frame = planted(3 * N_KNOWN, n_wrong=0).frame
    frame.index = pd.Index(np.arange(len(frame)) * 10)
    known, new, further = frame[:N_KNOWN], frame[N_KNOWN : N_KNOWN + N_NEW].copy(), frame[-60:]
    if is_text:
        new.iloc[WRONG, 0] = further["text"].iloc[41] + "!"
    else:
        new.iloc[WRONG, :3] = further.iloc[41, :3]
        new.iloc[WRONG, 0] = str(float(new.iloc[WRONG, 0]) + 1e-6)
    found = score_rows(
        pd.concat([known, new]),
        spec(MLTask.UNSUPERVISED, frame),
        n_known=N_KNOWN,
        labels=[None] * (N_KNOWN + N_NEW),
        predictions=None,
        further=[further[:30], further[30:]],
    )
    copies = found.copies[found.copies["is_near_duplicate"]]
    pair = [further.index[41], new.index[WRONG]]
    assert copies.loc[pair, "near_duplicate_cluster_id"].nunique() == 1
    assert found.issues["is_near_duplicate"].tolist()[WRONG]
    assert found.copies.index[-N_NEW:].tolist() == new.index.tolist()
