"""The canonical text of typed values: what a cell of a typed table looks like once every cell is
text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

_LARGE = 1e7  # from here on numpy writes a float32 with an exponent, Python with all its digits


def array_text(array: pa.Array) -> pa.Array:
    """Write every value of an Arrow array as text; missing values and NaN become null.

    Parameters
    ----------
    array
        Any type. Integers are written without ".0", floats as the shortest text that reads back to
        the same value, booleans as True and False, timestamps as ``2024-01-31 09:30:00`` (with the
        fraction and the offset where there is one), lists and structs as JSON.

    Returns
    -------
    pa.Array
        Of type string, same length.

    Raises
    ------
    UnicodeDecodeError
        For binary values that are not UTF-8 text.

    Examples
    --------
    >>> array_text(pa.array([1.0, 0.1, float("nan")])).to_pylist()
    ['1.0', '0.1', None]
    """
    if pt.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pt.is_string(array.type):
        return array
    if pt.is_large_string(array.type) or pt.is_string_view(array.type) or pt.is_integer(array.type):
        return array.cast(pa.string())
    if pt.is_boolean(array.type):
        return pc.if_else(array, "True", "False")
    if pt.is_timestamp(array.type):
        return _timestamp_text(array)
    if pt.is_floating(array.type):
        return _float_texts(array)
    return pa.array([_value_text(value) for value in array.to_pylist()], pa.string())


def _float_texts(array: pa.Array) -> pa.Array:
    values = array.to_numpy(zero_copy_only=False)
    is_missing = np.isnan(values)
    if not pt.is_float64(array.type):
        # By its own text, or 0.3 would show the digits that float32 never had: 0.30000001192092896.
        singles = values.astype(np.float32)
        own_texts = singles.astype(str)
        if not np.any(np.abs(singles) >= _LARGE):
            return pa.array(own_texts, pa.string(), mask=is_missing)
        values = own_texts.astype(np.float64)
    return pa.array(list(map(repr, values.tolist())), pa.string(), mask=is_missing)


def _timestamp_text(array: pa.Array) -> pa.Array:
    # Arrow writes as many digits as the unit has and the offset as +0100.
    texts = pc.replace_substring_regex(array.cast(pa.string()), r"(\.\d*?)0+(Z|[+-]\d+|$)", r"\1\2")
    texts = pc.replace_substring_regex(texts, r"\.(Z|[+-]\d+|$)", r"\1")
    texts = pc.replace_substring_regex(texts, r"Z$", "+00:00")
    return pc.replace_substring_regex(texts, r"([+-]\d\d)(\d\d)$", r"\1:\2")


def _value_text(value: object) -> str | None:
    for types, write in _WRITERS:
        if isinstance(value, types):
            return write(value)
    raise TypeError(f"No text form for {type(value).__name__}")


def _float_text(value: float) -> str | None:
    return None if math.isnan(value) else repr(value)


def _nested_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_value_text)


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[..., str | None]], ...] = (
    (type(None), lambda _: None),
    (str, str),
    (float, _float_text),
    ((int, Decimal, timedelta), str),
    (datetime, lambda value: value.isoformat(sep=" ")),
    ((date, time), lambda value: value.isoformat()),
    (bytes, lambda value: value.decode("utf-8")),
    ((list, tuple, dict), _nested_text),
)
