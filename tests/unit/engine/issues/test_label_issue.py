"""Scores and flags of the label issue, from probabilities that are set by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from studio.engine.issues.base import Evidence
from studio.engine.issues.labels.ambiguous import find_ambiguous
from studio.engine.issues.labels.label_issue import find_label_issue
from studio.engine.issues.labels.label_issue_numbers import find_label_issue_numbers
from studio.engine.issues.labels.label_issue_sets import find_label_issue_sets
from studio.engine.issues.labels.well_labeled import find_well_labeled
from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import MLTask
from studio.engine.runtime.resources import Resources
from studio.engine.study.study import Study, make_study
from studio.engine.table.cells import Table
from tests.unit.engine.frames import table_spec

LABELS = ["a", "b", "c"] * 20


def _as_studied(pred_probs: npt.NDArray[np.float32], study: Study) -> npt.NDArray[np.float32]:
    """Return probabilities of rows as given and of classes sorted by name in the order of the
    study.
    """
    columns = [sorted(study.labels.classes).index(name) for name in study.labels.classes]
    return pred_probs[study.order][:, columns]


def _found(changes: dict[int, tuple[float, float, float]]) -> dict[str, np.ndarray]:
    frame = pd.DataFrame(
        {"height": [str(row) for row in range(60)], "weight": "1", "colour": "red"}, dtype=object
    )
    table = Table.of(frame, [*map(str, frame)])
    study = make_study(table, encode_labels(LABELS), table_spec(), Resources())
    pred_probs = np.full((60, 3), 0.05, dtype=np.float32)
    pred_probs[np.arange(60), [ord(label) - ord("a") for label in LABELS]] = 0.9
    for row, probabilities in changes.items():
        pred_probs[row] = probabilities
    found = find_label_issue(
        Evidence(study, _as_studied(pred_probs, study), np.zeros((60, 1), dtype=np.float32))
    )
    return {name: study.in_given_order(np.asarray(column)) for name, column in found.items()}


def test_a_rival_class_is_worse_than_doubt_spread_over_all() -> None:
    scores = _found({0: (0.3, 0.35, 0.35), 3: (0.3, 0.7, 0.0)})["label_issue_score"]
    assert scores[3] > scores[0] > 0.5 > scores[6]


def test_surely_wrong_rows_are_ordered_by_how_sure_the_models_are() -> None:
    given = (1e-14, 1e-9, 1e-11, 1e-7)  # of rows 0, 3, 6 and 9
    changes = {3 * place: (p, 1 - p, 0.0) for place, p in enumerate(given)}
    scores = _found(changes)["label_issue_score"]
    assert np.argsort(-scores)[:4].tolist() == [0, 6, 3, 9]
    assert scores.max() <= 1
    assert len(set(scores[[0, 3, 6, 9]].tolist())) == 4


def test_only_rows_with_a_likelier_class_are_flagged() -> None:
    found = _found({0: (0.02, 0.97, 0.01), 4: (0.01, 0.02, 0.97), 8: (0.3, 0.3, 0.4)})
    assert found["is_label_issue"].nonzero()[0].tolist() == [0, 4]
    assert found["suggested_label"][[0, 4, 8]].tolist() == ["b", "c", None]
    assert found["label_issue_score"][8] < 0.5


def test_models_that_hardly_beat_the_usual_class_flag_few() -> None:
    rng = np.random.default_rng(0)

    def n_flagged(skill: float) -> int:
        said = np.where(
            rng.random(60) < skill,
            [ord(label) - ord("a") for label in LABELS],
            rng.integers(0, 3, 60),
        )
        probabilities = rng.uniform(0.05, 0.15, (60, 3))
        probabilities[np.arange(60), said] = 0.8
        return int(_found(dict(enumerate(map(tuple, probabilities))))["is_label_issue"].sum())

    assert n_flagged(0.02) < n_flagged(0.5)


def test_errors_that_confident_learning_counts_are_partly_those_of_the_models(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = "studio.engine.issues.labels.label_issue.num_label_issues"
    monkeypatch.setattr(counted, lambda *_: 20)
    changes = {}
    for row in range(20):  # of 60 rows, so that kappa is a half
        probabilities = np.roll([0.1 + 0.005 * row, 0.85 - 0.005 * row, 0.05], row)
        changes[row] = tuple(probabilities.tolist())
    flags = _found(changes)["is_label_issue"]
    assert flags.nonzero()[0].tolist() == list(range(14))  # 20 times the root of a half


def _evidence(
    task: MLTask,
    labels: Sequence[str | None],
    *,
    pred_probs: npt.NDArray[np.float32] | None = None,
    predictions: npt.NDArray[np.float32] | None = None,
) -> Evidence:
    """Return evidence of what models said of rows in the order given."""
    frame = pd.DataFrame({"height": [str(row) for row in range(len(labels))]}, dtype=object)
    spec = replace(table_spec(), feature_columns=("height",), task=task)
    table = Table.of(frame, [*map(str, frame)])
    study = make_study(table, encode_labels(labels, task), spec, Resources())
    nothing = np.empty((len(labels), 0), dtype=np.float32)
    return Evidence(
        study,
        nothing if pred_probs is None else _as_studied(pred_probs, study),
        space=nothing,
        predictions=None if predictions is None else predictions[study.order],
    )


def _in_order(evidence: Evidence, column: object) -> npt.NDArray[np.generic]:
    return evidence.study.in_given_order(np.asarray(column))


def _sets(changes: dict[int, tuple[float, float, float]]) -> Evidence:
    labels = ["a,b", "a", "b", "a"] * 10 + ["a,c"] * 2
    pred_probs = np.array(
        [[float(name in cell) for name in "abc"] for cell in labels], dtype=np.float32
    )
    pred_probs = 0.05 + 0.9 * pred_probs
    pred_probs[:, 2] = 2 / 42
    for row, probabilities in changes.items():
        pred_probs[row] = probabilities
    return _evidence(MLTask.MULTI_LABEL, labels, pred_probs=pred_probs)


def test_a_class_that_cannot_be_learned_is_not_held_against_the_rows_that_have_it() -> None:
    evidence = _sets({0: (0.95, 0.02, 0.05)})
    found = find_label_issue_sets(evidence)
    scores = _in_order(evidence, found["label_issue_score"])
    assert scores[40] == pytest.approx(0.5, abs=0.01)
    assert scores[0] == scores.max()
    assert not _in_order(evidence, found["is_label_issue"])[40]


def test_a_class_that_is_added_takes_the_place_of_one_that_models_would_not_give() -> None:
    evidence = _sets({1: (0.04, 0.98, 0.02), 2: (0.02, 0.97, 0.02)})
    suggested = _in_order(evidence, find_label_issue_sets(evidence)["suggested_label"])
    assert suggested[1] == "b"


def test_one_open_question_among_many_does_not_make_a_set_ambiguous() -> None:
    classes = [chr(ord("a") + place) for place in range(12)]
    labels = [",".join(classes[row % 12 :]) for row in range(60)]
    pred_probs = np.random.default_rng(0).uniform(0, 1, (60, 12)).astype(np.float32)
    pred_probs[0] = 0.501
    evidence = _evidence(MLTask.MULTI_LABEL, labels, pred_probs=pred_probs)
    is_ambiguous = _in_order(evidence, find_ambiguous(evidence)["is_ambiguous"])
    assert is_ambiguous[0]
    assert is_ambiguous.mean() < 0.3


def _numbers(given: list[float], predicted: list[float], expected: float) -> Evidence:
    predictions = np.column_stack([predicted, np.full(len(given), expected)]).astype(np.float32)
    return _evidence(MLTask.REGRESSION, [str(value) for value in given], predictions=predictions)


def test_on_a_scale_that_ends_the_other_end_is_far_enough() -> None:
    given = [1.0, 5.0, *(3.0 + (row % 3 - 1) for row in range(58))]
    evidence = _numbers(given, [4.5, 1.5, *[3.0] * 58], expected=0.9)
    flags = _in_order(evidence, find_label_issue_numbers(evidence)["is_label_issue"])
    assert flags.nonzero()[0].tolist() == [0, 1]


def test_numbers_of_which_a_model_knows_nothing_are_not_flagged_for_lying_at_an_end() -> None:
    evidence = _numbers([float(row % 10) for row in range(60)], [4.5] * 60, expected=2.5)
    assert not np.asarray(find_label_issue_numbers(evidence)["is_label_issue"]).any()


def test_a_model_that_knows_nothing_of_the_numbers_confirms_none() -> None:
    given = [float(row % 10) for row in range(60)]
    unsure, sure = _numbers(given, [4.5] * 60, expected=2.5), _numbers(given, given, expected=0.5)
    assert not np.asarray(find_well_labeled(unsure)["is_well_labeled"]).any()
    assert np.asarray(find_well_labeled(sure)["is_well_labeled"]).all()


def test_a_row_whose_copy_is_given_another_class_is_not_well_labeled() -> None:
    heights = [str(row // 2) for row in range(60)]
    labels = [("a", "b")[row // 30] for row in range(60)]
    labels[0] = "b"
    frame = pd.DataFrame({"height": heights}, dtype=object)
    study = make_study(
        Table.of(frame, [*map(str, frame)]),
        encode_labels(labels),
        replace(table_spec(), feature_columns=("height",)),
        Resources(),
    )
    pred_probs = np.where(study.labels.codes[:, None] == [0, 1], 0.99, 0.01).astype(np.float32)
    found = find_well_labeled(Evidence(study, pred_probs, np.zeros((60, 1), dtype=np.float32)))
    is_well_labeled = study.in_given_order(np.asarray(found["is_well_labeled"]))
    assert np.flatnonzero(is_well_labeled == 0).tolist() == [0, 1]
