"""An analysis with the predictions of a model that was trained elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.model_selection import crossval
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetResult, CleansetSpec
from studio.engine.schema.provided import ProvidedPredictions
from studio.engine.table.columns import ColumnKind

N_ROWS = 200
WRONG = np.arange(0, N_ROWS, 20)
CLASSES = ("a", "b", "c")


@pytest.fixture(autouse=True)
def nothing_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a model is trained")

    monkeypatch.setattr("studio.engine.recipes.build.cross_validate", refuse)
    monkeypatch.setattr("studio.engine.model_selection.error_bars.cross_validate", refuse)
    assert crossval.cross_validate is not None


def analysed(labels: list[str], task: MLTask, provided: ProvidedPredictions) -> CleansetResult:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=N_ROWS).astype(str), "y": labels}, dtype=object)
    spec = CleansetSpec(
        task=task,
        modality=Modality.TABULAR,
        feature_columns=("x",),
        column_kinds={"x": ColumnKind.NUMBER},
        label_column="y",
        mode=Mode.FAST,
    )
    return build_cleanset(frame, spec, provided=provided)


def their_probabilities(true: np.ndarray) -> ProvidedPredictions:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(N_ROWS, 3)) + 4 * np.eye(3)[true]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    # in an order of their own
    return ProvidedPredictions("theirs", ("c", "a", "b"), probabilities[:, [2, 0, 1]].astype("f4"))


def test_wrong_classes_are_found_by_the_probabilities() -> None:
    true = np.arange(N_ROWS) % 3
    given = true.copy()
    given[WRONG] = (given[WRONG] + 1) % 3
    provided = their_probabilities(true)
    result = analysed([CLASSES[code] for code in given], MLTask.MULTI_CLASS, provided)
    worst = np.argsort(-result.issues["label_issue_score"].to_numpy(), kind="stable")
    assert set(worst[: len(WRONG)]) == set(WRONG)
    assert result.issues["is_label_issue"].to_numpy()[WRONG].all()
    assert result.classes == CLASSES
    theirs = provided.values[:, [1, 2, 0]]
    assert (result.pred_probs.argmax(axis=1) == theirs.argmax(axis=1)).all()
    assert [row.name for row in result.candidates] == ["theirs"]


def test_a_class_that_they_do_not_know_is_never_expected() -> None:
    true = np.arange(N_ROWS) % 3
    labels = [CLASSES[code] for code in true]
    labels[5] = "new"
    labels[6] = "new"
    result = analysed(labels, MLTask.MULTI_CLASS, their_probabilities(true))
    assert (result.pred_probs[:, result.classes.index("new")] < 0.01).all()


def test_wrong_sets_are_found_by_the_probabilities() -> None:
    true = np.column_stack([np.arange(N_ROWS) % 2 == 0, np.arange(N_ROWS) % 3 == 0])
    given = true.copy()
    given[WRONG, 1] ^= True
    names = ("a", "b")
    labels = [
        ",".join(name for name, applies in zip(names, row, strict=True) if applies) for row in given
    ]
    values = np.where(true, 0.95, 0.05).astype(np.float32)
    provided = ProvidedPredictions("theirs", names, values)
    result = analysed(labels, MLTask.MULTI_LABEL, provided)
    worst = np.argsort(-result.issues["label_issue_score"].to_numpy(), kind="stable")
    assert set(worst[: len(WRONG)]) == set(WRONG)


@pytest.mark.parametrize("is_long_tailed", [False, True])
def test_wrong_numbers_are_found_by_the_predicted_ones(is_long_tailed: bool) -> None:
    rng = np.random.default_rng(2)
    true = rng.normal(50, 20, N_ROWS)
    if is_long_tailed:
        true = np.exp(true / 20)
    given = true + rng.normal(0, 0.01, N_ROWS)
    given[WRONG] = given[WRONG] * 4 + 100
    values = true.astype(np.float32)[:, None]
    values[3] = -1.0  # no ratio compares a negative number
    labels = [f"{number:.5f}" for number in given]
    assert encode_labels(labels, MLTask.REGRESSION).scale.is_by_ratio == is_long_tailed
    result = analysed(labels, MLTask.REGRESSION, ProvidedPredictions("theirs", (), values))
    scores = result.issues["label_issue_score"].to_numpy()
    assert np.isfinite(scores).all()
    worst = np.argsort(-scores, kind="stable")[: len(WRONG) + 1]
    assert set(WRONG) <= set(worst)
    assert (result.predictions[:, 1] > 0).all()
