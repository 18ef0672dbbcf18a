"""Class weights: what they do to fits, and that probabilities keep to the data's frequencies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studio.engine.choices.validate import check_class_weights
from studio.engine.errors import DataProblem
from studio.engine.fitting.candidates import CANDIDATES
from studio.engine.fitting.class_factors import fit_weighted_calibration
from studio.engine.fitting.learners import ClassifierLearner
from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import MLTask
from studio.engine.recipes.artifacts import load_artifact, save_artifact
from studio.engine.recipes.manifest import RunManifest
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.train import train_and_predict
from studio.engine.schema.class_weights import ClassWeights
from studio.engine.tasks.multi_class import MultiClass
from tests.data_builders import planted_table
from tests.unit.engine.frames import table_spec

BALANCED = ClassWeights(is_balanced=True)


def overlapping(n_rows: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    """Return features and codes of two classes; one row in ten is of the second."""
    rng = np.random.default_rng(0)
    codes = (rng.random(n_rows) < 0.1).astype(np.int32)
    features = rng.normal(size=(n_rows, 3)).astype(np.float32)
    features[:, 0] += 1.5 * codes
    return features, codes


@pytest.mark.parametrize("key", ["linear", "words"])
def test_probabilities_of_weighted_fits_keep_to_the_frequencies_in_the_data(key: str) -> None:
    features, codes = overlapping()
    candidate = next(one for one in CANDIDATES if one.key == key)
    labels = encode_labels([f"class {code}" for code in codes])
    recipe = MultiClass(BALANCED)
    learner = recipe.learner(candidate, labels, seed=0)
    learner.fit(np.abs(features), codes)
    weighted = learner.predict(np.abs(features))
    assert weighted[:, 1].mean() > 0.3  # the fit takes both classes for equally frequent
    calibrated = recipe.calibrated(weighted, recipe.calibration(weighted, codes))
    assert calibrated[:, 1].mean() == pytest.approx(codes.mean(), rel=0.03)
    likely = calibrated[:, 1] > np.quantile(calibrated[:, 1], 0.8)
    assert calibrated[likely, 1].mean() == pytest.approx(codes[likely].mean(), abs=0.06)


@pytest.mark.parametrize(
    "candidate",
    [one for one in CANDIDATES if MLTask.MULTI_CLASS in one.tasks],
    ids=lambda one: one.key,
)
def test_each_model_heeds_the_weights_or_counts_each_class_by_itself(candidate: object) -> None:
    features, codes = overlapping(300)
    features = np.abs(features)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    fits = []
    for weights in (None, np.array([1.0, 20.0])):
        model = candidate.make(0)  # type: ignore[attr-defined]
        if hasattr(model, "n_rounds"):
            model.set_params(n_rounds=5)
        learner = ClassifierLearner(model, 2, weights)
        learner.fit(features, codes)
        fits.append(learner.predict(features)[:, 1].mean())
    counts_by_itself = any(
        word in candidate.name  # type: ignore[attr-defined]
        for word in ("naive Bayes", "nearest neighbours")
    )
    assert fits[0] == fits[1] if counts_by_itself else fits[1] > fits[0] + 0.05


def test_factors_undo_weights_exactly_where_probabilities_are_exact() -> None:
    rng = np.random.default_rng(1)
    truth = rng.dirichlet([0.4, 0.4, 0.4], size=5_000)
    codes = (truth.cumsum(axis=1) > rng.random((len(truth), 1))).argmax(axis=1).astype(np.int32)
    weighted = truth * [1.0, 5.0, 0.2]
    weighted /= weighted.sum(axis=1, keepdims=True)
    weighted = weighted.astype(np.float32)
    calibration = fit_weighted_calibration(weighted, codes)
    restored = MultiClass(BALANCED).calibrated(weighted, calibration)
    assert np.abs(restored - truth).mean() < 0.03
    wider = calibration.with_unknown_classes(4)
    assert wider.class_factors == (*calibration.class_factors, 1.0)


def test_a_model_trained_with_weights_is_saved_and_predicts(tmp_path: Path) -> None:
    frame = planted_table(90, n_wrong=0).frame
    spec = replace(table_spec(), class_weights=ClassWeights(by_class={"high": 4.0}))
    spec = replace(spec, n_folds=2, only_candidates=("linear",))
    training = train_and_predict(frame, frame["label"].tolist(), spec)
    save_artifact(training.model, tmp_path / "model", signing_key=b"key")
    loaded = load_artifact(tmp_path / "model", signing_key=b"key")
    unseen = planted_table(60, n_wrong=0, seed=1).frame
    found = predict_frame(loaded, unseen)
    right = pd.Series(found.suggested_label) == unseen["label"]
    assert right.mean() > 0.9
    assert loaded.spec.class_weights == spec.class_weights


def test_a_manifest_without_weights_is_still_read() -> None:
    fields = dict.fromkeys(RunManifest.__dataclass_fields__, "")
    values = {**fields, "format_version": 1}
    del values["class_weights"]
    assert RunManifest.from_dict(values).class_weights is None


@pytest.mark.parametrize("values", [None, "none", {}, {"a": 1}])
def test_equal_weights_are_no_weights(values: object) -> None:
    assert ClassWeights.from_json(values) is None


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ("even", "“none”, “balanced” or a weight by class"),
        ([1, 2], "“none”, “balanced” or a weight by class"),
        ({"a": "3"}, "the weight of “a” is not a number"),
        ({"a": float("nan")}, "the weight of “a” is not a number"),
        ({"a": 0}, "the weight of “a” is 0"),
        ({"a": -2}, "the weight of “a” is -2"),
        ({"a": 1e9}, "the weight of “a” is 1e[+]09"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(values: object, problem: str) -> None:
    with pytest.raises(DataProblem, match=problem):
        ClassWeights.from_json(values)


def test_weights_of_unknown_classes_and_of_other_tasks_are_refused() -> None:
    spec = replace(table_spec(), class_weights=ClassWeights(by_class={"hihg": 2.0}))
    with pytest.raises(DataProblem, match="no class “hihg” in “label”"):
        check_class_weights(spec, ["high", "low"])
    with pytest.raises(DataProblem, match="these are multi-label"):
        check_class_weights(replace(spec, task=MLTask.MULTI_LABEL), ["hihg"])
