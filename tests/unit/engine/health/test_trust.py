"""How many flagged rows are expected to be wrong, from probabilities that are set by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studio.engine.fitting.calibration import NO_CALIBRATION, Calibration
from studio.engine.health.base import Analysis
from studio.engine.health.labels.trust import find_trust
from studio.engine.issues.base import Evidence
from studio.engine.labels.encoding import encode_labels
from studio.engine.runtime.resources import Resources
from studio.engine.study.study import make_study
from studio.engine.table.cells import Table
from tests.unit.engine.frames import table_spec


def n_expected(calibration: Calibration, n_flagged: int) -> int:
    """Return how many are expected to be wrong, if the least likely of 60 labels are flagged, of
    which models doubt twelve.
    """
    frame = pd.DataFrame(
        {"height": [str(row) for row in range(60)], "weight": "1", "colour": "red"}, dtype=object
    )
    table = Table.of(frame, [*map(str, frame)])
    study = make_study(table, encode_labels(["a", "b"] * 30), table_spec(), Resources())
    codes = study.labels.codes
    given = np.where(np.arange(60) < 12, 0.02 + 0.001 * np.arange(60), 0.95)
    pred_probs = np.empty((60, 2), dtype=np.float32)
    pred_probs[np.arange(60), codes] = given
    pred_probs[np.arange(60), 1 - codes] = 1 - given
    space = np.zeros((60, 1), dtype=np.float32)
    evidence = Evidence(study, pred_probs, space, calibration=calibration)
    issues = pd.DataFrame({"is_label_issue": np.arange(60) < n_flagged})
    trust = find_trust(Analysis(evidence, issues, None))
    assert trust is not None
    assert trust.n_flagged == n_flagged
    return trust.n_expected


@pytest.fixture(autouse=True)
def _loose_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.engine.health.labels.trust._bound", lambda *_: 0.25)


def test_noise_that_is_estimated_too_low_still_tells_which_of_the_errors_are_flagged() -> None:
    # Of kappa, 0.6, and the bound: 0.39. The flags have nearly all expected errors.
    too_low = Calibration(given_if_true=0.9995, given_if_not=0.0005)
    assert n_expected(too_low, 12) == round(12 * np.sqrt(0.39))
    assert n_expected(too_low, 6) < n_expected(too_low, 12) / 2


def test_without_any_noise_the_bound_alone_tells() -> None:
    assert n_expected(NO_CALIBRATION, 12) == round(12 * 0.39)
