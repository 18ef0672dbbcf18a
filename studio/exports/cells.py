"""The cells of a batch as text or as plain values, and the rule that keeps spreadsheet programs from running them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from studio.engine.cell_text import array_text

Batches = Iterable[pa.RecordBatch]

_FORMULA = r"^[=+\-@\t\r\n][\s\S]"
_PLAIN_NUMBER = r"^[+-][0-9.,]*[0-9][0-9.,]*([eE][+-]?[0-9]+)?%?$"


def neutral(text: str) -> str:
    """The text with an apostrophe before it if a spreadsheet program could take it for a formula."""
    return str(neutral_texts(pa.array([text], pa.string()))[0].as_py())


def neutral_texts(texts: pa.Array) -> pa.Array:
    """The same for an array of texts."""
    is_formula = pc.match_substring_regex(texts, _FORMULA)
    if not pc.any(is_formula).as_py():
        return texts
    is_risk = pc.and_not(is_formula, pc.match_substring_regex(texts, _PLAIN_NUMBER))
    return pc.if_else(is_risk, pc.binary_join_element_wise("'", texts, ""), texts)


def is_plain(kind: pa.DataType) -> bool:
    """Whether the values are numbers or truth values."""
    return bool(pt.is_boolean(kind) or pt.is_integer(kind) or pt.is_floating(kind))


def plain_values(array: pa.Array) -> list[bool | int | float | None]:
    """Numbers and truth values as Python has them; NaN and infinities are missing."""
    if pt.is_floating(array.type):
        # By way of the text, so that a float32 does not show digits that it never had.
        return [_finite(text) for text in array_text(array).to_pylist()]
    values: list[bool | int | float | None] = array.to_pylist()
    return values


def _finite(text: str | None) -> float | None:
    value = math.nan if text is None else float(text)
    return value if math.isfinite(value) else None
