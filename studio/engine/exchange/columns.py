"""Encodes the columns of a table in ONNX as the featurisers of tables do."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from onnx import TensorProto

from studio.engine.exchange.graph import ML_DOMAIN, Graph, NotExportable
from studio.engine.features.column_encoders import (
    MAX_LEVELS_IN_DISTANCES,
    UNLIKE,
    Categories,
    ColumnEncoder,
    NamedLevels,
    ReadNumbers,
    signed_numbers,
)
from studio.engine.features.number_column import LINEAR_UNITS, NumberFeatures
from studio.engine.features.tabular import Reader
from studio.engine.table.cells import Cells


class Columns:
    """The inputs of a graph, and their encodings for each reader."""

    def __init__(self, graph: Graph, levels: dict[str, list[str]]) -> None:
        self._graph = graph
        self._levels = levels
        self._inputs: dict[str, str] = {}

    def features(self, encoders: dict[str, ColumnEncoder], reader: Reader) -> str:
        """Return the encoded columns side by side, float32, shape (n, d)."""
        parts = []
        for name, encoder in encoders.items():
            if isinstance(encoder, ReadNumbers):
                parts.append(self._number(self._number_input(name), encoder.number, reader))
            elif isinstance(encoder, Categories) and encoder.reads_cells_as_they_are:
                parts.append(self._categories(name, encoder, reader))
            else:
                raise NotExportable(
                    f"The column “{name}” is a date, a web address or a text, which ONNX has no"
                    " operators to read as the studio does."
                )
        if len(parts) == 1:
            return parts[0]
        return self._graph.add("Concat", *parts, axis=1)

    def is_missing(self) -> str:
        """Return whether all cells of a row are missing, shape (n, 1)."""
        checks = []
        for name, node in self._inputs.items():
            if self._is_text(name):
                empty = self._graph.constant([[""]], np.object_)
                checks.append(self._graph.add("Equal", node, empty))
            else:
                checks.append(self._graph.add("IsNaN", node))
        every = checks[0]
        for check in checks[1:]:
            every = self._graph.add("And", every, check)
        return every

    def _is_text(self, name: str) -> bool:
        (found,) = (one for one in self._graph.inputs if one.name == name)
        return bool(found.type.tensor_type.elem_type == TensorProto.STRING)

    def _number_input(self, name: str) -> str:
        if name not in self._inputs:
            self._inputs[name] = self._graph.number_input(name)
        return self._inputs[name]

    def _text_input(self, name: str) -> str:
        if name not in self._inputs:
            self._inputs[name] = self._graph.text_input(name)
        return self._inputs[name]

    def _number(self, values: str, number: NumberFeatures, reader: Reader) -> str:
        graph = self._graph
        if reader is Reader.TREES:
            return graph.cast(values, TensorProto.FLOAT)
        missing = graph.add("IsNaN", values)
        filled = graph.add("Where", missing, graph.constant([[number.median]], np.float64), values)
        units = self._units(filled, number)
        if reader is Reader.DISTANCES:
            return graph.cast(units, TensorProto.FLOAT)
        columns = [units]
        if len(number.knots):
            beyond = graph.add("Sub", units, graph.constant([number.knots], np.float64))
            columns.append(graph.add("Max", beyond, graph.constant([[0.0]], np.float64)))
        if number.has_missing:
            columns.append(graph.cast(missing, TensorProto.DOUBLE))
        return graph.cast(graph.add("Concat", *columns, axis=1), TensorProto.FLOAT)

    def _units(self, values: str, number: NumberFeatures) -> str:
        """Return robust units, which beyond some grow logarithmically."""
        graph = self._graph
        one = graph.constant([[1.0]], np.float64)
        centred = graph.add("Sub", values, graph.constant([[number.median]], np.float64))
        units = graph.add("Div", centred, graph.constant([[number.spread]], np.float64))
        limit = graph.constant([[LINEAR_UNITS]], np.float64)
        times = graph.add("Max", graph.add("Div", graph.add("Abs", units), limit), one)
        growth = graph.add("Add", one, graph.add("Log", times))
        return graph.add("Mul", graph.add("Div", units, times), growth)

    def _categories(self, name: str, encoder: Categories, reader: Reader) -> str:
        graph = self._graph
        cells = self._text_input(name)
        rare = len(encoder.codes)
        missing = rare + 1
        if reader is Reader.DISTANCES:
            n_levels = min(rare, MAX_LEVELS_IN_DISTANCES)
            codes = {level: min(code, n_levels) for level, code in encoder.codes.items()}
            one_hot = self._one_hot(cells, codes, n_levels)
            parts = [graph.add("Mul", one_hot, graph.constant([[UNLIKE]], np.float32))]
        elif reader is Reader.LINEAR:
            parts = [self._one_hot(cells, encoder.codes, rare)]
        else:
            coded = self._looked_up(cells, {**encoder.codes, "": missing}, float(rare))
            is_missing = graph.add("Equal", coded, graph.constant([[missing]], np.float32))
            nothing = graph.constant([[np.nan]], np.float32)
            parts = [graph.add("Where", is_missing, nothing, coded)]
            if encoder.order is not None:
                places = {level: place for place, level in enumerate(encoder.order)}
                parts.append(self._looked_up(cells, places, np.nan))
        if isinstance(encoder, NamedLevels):
            parts.insert(0, self._number(self._signed(name, cells), encoder.numbers, reader))
        if len(parts) == 1:
            return parts[0]
        return graph.add("Concat", *parts, axis=1)

    def _one_hot(self, cells: str, codes: dict[str, int], rare: int) -> str:
        coded = self._looked_up(cells, {**codes, "": rare + 1}, float(rare))
        places = self._graph.constant([np.arange(rare + 2)], np.float32)
        return self._graph.cast(self._graph.add("Equal", coded, places), TensorProto.FLOAT)

    def _signed(self, name: str, cells: str) -> str:
        levels = self._levels.get(name, [])
        numbers: npt.NDArray[np.float64] = signed_numbers(Cells.of(levels))
        found = {
            level: number for level, number in zip(levels, numbers.tolist(), strict=True) if number
        }
        return self._graph.cast(self._looked_up(cells, found, 0.0), TensorProto.DOUBLE)

    def _looked_up(
        self, cells: str, values: dict[str, float] | dict[str, int], other: float
    ) -> str:
        """Return a number for each text, float32, shape (n, 1)."""
        if not values:
            zeros = self._graph.cast(self._graph.add("Equal", cells, cells), TensorProto.FLOAT)
            return self._graph.add("Mul", zeros, self._graph.constant([[other]], np.float32))
        return self._graph.add(
            "LabelEncoder",
            cells,
            domain=ML_DOMAIN,
            keys_strings=list(values),
            values_floats=[float(value) for value in values.values()],
            default_float=other,
        )
