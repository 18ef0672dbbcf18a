"""Scores and flags of the label issue, from probabilities that are set by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.engine.issues.base import Evidence
from studio.engine.issues.label_issue import find_label_issue
from studio.engine.resources import Resources
from studio.engine.study import make_study
from tests.unit.engine.frames import table_spec

LABELS = ["a", "b", "c"] * 20


def _found(changes: dict[int, tuple[float, float, float]]) -> dict[str, np.ndarray]:
    frame = pd.DataFrame({"height": [str(row) for row in range(60)], "weight": "1", "colour": "red"}, dtype=object)
    study = make_study(frame, LABELS, table_spec(), Resources())
    pred_probs = np.full((60, 3), 0.05, dtype=np.float32)
    pred_probs[np.arange(60), [ord(label) - ord("a") for label in LABELS]] = 0.9
    for row, probabilities in changes.items():
        pred_probs[row] = probabilities
    found = find_label_issue(Evidence(study, pred_probs[study.order], np.zeros((60, 1), dtype=np.float32)))
    return {name: study.in_given_order(np.asarray(column)) for name, column in found.items()}


def test_a_rival_class_is_worse_than_doubt_spread_over_all() -> None:
    scores = _found({0: (0.3, 0.35, 0.35), 3: (0.3, 0.7, 0.0)})["label_issue_score"]
    assert scores[3] > scores[0] > 0.5 > scores[6]


def test_only_rows_with_a_likelier_class_are_flagged() -> None:
    found = _found({0: (0.02, 0.97, 0.01), 4: (0.01, 0.02, 0.97), 8: (0.3, 0.3, 0.4)})
    assert found["is_label_issue"].nonzero()[0].tolist() == [0, 4]
    assert found["suggested_label"][[0, 4, 8]].tolist() == ["b", "c", None]
    assert found["label_issue_score"][8] < 0.5
