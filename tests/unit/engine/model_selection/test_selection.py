"""Which candidates are fitted on all folds, and what the log says of the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from studio.engine.fitting.candidates import CANDIDATES
from studio.engine.labels.encoding import encode_labels
from studio.engine.model_selection.crossval import Trial
from studio.engine.model_selection.selection import choose
from studio.engine.recipes.build import build_cleanset
from studio.engine.runtime.resources import Resources
from studio.engine.study.study import Study, make_study
from studio.engine.table.cells import Table
from tests.data_builders import planted_table
from tests.unit.engine.frames import Watcher, table_spec

GOOD, ALSO_GOOD, BAD = CANDIDATES[:3]


@pytest.fixture(scope="module")
def study() -> Study:
    frame = planted_table(2_400, n_wrong=40).frame
    return make_study(
        Table.of(frame, table_spec().feature_columns),
        encode_labels(frame["label"].tolist()),
        table_spec(),
        Resources(),
    )


def trial(study: Study, candidate: object, *, sureness: float, seconds: float = 1.0) -> Trial:
    """Return predictions of the first fold that are right in this fraction of the rows."""
    codes = study.labels.codes[study.fold_id == 0]
    is_wrong = np.arange(len(codes)) >= sureness * len(codes)
    codes = np.where(is_wrong, (codes + 1) % 3, codes)
    predicted = np.full((len(codes), 3), (1 - sureness) / 2, dtype=np.float32)
    predicted[np.arange(len(codes)), codes] = sureness
    return Trial(candidate, predicted, seconds)  # type: ignore[arg-type]


def test_hopeless_candidate_is_left_out_and_named(study: Study) -> None:
    watcher = Watcher()
    trials = [
        trial(study, GOOD, sureness=0.9),
        trial(study, ALSO_GOOD, sureness=0.85),
        trial(study, BAD, sureness=0.2),
    ]
    kept = choose(trials, study, n_jobs=1, progress=watcher)
    assert [one.candidate for one in kept] == [GOOD, ALSO_GOOD]
    assert len(watcher.lines) == 1
    assert BAD.name in watcher.lines[0]


def test_budget_leaves_the_slowest_out_but_never_the_best(study: Study) -> None:
    watcher, bounded = Watcher(), replace(study, spec=replace(study.spec, budget_s=10.0))
    best, slow = (
        trial(study, GOOD, sureness=0.9, seconds=50),
        trial(study, ALSO_GOOD, sureness=0.85, seconds=2),
    )
    assert choose([best, slow], bounded, n_jobs=1, progress=watcher) == [best]
    assert "more than the 10 s" in watcher.lines[0]


def test_left_out_candidates_are_not_in_the_table_of_models() -> None:
    frame = planted_table(120).frame
    watcher = Watcher()
    result = build_cleanset(frame, replace(table_spec(), budget_s=1e-6), progress=watcher)
    assert len(result.candidates) == 2  # the best one and the ensemble of it
    assert sum("left out" in line for line in watcher.lines) >= 1
    assert result.issues["is_label_issue"].any()
