"""The SQL behind a column's profile; every query reads one column, in little memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from projects.readers.facts import ROW_ID
from projects.readers.kinds import (
    CODE_PATTERN,
    MAX_SPELLINGS,
    PLACEHOLDER_PATTERN,
    UNSPACED_PATTERN,
    URL_PATTERN,
    CellCounts,
)
from projects.readers.sampled_numbers import SampledNumbers
from studio import cell_sql
from studio.engine.conventions import (
    Convention,
    DateEvidence,
    FoundConvention,
    NumberEvidence,
    find_date_order,
    find_decimal,
)
from studio.engine.conventions.date_patterns import COMPACT_PATTERN, DATETIME_PATTERN
from studio.engine.conventions.number_patterns import (
    INTEGER_PATTERN,
    NUMBER_PATTERN,
    OPEN_POINT_PATTERN,
)
from studio.sql import filled_sql, quoted, text_literal

# Above this the estimate is kept: counting exactly would take hundreds of megabytes.
MAX_EXACT_DISTINCT = 3_000_000
# Distinct cells up to which patterns are matched once per distinct cell, not once per row.
_MAX_GROUPED = 20_000
# Rows on which numbers are compared with those of other columns and with the order of the rows.
_N_SAMPLED_ROWS = 10_000
# The first columns of the query in `ColumnQueries.facts`, in its order.
_COUNTS = ("n_rows", "n_missing", "n_integer", "n_number", "n_code", "n_datetime", "n_url",
"n_placeholder",
           "n_unspaced", "n_with_digit", "n_spaces", "n_written", "n_compact_date")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Distinct:
    """The number of distinct values, and whether it is an estimate."""

    count: int
    is_estimated: bool


EVERY_ROW = Distinct(0, is_estimated=True)  # so that cells are not grouped first


@dataclass(frozen=True, slots=True)
class Axis:
    """Numbers in SQL for cells that can be read as numbers or moments, null for the others."""

    expression: str
    lowest: float
    highest: float


class ColumnQueries:
    """Queries over one text column of a table in a Parquet file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, parquet: Path, column: str) -> None:
        self._connection = connection
        name = quoted(column)
        cell = filled_sql(name)
        # Not a view over the file: in a wide table, expanding its star costs more than the query.
        table = f"read_parquet({text_literal(str(parquet))})"
        self._cells = (
            f'(SELECT "{ROW_ID}" AS row_id, {cell} AS cell, trim({name}) AS bare FROM {table})'
        )

    def facts(self, distinct: Distinct) -> CellCounts:
        """Return all counts that a kind is inferred from, in one scan."""
        # A number matches nothing else, so few patterns are tried on most cells. CASE evaluates a
        # branch only on the cells that remain; AND in a filter evaluates it on all.
        is_written = (
            "CASE WHEN is_number OR NOT regexp_matches(bare, '[^[:ascii:]]|[0-9]') THEN false "
            f"ELSE {cell_sql.is_written_number('bare')} END"
        )
        is_unspaced = f"regexp_matches(bare, {text_literal(UNSPACED_PATTERN)})"
        row = self._one(f"""
            SELECT sum(n), coalesce(sum(n) FILTER (WHERE cell IS NULL), 0),
                   {_count(f"is_number AND {_matches(INTEGER_PATTERN)}")}, {_count("is_number")},
                   {_count(f"is_number AND {_matches(CODE_PATTERN)}")},
                   {_count(f"NOT is_number AND {_matches(DATETIME_PATTERN)}")},
                   {_count(f"NOT is_number AND {_matches(URL_PATTERN)}")},
                   {_count(f"NOT is_number AND {_matches(PLACEHOLDER_PATTERN)}")},
                   {_count(f"NOT is_number AND {is_unspaced}")},
                   {_count("is_number OR regexp_matches(bare, '[0-9]')")},
                   coalesce(sum(n * (length(bare) - length(replace(bare, ' ', '')))), 0),
                   {_count(is_written)}, {_count(f"is_number AND {_matches(COMPACT_PATTERN)}")},
                   coalesce(sum(n * length(cell)) / sum(n) FILTER (WHERE cell IS NOT NULL), 0),
                   min(x), max(x)
            FROM (SELECT *, {_matches(NUMBER_PATTERN)} AS is_number, {_NUMBER} AS x
              FROM {self._counted(distinct)})
            """)
        values = self._values() if distinct.count <= MAX_SPELLINGS else frozenset()
        counts = dict(zip(_COUNTS, (int(value) for value in row), strict=False))
        return CellCounts(
            **counts,
            n_distinct=distinct.count,
            mean_length=row[13],
            lowest=row[14],
            highest=row[15],
            values=values,
        )

    def has_written(self) -> bool:
        """Whether any number is not written as programs write them."""
        is_written = cell_sql.is_written_number("bare")
        return self._has(f"CASE WHEN {_matches(NUMBER_PATTERN)} THEN false ELSE {is_written} END")

    def decimal(self, distinct: Distinct, *, has_written: bool) -> FoundConvention:
        """Return the decimal mark.

        Numbers written as programs write them need no closer look if one is surely a decimal.
        """
        if not has_written and (not self._has("contains(bare, '.')") or self._has(_IS_DECIMAL)):
            return FoundConvention(Convention.POINT)
        return find_decimal(
            NumberEvidence(*self._one(cell_sql.number_evidence(self._counted(distinct))))
        )

    def with_written_numbers(
        self, facts: CellCounts, distinct: Distinct, decimal: Convention
    ) -> CellCounts:
        """Return the counts with numbers in any notation included.

        Bounds are included where most numbers are none; else they name ranges, as <30 and >30 do.
        """
        if not facts.n_written and decimal is Convention.POINT:
            return facts
        with_bounds = self._with_numbers(facts, distinct, decimal, "true")
        if with_bounds.n_bounds <= with_bounds.n_number / 2:
            return with_bounds
        return self._with_numbers(facts, distinct, decimal, "NOT is_bound")

    def _with_numbers(
        self, facts: CellCounts, distinct: Distinct, decimal: Convention, which: str
    ) -> CellCounts:
        numbers = (
            f"SELECT *, {cell_sql.number('cell', decimal)} AS x, {cell_sql.is_bound('cell')} AS"
            f" is_bound FROM {self._counted(distinct)}"
        )
        n_number, n_integer, lowest, highest, n_units, n_bounds, n_durations = self._one(
            f"SELECT {_count('true')}, {_count('x = trunc(x)')}, min(x), max(x),"
            f" count(DISTINCT nullif({cell_sql.unit('cell')}, '')), {_count('is_bound')},"
            f" {_count(cell_sql.is_duration('cell'))} FROM ({numbers})"
            f" WHERE x IS NOT NULL AND {which}"
        )
        return replace(
            facts,
            n_number=int(n_number),
            n_integer=int(n_integer),
            lowest=lowest,
            highest=highest,
            n_units=int(n_units),
            n_bounds=int(n_bounds),
            n_durations=int(n_durations),
        )

    def date_order(self, distinct: Distinct) -> FoundConvention:
        """Return the order of day, month and year."""
        return find_date_order(
            DateEvidence(*self._one(cell_sql.date_evidence(self._counted(distinct))))
        )

    def _has(self, condition: str) -> bool:
        found = self._connection.execute(
            f"SELECT 1 FROM {self._cells} WHERE {condition} LIMIT 1"
        ).fetchone()
        return found is not None

    def distinct(self) -> Distinct:
        """Count the distinct values, over 64-bit hashes so that long texts cost no more."""
        estimate = int(self._one(f"SELECT approx_count_distinct(cell) FROM {self._cells}")[0])
        if estimate > MAX_EXACT_DISTINCT:
            return Distinct(estimate, is_estimated=True)
        counted = (
            f"SELECT count(*) FROM (SELECT DISTINCT hash(cell) FROM {self._cells} WHERE cell IS NOT"
            " NULL)"
        )
        return Distinct(int(self._one(counted)[0]), is_estimated=False)

    def most_frequent(self, n_values: int, max_chars: int) -> list[tuple[str, int]]:
        """Return values by descending count, ties by first row; long values are cut."""
        rows = self._connection.execute(f"""
            WITH top AS (
                SELECT min(row_id) AS row_id, count(*) AS n
                  FROM {self._cells} WHERE cell IS NOT NULL
                GROUP BY hash(cell) ORDER BY n DESC, min(row_id) LIMIT {n_values}
            )
            SELECT if(length(cell) > {max_chars}, left(cell, {max_chars}) || '…', cell), n
            FROM top JOIN {self._cells} USING (row_id) ORDER BY n DESC, row_id
            """).fetchall()
        return [(str(value), int(n)) for value, n in rows]

    def words(self, decimal: Convention, n_words: int, max_chars: int) -> list[str]:
        """Return the first distinct cells that are neither numbers nor placeholders."""
        number = cell_sql.number("cell", decimal)
        rows = self._connection.execute(f"""
            SELECT left(bare, {max_chars}) FROM {self._cells}
            WHERE cell IS NOT NULL AND {number} IS NULL AND NOT {_matches(PLACEHOLDER_PATTERN)}
            GROUP BY bare ORDER BY min(row_id) LIMIT {n_words}
            """).fetchall()
        return [str(word) for (word,) in rows]

    def bound(self) -> str:
        """Return the first number that is a bound."""
        return self._first(cell_sql.is_bound("bare"))

    def duration(self) -> str:
        """Return the first number that is a duration."""
        return self._first(cell_sql.is_duration("bare"))

    def _first(self, condition: str) -> str:
        query = f"SELECT bare FROM {self._cells} WHERE {condition} ORDER BY row_id LIMIT 1"
        return str(self._one(query)[0])

    def units(self, n_units: int) -> list[str]:
        """Return the most frequent units of the numbers."""
        rows = self._connection.execute(f"""
            SELECT {cell_sql.unit("cell")} AS unit FROM {self._cells}
            WHERE {cell_sql.is_written_number("cell")} AND unit != ''
            GROUP BY unit ORDER BY count(*) DESC, unit LIMIT {n_units}
            """).fetchall()
        return [str(unit) for (unit,) in rows]

    def partition(self) -> str:
        """Return a hash that two columns share if they group the rows alike.

        One is then a renaming of the other.
        """
        digest = self._one(f"""
            SELECT bit_xor(hash(members)) FROM (
                SELECT bit_xor(hash(row_id + 1)) AS members
                  FROM {self._cells} GROUP BY hash(cell)  -- hash(0) is 0
            )
            """)[0]
        return f"{int(digest):016x}"

    def sampled_numbers(self, n_rows: int, decimal: Convention) -> SampledNumbers:
        """Return the cells of about ten thousand rows as numbers, in file order.

        The rows are the same for every column.
        """
        step = 1 + n_rows // _N_SAMPLED_ROWS
        number = cell_sql.number("cell", decimal)
        found = self._connection.execute(
            f"SELECT row_id, {number} AS x FROM {self._cells} WHERE hash(row_id + 1) % {step} = 0"
            " ORDER BY row_id"
        ).fetchnumpy()
        numbers = np.ma.filled(np.ma.asarray(found["x"], dtype=np.float64), np.nan)
        return SampledNumbers(np.asarray(found["row_id"]), numbers)

    def number_axis(self, decimal: Convention) -> Axis | None:
        """Return the axis of the cells as numbers, None if there are none."""
        return self._axis(cell_sql.number("cell", decimal))

    def moment_axis(self, order: Convention) -> Axis | None:
        """Return the axis of the cells as seconds since 1970, None if there are none."""
        return self._axis(cell_sql.moment("cell", order))

    def bin_counts(self, axis: Axis, edges: Sequence[float]) -> list[int]:
        """Count the cells between neighbouring edges, which are equally spaced."""
        n_bins = len(edges) - 1
        # Divided before subtracting, since the difference may overflow a float.
        width = edges[-1] / n_bins - edges[0] / n_bins
        rows = self._connection.execute(
            f"""
            SELECT greatest(0, least({n_bins - 1},
              floor(x / $width - $first / $width)))::INTEGER AS bin, count(*)
            FROM (SELECT {axis.expression} AS x FROM {self._cells}) WHERE x IS NOT NULL GROUP BY bin
            """,
            {"width": width, "first": edges[0]},
        ).fetchall()
        counts = [0] * n_bins
        for position, n in rows:
            counts[position] = n
        return counts

    def missing_by_part(self, n_rows: int, n_parts: int) -> list[int]:
        """Count the missing cells in each of equally long parts of the file."""
        rows = self._connection.execute(
            f"SELECT row_id * {n_parts} // {n_rows} AS part, count(*) FROM {self._cells}"
            " WHERE cell IS NULL GROUP BY part"
        ).fetchall()
        counts = [0] * n_parts
        for part, n in rows:
            counts[part] = n
        return counts

    def _axis(self, expression: str) -> Axis | None:
        lowest, highest = self._one(
            f"SELECT min({expression}), max({expression}) FROM {self._cells}"
        )
        if lowest is None or not math.isfinite(lowest) or not math.isfinite(highest):
            return None
        return Axis(expression, float(lowest), float(highest))

    def _counted(self, distinct: Distinct) -> str:
        """Return SQL for the distinct cells with counts, or for every row if most cells differ."""
        if distinct.is_estimated or distinct.count > _MAX_GROUPED:
            return f"(SELECT cell, bare, 1 AS n FROM {self._cells})"
        return (
            f"(SELECT cell, any_value(bare) AS bare, count(*) AS n FROM {self._cells} GROUP BY"
            " cell)"
        )

    def _values(self) -> frozenset[str]:
        rows = self._connection.execute(
            f"SELECT DISTINCT lower(bare) FROM {self._cells} WHERE cell IS NOT NULL"
        ).fetchall()
        return frozenset(value for (value,) in rows)

    def _one(self, query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] | None = self._connection.execute(query).fetchone()
        assert row is not None
        return row


def _matches(pattern: str) -> str:
    return cell_sql.matches("bare", pattern)


def _count(condition: str) -> str:
    return f"coalesce(sum(n) FILTER (WHERE {condition}), 0)"


# A cast alone would also take words such as 'inf', and digits with underscores.
_NUMBER = f"if({_matches(NUMBER_PATTERN)}, try_cast(bare AS DOUBLE), NULL)"
_IS_DECIMAL = (
    f"contains(bare, '.') AND {_matches(NUMBER_PATTERN)} AND NOT"
    f" {_matches(f'[+-]?{OPEN_POINT_PATTERN}')}"
)
