"""Converts fitted classifiers of tables to ONNX."""

from __future__ import annotations

from typing import Any

import onnx
from onnx import helper
from onnxmltools.convert import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType as LightGBMFloats
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType

from studio.engine.exchange.graph import ML_DOMAIN, ML_OPSET, OPSET, NotExportable
from studio.engine.models.linear.logistic import TableLogistic
from studio.engine.models.network import SmallNetwork
from studio.engine.models.trees import BoostingClassifier, ForestClassifier

PROBABILITIES = "probabilities"
_LIGHTGBM_OPSET = 15  # the newest that its converter writes


def converted(classifier: Any) -> tuple[onnx.ModelProto, bool]:
    """Return a model with the input `X` and an output of probabilities, and whether it computes in
    float64, as its classifier does.
    """
    match classifier:
        case BoostingClassifier():
            types = [("X", LightGBMFloats([None, classifier.booster.num_feature()]))]
            model = convert_lightgbm(
                classifier.booster,
                initial_types=types,
                zipmap=False,
                target_opset=_LIGHTGBM_OPSET,
            )
            return model, False
        case ForestClassifier():
            return _forest(classifier.trees), False
        case TableLogistic():
            return _sklearn(classifier.model, DoubleTensorType), True
        case SmallNetwork():
            return _sklearn(classifier.network, DoubleTensorType), True
        case _:
            raise NotExportable(
                f"One of the model's members is a {type(classifier).__name__}, for which there is"
                " no converter to ONNX."
            )


def _forest(trees: Any) -> onnx.ModelProto:
    """Return the forest, with the sides of missing values, which its converter leaves out."""
    model = _sklearn(trees, FloatTensorType)
    (node,) = (one for one in model.graph.node if one.op_type == "TreeEnsembleClassifier")
    attributes = {one.name: one for one in node.attribute}
    places = zip(attributes["nodes_treeids"].ints, attributes["nodes_nodeids"].ints, strict=True)
    goes_left = [
        int(trees.estimators_[tree].tree_.missing_go_to_left[place]) for tree, place in places
    ]
    name = "nodes_missing_value_tracks_true"
    if name in attributes:
        node.attribute.remove(attributes[name])
    node.attribute.append(helper.make_attribute(name, goes_left))
    return model


def _sklearn(model: Any, kind: Any) -> onnx.ModelProto:
    found: onnx.ModelProto = convert_sklearn(
        model,
        initial_types=[("X", kind([None, model.n_features_in_]))],
        options={id(model): {"zipmap": False}},
        target_opset={"": OPSET, ML_DOMAIN: ML_OPSET},
    )
    return found
