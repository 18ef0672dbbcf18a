"""How frequent issues are by the values of other columns."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass

from cleansets import selectors
from cleansets.analytics.kept import kept_for_good
from cleansets.models import Cleanset
from cleansets.row_address import ALL_ROWS, CellFilter, RowQuery
from cleansets.row_query import RowSource
from projects.readers.column_profile import ColumnProfile
from projects.selectors import column_profiles
from studio import cell_sql
from studio.engine.conventions import Convention
from studio.engine.stopping.issue_rates import GroupCounts, IssueRate, issue_rates
from studio.engine.table.columns import ColumnKind
from studio.sql import blank_sql, quoted

MAX_VALUES = 200  # of a column whose values are looked at
MIN_ROWS = 5  # of a value
MAX_INTEGERS = 30  # more of them are a quantity, not a name


@dataclass(frozen=True, slots=True)
class ColumnRates:
    """The issue rates of a column's values, those least explained by chance first."""

    column: str
    by_month: bool
    rates: tuple[IssueRate, ...]

    @property
    def p_value(self) -> float:
        """The smallest one of its values."""
        return min((rate.p_value for rate in self.rates), default=1.0)


def column_rates(cleanset: Cleanset) -> list[ColumnRates]:
    """Return the rates of each column with few values, and of each date by month.

    The columns least explained by chance come first. All values of all columns are corrected
    together for how many were looked at. Labels count where there are any, else all issues.
    """
    return kept_for_good(cleanset, "column_rates", lambda: _column_rates(cleanset))


def _column_rates(cleanset: Cleanset) -> list[ColumnRates]:
    source = selectors.row_source(cleanset)
    flag = counted_flag(source)
    if not flag:
        return []
    [(n_rows, n_issues)] = source.fetch(f"SELECT count(*), count(*) FILTER ({flag}) FROM issues")
    groups: list[GroupCounts] = []
    months: set[str] = set()
    for profile in column_profiles(cleanset.version):
        if profile.name == cleanset.project.label_column:
            continue
        value = _value_sql(cleanset, profile)
        if value is None:
            continue
        # Row i of the results is row i of the table. Each different cell is read once.
        cell = quoted(profile.name)
        found = source.fetch(
            f"""SELECT {value} AS value, sum(n_rows)::BIGINT, sum(n_issues)::BIGINT FROM (
                SELECT {cell}, count(*) AS n_rows, count(*) FILTER (is_counted) AS n_issues
                FROM {source.own_rows_sql}
                POSITIONAL JOIN (SELECT {flag} AS is_counted FROM issues)
                GROUP BY 1) AS own_rows
            GROUP BY 1 LIMIT {MAX_VALUES + 1}"""
        )
        if not 2 <= len(found) <= MAX_VALUES:
            continue
        if profile.kind == ColumnKind.DATETIME:
            months.add(profile.name)
        groups.extend(
            GroupCounts(profile.name, group or "", n, n_with)
            for group, n, n_with in found
            if n >= MIN_ROWS
        )
    by_column: dict[str, list[IssueRate]] = {}
    for rate in issue_rates(groups, n_rows, n_issues):
        by_column.setdefault(rate.group.column, []).append(rate)
    rates = [ColumnRates(name, name in months, tuple(found)) for name, found in by_column.items()]
    return sorted(rates, key=lambda column: column.p_value)


def counted_flag(source: RowSource) -> str:
    """Return the condition of the rows that count: label issues, or else any of the others."""
    if "is_label_issue" in source.result_columns:
        return "is_label_issue"
    flags = ("is_outlier", "is_near_duplicate", "is_empty_text")
    return " OR ".join(flag for flag in flags if flag in source.result_columns)


def rows_of(column: ColumnRates, rate: IssueRate, issue: str) -> RowQuery:
    """Return the view of the rows that have one of the values and an issue."""
    value = rate.group.value
    cells: tuple[CellFilter, ...] = (CellFilter(column.column, "is", value),)
    if not value:
        cells = (CellFilter(column.column, "missing"),)
    elif column.by_month:
        cells = (
            CellFilter(column.column, "min", f"{value}-01"),
            CellFilter(column.column, "max", _end_of_month(value)),
        )
    return RowQuery(issue=issue or ALL_ROWS, cells=cells)


def _end_of_month(month: str) -> str:
    """Return the last second of a month, as in 2025-02-28 23:59:59."""
    year, number = (int(part) for part in month.split("-"))
    return f"{month}-{monthrange(year, number)[1]} 23:59:59"


def _value_sql(cleanset: Cleanset, profile: ColumnProfile) -> str | None:
    """Return SQL for the value by which rows are grouped; None if the column has too many."""
    cell = f"own_rows.{quoted(profile.name)}"
    if profile.kind == ColumnKind.DATETIME:
        written = cleanset.project.conventions.get(profile.name)
        order = Convention(written) if written else Convention.YEAR_FIRST
        return f"strftime(make_timestamp(({cell_sql.moment(cell, order)} * 1e6)::BIGINT), '%Y-%m')"
    most = {ColumnKind.NUMBER: 0, ColumnKind.INTEGER: MAX_INTEGERS}.get(profile.kind, MAX_VALUES)
    if profile.n_distinct > most:
        return None
    return f"CASE WHEN {blank_sql(cell)} THEN NULL ELSE {cell} END"
