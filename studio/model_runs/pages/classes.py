"""The table of per-class metrics, graded by the guide's thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cleansets.row_address import ALL_ROWS, RowQuery
from studio.model_runs.models import ModelRun
from studio.model_runs.run_row_sets import among

GOOD = 0.8
WEAK = 0.5


@dataclass(frozen=True, slots=True)
class MetricColumn:
    """A column of the table: its key, name, meaning, and whether it is a fraction."""

    key: str
    name: str
    meaning: str
    is_share: bool = True
    is_marked: bool = False


COLUMNS = (
    MetricColumn("labeled", "Labeled", "Rows whose label is the class", is_share=False),
    MetricColumn("predicted", "Predicted", "Rows whose prediction is the class", is_share=False),
    MetricColumn(
        "true_positives", "TP", "True positives: labeled and predicted so", is_share=False
    ),
    MetricColumn(
        "false_positives", "FP", "False positives: predicted, not labeled so", is_share=False
    ),
    MetricColumn(
        "false_negatives", "FN", "False negatives: labeled, not predicted so", is_share=False
    ),
    MetricColumn("true_negatives", "TN", "True negatives: neither", is_share=False),
    MetricColumn(
        "recall",
        "Recall",
        "True positive rate: of the rows labeled so, how many are found",
        is_marked=True,
    ),
    MetricColumn(
        "precision",
        "Precision",
        "Of the rows predicted so, how many are labeled so",
        is_marked=True,
    ),
    MetricColumn("f1", "F1", "The harmonic mean of recall and precision", is_marked=True),
    MetricColumn(
        "false_positive_rate", "FPR", "Of the rows labeled otherwise, how many are predicted so"
    ),
    MetricColumn("specificity", "Specificity", "Of the rows labeled otherwise, how many are not"),
    MetricColumn("prevalence", "Prevalence", "The share of rows that are labeled so"),
    MetricColumn(
        "roc_auc",
        "ROC AUC",
        "How often a row of the class is ranked before another: 0.5 is chance, 1 is perfect",
    ),
)
_BY_KEY = {column.key: column for column in COLUMNS}


@dataclass(frozen=True, slots=True)
class Figure:
    """A cell of the table; `mark` is good, fair or weak where the guide has a threshold."""

    column: MetricColumn
    text: str
    interval: str = ""
    mark: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ClassLine:
    """A row of the table."""

    name: str
    figures: list[Figure]


@dataclass(frozen=True, slots=True)
class ClassTable:
    """The sorted table; the template builds the addresses of other orders."""

    columns: tuple[MetricColumn, ...]
    lines: list[ClassLine]
    sort: str
    is_ascending: bool
    n_weak: int


def class_table(
    run: ModelRun, document: Mapping[str, Any], sort: str, direction: str, review_url: str
) -> ClassTable | None:
    """Build the table, by default sorted with the worst F1 first."""
    per_class = document.get("per_class") or []
    if not per_class:
        return None
    sort = sort if sort in _BY_KEY or sort == "class" else "f1"
    is_ascending = direction != "desc"
    codes = list(range(len(per_class)))
    codes.sort(key=lambda code: _sort_key(per_class[code], sort), reverse=not is_ascending)
    lines = [_line(run, code, per_class[code], review_url) for code in codes]
    n_weak = sum(
        any(figure.mark == "weak" for figure in line.figures if figure.column.key == "f1")
        for line in lines
    )
    return ClassTable(COLUMNS, lines, sort, is_ascending, n_weak)


def _sort_key(figures: Mapping[str, Any], sort: str) -> tuple[bool, Any]:
    value = figures["class"].lower() if sort == "class" else _value(figures[sort])
    return value is None, value if value is not None else 0


def _value(figure: Any) -> Any:
    return figure["value"] if isinstance(figure, Mapping) else figure


def _line(run: ModelRun, code: int, figures: Mapping[str, Any], review_url: str) -> ClassLine:
    urls: dict[str, str] = {}
    if review_url:
        for key, what in (("false_negatives", "missed"), ("false_positives", "wrongly")):
            query = RowQuery(issue=ALL_ROWS, among=among(run, what, code))
            urls[key] = f"{review_url}?{query.params()}"
        query = RowQuery(issue=ALL_ROWS, among=among(run, "cell", code, code))
        urls["true_positives"] = f"{review_url}?{query.params()}"
    cells = [_figure(column, figures[column.key], urls.get(column.key, "")) for column in COLUMNS]
    return ClassLine(figures["class"], cells)


def _figure(column: MetricColumn, figure: Any, url: str) -> Figure:
    value = _value(figure)
    if value is None:
        return Figure(column, "–")
    if not column.is_share:
        return Figure(column, f"{value:,}", url=url if value else "")
    text = f"{value:.3f}" if column.key == "roc_auc" else f"{value:.1%}"
    interval = ""
    if isinstance(figure, Mapping) and figure["low"] is not None:
        interval = f"95%: {figure['low']:.3f} to {figure['high']:.3f}"
    mark = ""
    if column.is_marked:
        mark = "good" if value >= GOOD else "weak" if value < WEAK else "fair"
    return Figure(column, text, interval, mark)
