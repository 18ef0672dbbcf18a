"""Issue rates by the values of other columns: which source is the bad one."""

from __future__ import annotations

from dataclasses import dataclass

from cleansets import selectors
from cleansets.analytics.rates import ColumnRates, column_rates, counted_flag, rows_of
from cleansets.models import Cleanset
from cleansets.row_address import ALL_ROWS
from studio.engine.stopping.issue_rates import SIGNIFICANT, IssueRate

N_VALUES = 8  # of a column that are shown; the rest is folded away
N_COLUMNS = 12


@dataclass(frozen=True, slots=True)
class RateLine:
    """A value with its rows and its issue rate."""

    value: str
    n_rows: int
    n_issues: int
    rate: float
    bar: float
    rate_of_rest: float
    significance: str
    is_worse: bool
    rows: str


@dataclass(frozen=True, slots=True)
class RatePanel:
    """A column with its values, the most remarkable ones first."""

    column: str
    title: str
    lines: list[RateLine]
    more: list[RateLine]


def rate_panels(cleanset: Cleanset) -> dict[str, object]:
    """Build the panels, and the sentence above them."""
    columns = column_rates(cleanset)
    has_labels = counted_flag(selectors.row_source(cleanset)) == "is_label_issue"
    issue = "label_issue" if has_labels else ALL_ROWS
    worst = [rate for column in columns for rate in column.rates if rate.is_worse]
    return {
        "rates_title": _title(columns, worst),
        "rate_panels": [_panel(column, issue) for column in columns[:N_COLUMNS]],
        "n_columns_left_out": max(0, len(columns) - N_COLUMNS),
        "rates_noun": "label issues" if has_labels else "issues",
    }


def _title(columns: list[ColumnRates], worst: list[IssueRate]) -> str:
    if not columns:
        return ""
    if not worst:
        return "No column tells rows with issues from others: all differences may be chance"
    first = min(worst, key=lambda rate: (rate.p_value, -rate.rate))
    factor = first.rate / first.rate_of_rest if first.rate_of_rest else 0.0
    name = f"{first.group.column} = {first.group.value or '(missing)'}"
    if not factor:
        return f"{name} has all of the issues"
    return f"{name} has {factor:.1f} times as many issues per row as the others"


def _panel(column: ColumnRates, issue: str) -> RatePanel:
    highest = max((rate.rate for rate in column.rates), default=0.0) or 1.0
    lines = [_line(column, rate, issue, highest) for rate in column.rates]
    if column.by_month:
        lines.sort(key=lambda found: found.value)
        return RatePanel(column.column, f"{column.column}, by month", lines, [])
    return RatePanel(column.column, column.column, lines[:N_VALUES], lines[N_VALUES:])


def _line(column: ColumnRates, rate: IssueRate, issue: str, highest: float) -> RateLine:
    significance = "may be chance"
    if rate.p_value < SIGNIFICANT:
        word = "more" if rate.is_worse else "fewer"
        p_value = "< 0.001" if rate.p_value < 0.001 else f"= {rate.p_value:.3f}"
        significance = f"{word} than chance, p {p_value}"
    return RateLine(
        value=rate.group.value,
        n_rows=rate.group.n_rows,
        n_issues=rate.group.n_issues,
        rate=rate.rate,
        bar=rate.rate / highest,
        rate_of_rest=rate.rate_of_rest,
        significance=significance,
        is_worse=rate.is_worse,
        rows=rows_of(column, rate, issue).params(),
    )
