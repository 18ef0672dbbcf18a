"""An exported model predicts the same in another runtime, or is refused with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnxruntime
import pandas as pd
import pytest

from studio.engine.exchange import export
from studio.engine.exchange.export import LABEL, onnx_inputs, onnx_of
from studio.engine.exchange.graph import NotExportable
from studio.engine.exchange.members import PROBABILITIES, converted
from studio.engine.fitting.class_factors import WeightedCalibration
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.models.linear import LinearSVMClassifier
from studio.engine.models.linear.logistic import TableLogistic
from studio.engine.models.network import SmallNetwork
from studio.engine.models.trees import BoostingClassifier, ForestClassifier
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.train import train_model
from studio.engine.recipes.trained import TrainedModel
from studio.engine.schema import CleansetSpec
from studio.engine.schema.class_weights import ClassWeights
from studio.engine.table.columns import ColumnKind

N_ROWS = 240
KINDS = {
    "size": ColumnKind.NUMBER,
    "is_new": ColumnKind.BOOLEAN,
    "notes": ColumnKind.CATEGORICAL,
    "code": ColumnKind.IDENTIFIER,
}


def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(100, 30, N_ROWS)
    notes = np.array(["bonus +10", "late -2.5", "plain", ""], dtype=object)[
        rng.integers(4, size=N_ROWS)
    ]
    frame = pd.DataFrame(
        {
            "size": [f"{value:.3f}" for value in size],
            "is_new": np.array(["yes", "no"])[rng.integers(2, size=N_ROWS)],
            "notes": notes,
            "code": [f"{number:03}" for number in rng.integers(70, size=N_ROWS)],
        }
    ).astype(object)
    frame.loc[::17, "size"] = None
    score = np.nan_to_num(size) + 25 * (notes == "bonus +10")
    frame["kind"] = np.select([score < 90, score < 120], ["small", "medium"], "large")
    return frame


def trained(*candidates: str, **changes: object) -> TrainedModel:
    spec = CleansetSpec(
        task=MLTask.MULTI_CLASS,
        modality=Modality.TABULAR,
        mode=Mode.FAST,
        feature_columns=tuple(KINDS),
        column_kinds=KINDS,
        label_column="kind",
        only_candidates=candidates,
    )
    frame = table()
    spec = replace(spec, **changes)
    return train_model(frame, frame["kind"].tolist(), spec)


def unseen() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "size": [None, "95.5", "250", "-3", None],
            "is_new": ["yes", None, "no", "yes", None],
            "notes": ["plain", "bonus +10", None, "late -2.5", None],
            "code": ["003", "069", "001", None, None],
        }
    )


def test_exported_model_predicts_rows_that_it_has_not_seen_as_the_studio_does() -> None:
    model = trained()
    session = onnxruntime.InferenceSession(onnx_of(model, table()))
    probabilities, labels = session.run([PROBABILITIES, LABEL], onnx_inputs(model, unseen()))
    expected = predict_frame(model, unseen())
    assert np.abs(probabilities - expected.pred_probs).max() <= 1e-5
    assert labels[:, 0].tolist() == expected.suggested_label


def test_a_model_that_was_fitted_with_class_weights_is_exported_with_their_factors() -> None:
    weights = ClassWeights(by_class={"small": 5.0})
    model = trained("linear", class_weights=weights, n_folds=2)
    assert isinstance(model.members[0].calibration, WeightedCalibration)
    session = onnxruntime.InferenceSession(onnx_of(model, table()))
    (probabilities,) = session.run([PROBABILITIES], onnx_inputs(model, unseen()))
    assert np.abs(probabilities - predict_frame(model, unseen()).pred_probs).max() <= 1e-5


CLASSIFIERS = {
    "boosting": BoostingClassifier(n_rounds=20),
    "forest": ForestClassifier(n_trees=20),
    "network": SmallNetwork(),
    "logistic regression": TableLogistic(),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_are_converted_with_their_handling_of_missing_numbers(name: str) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(400, 3)).astype(np.float32)
    codes = (features[:, 0] > 0) + (features[:, 1] > 1).astype(np.int32)
    if name in ("boosting", "forest"):
        features[rng.random(features.shape) < 0.2] = np.nan
    classifier = CLASSIFIERS[name].fit(features, codes.astype(np.int32))
    model, is_double = converted(classifier)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    given = features.astype(np.float64) if is_double else features
    (found,) = session.run([PROBABILITIES], {"X": given})
    assert np.abs(found - classifier.predict_proba(features)).max() <= 1e-5


def test_export_says_by_how_much_its_probabilities_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained("linear")
    monkeypatch.setattr(export, "MAX_DIFFERENCE", -1.0)
    with pytest.raises(NotExportable, match="differ by up to"):
        onnx_of(model, table())


def test_members_without_a_converter_are_named() -> None:
    with pytest.raises(NotExportable, match="LinearSVMClassifier"):
        converted(LinearSVMClassifier(C=0.1))


def test_columns_that_onnx_cannot_read_are_named() -> None:
    model = trained("linear", column_kinds=KINDS | {"notes": ColumnKind.URL})
    with pytest.raises(NotExportable, match="The column “notes” is a date, a web address"):
        onnx_of(model, table())
