"""Each dataset decides how strongly its models are fitted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studio.engine.fitting.candidate import Candidate
from studio.engine.fitting.candidates import CANDIDATES
from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import MLTask
from studio.engine.model_selection.tuning import tuned
from studio.engine.models.naive_bayes import NaiveBayes
from studio.engine.runtime.cache import Cache
from studio.engine.runtime.resources import Resources
from studio.engine.study.study import Study, make_study
from studio.engine.table.cells import Table
from studio.engine.table.columns import ColumnKind
from tests.unit.engine.frames import table_spec

KINDS = {"a": ColumnKind.NUMBER, "b": ColumnKind.NUMBER}


def logistic() -> Candidate:
    both = next(candidate for candidate in CANDIDATES if candidate.key == "both")
    return replace(both, view="linear")


def study_of(wrong_fraction: float, resources: Resources, *, n_rows: int = 600) -> Study:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(n_rows, 2))
    is_high = values[:, 0] > 0
    is_high ^= rng.random(n_rows) < wrong_fraction
    frame = pd.DataFrame(values.round(4).astype(str), columns=list(KINDS), dtype=object)
    labels = encode_labels(np.where(is_high, "high", "low").tolist())
    return make_study(Table.of(frame, list(KINDS)), labels, table_spec(KINDS), resources)


def chosen(candidate: Candidate, study: Study, resources: Resources) -> object:
    (result,) = tuned([candidate], study, resources)
    return result.make(0).get_params()["C"]


def test_labels_that_tell_little_are_fitted_less_strongly_than_clear_ones() -> None:
    resources = Resources()
    clear = chosen(logistic(), study_of(0.0, resources), resources)
    noisy = chosen(logistic(), study_of(0.4, resources), resources)
    assert clear == 10.0
    assert noisy < clear


def test_choice_is_the_same_again_out_of_the_cache_and_in_every_number_of_jobs(
    tmp_path: Path,
) -> None:
    resources = Resources(Cache(tmp_path), n_jobs=2)
    first = chosen(logistic(), study_of(0.2, resources), resources)
    assert chosen(logistic(), study_of(0.2, resources), resources) == first
    assert chosen(logistic(), study_of(0.2, Resources()), Resources()) == first


def test_candidate_without_a_parameter_to_tune_stays_as_it_is() -> None:
    plain = replace(logistic(), tuning=None)
    resources = Resources()
    assert tuned([plain], study_of(0.0, resources), resources) == [plain]


def test_candidate_is_tuned_for_some_tasks_only() -> None:
    of_sets = replace(logistic(), tuned_tasks=frozenset({MLTask.MULTI_LABEL}))
    resources = Resources()
    assert tuned([of_sets], study_of(0.0, resources), resources) == [of_sets]


def test_too_few_rows_to_hold_some_out_are_fitted_in_the_simplest_way() -> None:
    resources = Resources()
    study = study_of(0.0, resources, n_rows=4)
    assert chosen(logistic(), study, resources) == 0.1


@pytest.mark.parametrize("n_classes", [2, 5])
def test_naive_bayes_tells_classes_by_their_words(n_classes: int) -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, n_classes, 300).astype(np.int32)
    features = rng.random((300, 2 * n_classes)).astype(np.float32) * 0.3
    features[np.arange(300), codes] += 1
    model = NaiveBayes().fit(features[:200], codes[:200])
    predicted = model.predict_proba(features[200:])
    assert (predicted.argmax(axis=1) == codes[200:]).mean() > 0.9
    assert np.allclose(predicted.sum(axis=1), 1)


def test_every_value_that_is_tried_is_a_candidate_of_its_own_key_in_the_cache() -> None:
    for candidate in CANDIDATES:
        signatures = {variant.signature(0) for variant in candidate.variants}
        assert len(signatures) == len(candidate.variants)
