"""Exports a trained model to ONNX, where the exported model predicts the same."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import onnxruntime
import pandas as pd
from onnx import TensorProto

from studio.engine.exchange.columns import Columns
from studio.engine.exchange.graph import Graph, NotExportable
from studio.engine.exchange.members import PROBABILITIES, converted
from studio.engine.features.column_encoders import ReadNumbers
from studio.engine.features.tabular import Reader, TableFeatures
from studio.engine.fitting.calibration import Calibration
from studio.engine.fitting.class_factors import WeightedCalibration
from studio.engine.fitting.learners import ClassifierLearner
from studio.engine.fitting.metrics import PROBABILITY_FLOOR
from studio.engine.ml_task import MLTask, Modality
from studio.engine.recipes.predict import predict_values
from studio.engine.recipes.trained import FittedMember, TrainedModel
from studio.engine.table.cells import Table

MAX_DIFFERENCE = 1e-5  # of a probability
LABEL = "label"
_DOC = (
    "Inputs, each of shape (n, 1): numbers with NaN where missing, true and false as 1 and 0;"
    " categories as stripped texts, empty where missing. Categories that the training data did not"
    " have count as rare. Outputs: the likeliest class, and the probabilities of the classes in"
    " alphabetical order: {classes}."
)


def onnx_of(model: TrainedModel, frame: pd.DataFrame) -> bytes:
    """Return the model in ONNX.

    Parameters
    ----------
    model
        A trained model.
    frame
        Rows of its training table, as text or None, on which both are compared.

    Raises
    ------
    NotExportable
        If the model reads or computes what ONNX cannot, or if a probability differs by more than
        `MAX_DIFFERENCE`; the message says which.
    """
    _check_kind(model)
    graph = Graph()
    levels = {name: sorted(known.levels) for name, known in model.levels.items()}
    columns = Columns(graph, levels)
    mixed = _mixed(model, graph, columns)
    # Columns in the order of their names, as in the studio
    order = np.argsort(np.asarray(model.label_format.classes, dtype=object))
    by_name = graph.add("Gather", mixed, graph.constant(order, np.int64), axis=1)
    prior = graph.constant([model.prior[0][order]], np.float32)
    probabilities = graph.add("Where", columns.is_missing(), prior, by_name)
    names = graph.constant(model.classes, np.object_)
    best = graph.add("ArgMax", probabilities, axis=1, keepdims=1)
    label = graph.add("Gather", names, best)
    exported = graph.model(
        [
            (LABEL, label, TensorProto.STRING, [None, 1]),
            (PROBABILITIES, probabilities, TensorProto.FLOAT, [None, len(model.classes)]),
        ],
        _DOC.format(classes=", ".join(model.classes)),
    )
    _check_same(model, exported, frame)
    return exported


def onnx_inputs(model: TrainedModel, frame: pd.DataFrame) -> dict[str, npt.NDArray[np.generic]]:
    """Return the inputs of the exported model for rows as the training table has them."""
    table = Table.of(frame, model.feature_columns).read_as(model.spec.conventions)
    inputs: dict[str, npt.NDArray[np.generic]] = {}
    for featuriser in model.featurisers.values():
        assert isinstance(featuriser, TableFeatures)
        for name, encoder in featuriser.encoders.items():
            cells = table[name]
            if isinstance(encoder, ReadNumbers):
                inputs[name] = encoder.read(cells)[:, None]
            else:
                stripped = np.array([cell.strip() for cell in cells.distinct.tolist()], object)
                inputs[name] = stripped[cells.codes][:, None]
    return inputs


def _check_kind(model: TrainedModel) -> None:
    if model.spec.modality is not Modality.TABULAR:
        raise NotExportable(
            "The model reads text, for which ONNX has no operators that split words as the studio"
            " does."
        )
    if model.spec.task is not MLTask.MULTI_CLASS:
        raise NotExportable("Only models of one class per row can be exported to ONNX.")


def _mixed(model: TrainedModel, graph: Graph, columns: Columns) -> str:
    """Return the calibrated probabilities of all members together, float32, shape (n, K)."""
    features: dict[str, str] = {}
    total = ""
    for member in model.members:
        featuriser = model.featurisers[member.view]
        if not isinstance(featuriser, TableFeatures):
            raise NotExportable(
                "The model reads text with a sentence encoder, which is no part of an ONNX file."
            )
        if member.view not in features:
            features[member.view] = columns.features(featuriser.encoders, Reader(member.view))
        probabilities = _member(member, len(model.classes), features[member.view], graph)
        weighted = graph.add("Mul", probabilities, graph.constant(member.weight, np.float32))
        total = graph.add("Add", total, weighted) if total else weighted
    return _calibrated(total, model.calibration, graph)


def _member(member: FittedMember, n_classes: int, features: str, graph: Graph) -> str:
    learner = member.learner
    assert isinstance(learner, ClassifierLearner)
    classifier = learner.classifier
    if len(classifier.classes_) != n_classes:
        raise NotExportable("A member of the model does not know all classes.")
    model, is_double = converted(classifier)
    if is_double:
        features = graph.cast(features, TensorProto.DOUBLE)
    probabilities = graph.embed(model, features, PROBABILITIES)
    if is_double:
        probabilities = graph.cast(probabilities, TensorProto.FLOAT)
    return _calibrated(probabilities, member.calibration, graph)


def _calibrated(probabilities: str, calibration: Calibration, graph: Graph) -> str:
    if isinstance(calibration, WeightedCalibration):
        floor = graph.constant(PROBABILITY_FLOOR, np.float32)
        factors = graph.constant(np.array(calibration.class_factors), np.float32)
        # The sum of a row, by which factors would be divided, cancels in the softmax.
        probabilities = graph.add("Mul", graph.add("Max", probabilities, floor), factors)
    logs = graph.add("Log", probabilities)
    scaled = graph.add("Div", logs, graph.constant(calibration.temperature, np.float32))
    return graph.add("Softmax", scaled, axis=1)


def _check_same(model: TrainedModel, exported: bytes, frame: pd.DataFrame) -> None:
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    (found,) = session.run([PROBABILITIES], onnx_inputs(model, frame))
    difference = float(np.abs(found - predict_values(model, frame)).max())
    if not difference <= MAX_DIFFERENCE:
        raise NotExportable(
            f"The exported model's probabilities differ by up to {difference:.2g} from the"
            f" studio's; {MAX_DIFFERENCE:g} is allowed."
        )
