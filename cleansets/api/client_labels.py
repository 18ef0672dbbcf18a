"""Labels with the type that they have in a program: whole numbers, numbers, truth values, or text."""

from __future__ import annotations

from contextlib import closing
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from cleansets.models import Cleanset
from cleansets.row_query import RowSource
from projects.selectors import column_profiles
from studio.engine.columns import ColumnKind
from studio.engine.ml_task import MLTask

_INTEGER = "-?(0|[1-9][0-9]{0,17})"  # as Python writes it, so that nothing changes on the way there and back
_NUMBER = r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
_BOOLEAN = "True|False|true|false|TRUE|FALSE"
_TEXT_KINDS = (ColumnKind.TEXT, ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER)


class LabelType(StrEnum):
    """What a column of labels holds; MIXED is a column of numbers with some labels that are none."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    STRING = "string"
    MIXED = "any"


_PATTERNS = {LabelType.INTEGER: _INTEGER, LabelType.NUMBER: _NUMBER, LabelType.BOOLEAN: _BOOLEAN}


def given_type(cleanset: Cleanset, source: RowSource) -> LabelType:
    """Return the type of the given labels: what all of them are, unless the file or its uploader says: text."""
    if cleanset.task in (MLTask.MULTI_LABEL, MLTask.UNSUPERVISED):
        return LabelType.STRING
    if cleanset.task is MLTask.REGRESSION:
        return LabelType.INTEGER if _all_are(source, "given_label", LabelType.INTEGER) else LabelType.NUMBER
    version, name = cleanset.project.version, cleanset.project.label_column
    label = {profile.name: profile for profile in column_profiles(version)}.get(name)
    is_said = label is not None and label.kind in _TEXT_KINDS and label.inferred_kind not in _TEXT_KINDS
    if is_said or name in version.text_columns:
        return LabelType.STRING
    return next((kind for kind in _PATTERNS if _all_are(source, "given_label", kind)), LabelType.STRING)


def column_type(source: RowSource, column: str, given: LabelType) -> LabelType:
    """Return the type of suggested or corrected labels: that of the given ones where all of them can have it."""
    if given is LabelType.STRING or _all_are(source, column, given):
        return given
    if given is LabelType.INTEGER and _all_are(source, column, LabelType.NUMBER):
        return LabelType.NUMBER
    return LabelType.MIXED


def _all_are(source: RowSource, column: str, kind: LabelType) -> bool:
    table = "reviews" if column == "corrected_label" else "issues"
    labels = f"SELECT DISTINCT {column} AS label FROM {table} WHERE trim({column}) != ''"
    with closing(source.connect()) as connection:
        found = connection.execute(
            f"SELECT bool_and(regexp_full_match(trim(label), ?)) FROM ({labels})", [_PATTERNS[kind]]
        ).fetchone()
    return found is not None and found[0] is not False


def label_sql(column: str, kind: LabelType) -> str:
    """Return the SQL that makes labels of text; a blank given label is none."""
    text = f"nullif(trim({column}), '')"
    if kind is LabelType.INTEGER:
        return f"CAST({text} AS BIGINT)"
    if kind is LabelType.NUMBER:
        return f"try_cast({text} AS DOUBLE)"
    if kind is LabelType.BOOLEAN:
        return f"CAST(lower({text}) AS BOOLEAN)"
    if kind is LabelType.MIXED:
        whole = f"regexp_full_match({column}, '{_INTEGER}')"
        return f"CASE WHEN {whole} THEN to_json(CAST({column} AS BIGINT)) ELSE to_json({column}) END"
    return column


def typed(labels: pa.Array, kind: LabelType) -> pa.Array:
    """Return an array of class names with the type of the given labels."""
    if kind is LabelType.INTEGER:
        return labels.cast(pa.int64())
    if kind is LabelType.NUMBER:
        return labels.cast(pa.float64())
    if kind is LabelType.BOOLEAN:
        return pc.equal(pc.utf8_lower(labels), "true")
    return labels
