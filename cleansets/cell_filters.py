"""Conditions on the uploaded cells of a row, as SQL for DuckDB."""

from __future__ import annotations

from dataclasses import dataclass

from cleansets.label_text import number
from cleansets.row_address import CellFilter
from studio import cell_sql
from studio.engine.conventions import Convention
from studio.sql import blank_sql, quoted, text_literal


@dataclass(frozen=True, slots=True)
class CellReading:
    """How the cells of a column are compared: as timestamps or as numbers, by their convention."""

    is_moment: bool = False
    convention: Convention | None = None


def cells_condition(part: CellFilter, reading: CellReading) -> tuple[str, list[object]]:
    """Return the condition of one filter and its parameters."""
    cell = quoted(part.column)
    if part.kind == "missing":
        return blank_sql(cell), []
    if part.kind == "filled":
        return f"NOT {blank_sql(cell)}", []
    if part.kind == "is":
        return f"{cell} = ?", [part.value]
    if part.kind == "has":
        return f"contains(lower({cell}), lower(?))", [part.value]
    sign = ">=" if part.kind == "min" else "<="
    if reading.is_moment:
        order = reading.convention or Convention.YEAR_FIRST
        end = cell_sql.moment(text_literal(part.value), order)
        return f"{cell_sql.moment(cell, order)} {sign} {end}", []
    convention = reading.convention or Convention.POINT
    value = number(part.value, convention)
    if value is None:
        return "false", []  # nothing lies beyond what is not a number
    return f"{cell_sql.number(cell, convention)} {sign} ?", [value]
