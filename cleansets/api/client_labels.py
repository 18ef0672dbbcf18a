"""Typed labels for API clients: integers, numbers, booleans or text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from cleansets.models import Cleanset
from cleansets.row_query import RowSource
from projects.selectors import column_profiles
from studio import cell_sql
from studio.engine.conventions import Convention
from studio.engine.ml_task import MLTask
from studio.engine.table.columns import ColumnKind
from studio.sql import blank_sql, filled_sql

_INTEGER = "-?(0|[1-9][0-9]{0,17})"  # as Python writes it, so that it comes back unchanged
_NUMBER = r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_BOOLEAN = "True|False|true|false|TRUE|FALSE"
_TEXT_KINDS = (ColumnKind.TEXT, ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER)


class LabelType(StrEnum):
    """Type of a label column; MIXED is a numeric column in which some labels are not numbers."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    STRING = "string"
    MIXED = "any"


_PATTERNS = {LabelType.INTEGER: _INTEGER, LabelType.NUMBER: _NUMBER, LabelType.BOOLEAN: _BOOLEAN}


def given_type(cleanset: Cleanset, source: RowSource) -> LabelType:
    """Return the type of all uploaded labels; text if the file or its uploader declares it."""
    if cleanset.task in (MLTask.MULTI_LABEL, MLTask.UNSUPERVISED):
        return LabelType.STRING
    if cleanset.task is MLTask.REGRESSION:
        is_integer = _all_are(source, "uploaded_label", LabelType.INTEGER)
        return LabelType.INTEGER if is_integer else LabelType.NUMBER
    version = cleanset.version
    name = cleanset.project.label_column
    label = {profile.name: profile for profile in column_profiles(version)}.get(name)
    is_declared_text = (
        label is not None and label.kind in _TEXT_KINDS and label.inferred_kind not in _TEXT_KINDS
    )
    if is_declared_text or name in version.text_columns:
        return LabelType.STRING
    for kind in _PATTERNS:
        if _all_are(source, "uploaded_label", kind):
            return kind
    return LabelType.STRING


def column_type(source: RowSource, column: str, uploaded: LabelType) -> LabelType:
    """Return the type of a label column: that of the uploaded labels if all cells fit it."""
    if uploaded is LabelType.STRING or _all_are(source, column, uploaded):
        return uploaded
    if uploaded is LabelType.INTEGER and _all_are(source, column, LabelType.NUMBER):
        return LabelType.NUMBER
    return LabelType.MIXED


def class_type(classes: Sequence[str], uploaded: LabelType) -> LabelType:
    """Return the type of the class names: text as soon as people added one of another type."""
    pattern = _PATTERNS.get(uploaded)
    if pattern is None or all(re.fullmatch(pattern, name) for name in classes):
        return uploaded
    return LabelType.STRING


def _all_are(source: RowSource, column: str, kind: LabelType) -> bool:
    labels = f"SELECT DISTINCT {column} AS label FROM rows WHERE NOT {blank_sql(column)}"
    [(is_each,)] = source.fetch(
        f"SELECT bool_and(regexp_full_match(trim(label), ?)) FROM ({labels})", [_PATTERNS[kind]]
    )
    return is_each is not False


def label_sql(column: str, kind: LabelType, convention: Convention) -> str:
    """Return SQL that converts text to labels; a blank given label becomes NULL."""
    text = f"trim({filled_sql(column)})"
    if kind is LabelType.INTEGER:
        return f"CAST({text} AS BIGINT)"
    if kind is LabelType.NUMBER:
        return cell_sql.number(text, convention)
    if kind is LabelType.BOOLEAN:
        return f"CAST(lower({text}) AS BOOLEAN)"
    if kind is LabelType.MIXED:
        whole = f"regexp_full_match({column}, '{_INTEGER}')"
        return (
            f"CASE WHEN {whole} THEN to_json(CAST({column} AS BIGINT)) ELSE to_json({column}) END"
        )
    return column


def typed(labels: pa.Array, kind: LabelType) -> pa.Array:
    """Convert an array of class names to the type of the given labels."""
    if kind is LabelType.INTEGER:
        return labels.cast(pa.int64())
    if kind is LabelType.NUMBER:
        return labels.cast(pa.float64())
    if kind is LabelType.BOOLEAN:
        return pc.equal(pc.utf8_lower(labels), "true")
    return labels
