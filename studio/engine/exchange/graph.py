"""Collects the nodes of an ONNX graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
ML_OPSET = 3
ML_DOMAIN = "ai.onnx.ml"


class NotExportable(Exception):
    """The message says why, in a sentence for the user."""


class Graph:
    """Nodes in the order in which they are added; each has one output, whose name is returned."""

    def __init__(self) -> None:
        self.inputs: list[onnx.ValueInfoProto] = []
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def number_input(self, name: str) -> str:
        """Add an input of numbers, NaN where missing, shape (n, 1)."""
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, 1]))
        return name

    def text_input(self, name: str) -> str:
        """Add an input of texts, empty where missing, shape (n, 1)."""
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.STRING, [None, 1]))
        return name

    def constant(self, values: Any, dtype: Any) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = f"node_{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(operator, list(inputs), [name], domain=domain, **attributes)
        )
        return name

    def cast(self, values: str, to: int) -> str:
        return self.add("Cast", values, to=to)

    def embed(self, model: onnx.ModelProto, features: str, output: str) -> str:
        """Add all nodes of a model whose input is `X`; return its output of this name."""
        prefix = f"member_{len(self._nodes)}/"
        graph = onnx.compose.add_prefix(model, prefix).graph
        self._nodes.append(helper.make_node("Identity", [features], [f"{prefix}X"]))
        self._nodes.extend(graph.node)
        self._constants.extend(graph.initializer)
        return f"{prefix}{output}"

    def model(self, outputs: list[tuple[str, str, int, list[int | None]]], doc: str) -> bytes:
        """Return the checked model; each output has its name, its node, its type and its shape."""
        for name, node, _, _ in outputs:
            self._nodes.append(helper.make_node("Identity", [node], [name]))
        graph = helper.make_graph(
            self._nodes,
            "cleanset-studio",
            self.inputs,
            [helper.make_tensor_value_info(name, kind, shape) for name, _, kind, shape in outputs],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML_DOMAIN, ML_OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        model.doc_string = doc
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())
