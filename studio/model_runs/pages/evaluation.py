"""The page of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from django.http import QueryDict
from django.urls import reverse

from cleansets.row_address import ALL_ROWS as EVERY_ISSUE
from cleansets.row_address import RowQuery
from studio.charts import Chart
from studio.engine.evaluation.metrics import METRICS, Metric
from studio.engine.ml_task import MLTask
from studio.engine.schema import Part
from studio.figures import rounded
from studio.model_runs.evaluation_file import (
    ALL_ROWS,
    LABELS,
    LEARNED_ROWS,
    USED,
    VERIFIED,
    measured_ways,
    read_evaluation,
)
from studio.model_runs.models import ModelRun, Origin
from studio.model_runs.pages.checklist import checklist
from studio.model_runs.pages.classes import class_table
from studio.model_runs.pages.curves import (
    confidence_chart,
    mean_chart,
    mean_curves,
    precision_chart,
    reliability_chart,
    roc_chart,
)
from studio.model_runs.pages.matrix import MODES, matrix
from studio.model_runs.pages.numbers import MIN_ROWS, given_chart, group_chart, residual_chart
from studio.model_runs.pages.thresholds import threshold_panel
from studio.model_runs.run_row_sets import among
from studio.model_runs.selectors import comparable_runs, n_verified_rows, rows_of_parts

ROWS = {
    ALL_ROWS: "all rows",
    "training": "rows for training",
    "validation": "rows for validation",
    "test": "rows for testing",
    LEARNED_ROWS: "rows for training and validation",
}


# By simulation; see docs/evaluation.md.
_FEW_ROWS = 100
_FEW_ROWS_OF_A_CLASS = 20
_MANY_ROWS_OF_A_CLASS = 50
_NOTICEABLE = 0.02  # fraction of wrong labels, from which the page says what they do to metrics


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A metric formatted for the page."""

    metric: Metric
    value: str
    interval: str
    caveat: str = ""


@dataclass(frozen=True, slots=True)
class SliceLine:
    """A slice on which the model is worse."""

    description: str
    n_rows: int
    error: str
    elsewhere: str
    difference: str
    p_value: str
    url: str


def evaluation_context(run: ModelRun, params: QueryDict) -> dict[str, object]:
    """Build the context of an evaluated run's page."""
    ways = measured_ways(run.evaluation_key)
    labels = _one_of(params.get("labels", ""), [way[0] for way in ways], USED)
    of_labels = [rows for name, rows in ways if name == labels]
    rows = _one_of(params.get("rows", ""), of_labels, rows_that_count(run, of_labels))
    document = read_evaluation(run.evaluation_key, labels, rows)
    is_whole = (labels, rows) == (USED, ALL_ROWS)
    review_url = ""
    if is_whole and run.cleanset is not None:
        review_url = run.cleanset.get_absolute_url()
    n_verified = n_verified_rows(run)
    return {
        "labels": labels,
        "rows": rows,
        "labels_choices": [(name, LABELS[name]) for name in dict.fromkeys(way[0] for way in ways)],
        "rows_choices": [(name, ROWS[name]) for name in of_labels],
        "measured": f"{ROWS[rows]}, by {LABELS[labels]}",
        "n_measured": n_measured(document),
        "wrong_fraction": _wrong_fraction(run, labels),
        "metrics": metric_lines(document, run.task),
        "classes": class_table(
            run, document, params.get("sort", ""), params.get("dir", ""), review_url
        ),
        "matrix": matrix(run, document, params.get("matrix", "counts"), review_url),
        "matrix_modes": MODES,
        "charts": _charts(run, document, params, review_url),
        "curve_class": params.get("class", ""),
        "curve_classes": list(document.get("curves") or {}),
        "residual_columns": _residual_columns(document),
        "residual_column": _column_in_view(document, params),
        "threshold": threshold_panel(run, params),
        "slices": _slices(run, document, review_url),
        "n_slices_tested": document.get("n_slices_tested", 0),
        "checklist": checklist(run, document, rows_of_parts(run), n_verified),
        "others": list(comparable_runs(run)[:50]),
        "address": _address(params),
    }


def rows_that_count(run: ModelRun, parts: list[str]) -> str:
    """Return which rows a run is shown by first: a deployed model by those for testing, if it was
    kept from them. An analysis is shown by all rows, which can be opened.
    """
    if run.origin != Origin.MODEL or Part.TEST.value not in parts:
        return ALL_ROWS
    assert run.cleanset is not None
    return ALL_ROWS if run.cleanset.spec().split is None else Part.TEST.value


def _wrong_fraction(run: ModelRun, labels: str) -> float | None:
    """Return the estimated fraction of wrong given labels, where they bias what is measured."""
    is_probable = run.task is not MLTask.REGRESSION and run.origin != Origin.IMPORT
    if labels == VERIFIED or not is_probable or run.cleanset is None:
        return None
    noise = run.cleanset.manifest.get("label_noise") or {}
    wrong_fraction = noise.get("wrong_fraction")
    if wrong_fraction is None or wrong_fraction < _NOTICEABLE:
        return None
    return float(wrong_fraction)


def metric_lines(document: Mapping[str, Any], task: MLTask) -> list[MetricLine]:
    """Return the metrics of a task in order, with their intervals."""
    lines = []
    for metric in METRICS[task]:
        found = document["metrics"].get(metric.key)
        if found is not None and found["value"] is not None:
            interval = ""
            if found["low"] is not None:
                low = figure(metric, found["low"])
                high = figure(metric, found["high"])
                interval = f"{low} to {high}"
            caveat = _caveat(metric.key, document) if interval else ""
            lines.append(MetricLine(metric, figure(metric, found["value"]), interval, caveat))
    return lines


def _caveat(key: str, document: Mapping[str, Any]) -> str:
    """Say how often the interval holds the truth, where that is less than 95% by simulation."""
    if key == "expected_calibration_error":
        return "Of an almost calibrated model, this interval holds the truth 86 to 91% of the time."
    if key == "brier_score" and n_measured(document) < _FEW_ROWS:
        return (
            f"Of fewer than {_FEW_ROWS} rows, this interval holds the truth 91 to 96% of the time."
        )
    sizes = [one["labeled"] for one in document.get("per_class") or [] if one["labeled"]]
    rows_of_a_class = median(sizes) if sizes else _MANY_ROWS_OF_A_CLASS
    if key == "average_precision_macro" and rows_of_a_class < _MANY_ROWS_OF_A_CLASS:
        return (
            "This interval holds the truth 81 to 90% of the time with five rows per class, 90% with"
            " twenty, 94% with fifty."
        )
    if key.startswith("roc_auc") and rows_of_a_class < _FEW_ROWS_OF_A_CLASS:
        return "Of classes with about five rows, this interval holds the truth 93% of the time."
    return ""


def figure(metric: Metric, value: float | None) -> str:
    """Format a value: fractions in percent, areas and losses as numbers, an undefined one as a
    dash.
    """
    if value is None:
        return "–"
    is_number = metric.key in _AS_NUMBERS
    return rounded(value) if is_number else f"{value:.1%}"


_AS_NUMBERS = frozenset(
    {
        "log_loss", "brier_score", "roc_auc_ovr_macro", "roc_auc_macro", "r2",
        "mean_absolute_error", "root_mean_squared_error", "median_absolute_error",
    }
)  # fmt: skip


def _charts(
    run: ModelRun, document: Mapping[str, Any], params: QueryDict, review_url: str
) -> dict[str, Chart]:
    charts: dict[str, Chart] = {}
    if run.task is MLTask.REGRESSION:
        charts["given"] = given_chart(document["predicted_against_given"])
        if document["residuals"]:
            charts["residuals"] = residual_chart(document["residuals"])
        if by := _column_in_view(document, params):
            charts["by_column"] = _group_chart(run, document, by, review_url)
        return charts
    curves = document.get("curves")
    if curves:
        charts |= _class_charts(document, curves, params.get("class", ""))
    if "reliability" in document:
        error = document["metrics"].get("expected_calibration_error", {}).get("value")
        charts["reliability"] = reliability_chart(document["reliability"], error)
        bars_url = review_url if run.task is MLTask.MULTI_CLASS else ""
        charts["confidence"] = confidence_chart(run, document["confidence"], bars_url)
    return charts


def _residual_columns(document: Mapping[str, Any]) -> list[str]:
    return [one["column"] for one in document.get("residuals_by_column", [])]


def _column_in_view(document: Mapping[str, Any], params: QueryDict) -> str:
    """Return the chosen column, else the one whose worst group is farthest off."""
    columns = _residual_columns(document)
    wanted = params.get("by", "")
    if wanted in columns or not columns:
        return wanted if columns else ""
    worst = max(
        document["residuals_by_column"],
        key=lambda one: max(
            (
                group["mean_absolute_error"]
                for group in one["groups"]
                if group["n_rows"] >= MIN_ROWS
            ),
            default=0.0,
        ),
    )
    return str(worst["column"])


def _group_chart(run: ModelRun, document: Mapping[str, Any], column: str, review_url: str) -> Chart:
    place = _residual_columns(document).index(column)
    groups = document["residuals_by_column"][place]["groups"]
    urls = []
    for number in range(len(groups)):
        query = RowQuery(issue=EVERY_ISSUE, among=among(run, "group", place, number))
        urls.append(f"{review_url}?{query.params()}" if review_url else "")
    return group_chart(column, groups, urls)


def _class_charts(
    document: Mapping[str, Any], curves: Mapping[str, Any], wanted: str
) -> dict[str, Chart]:
    """Return the curves of one class, or the mean curves if none is selected."""
    table = curves.get(wanted)
    if table is not None:
        figures = next(one for one in document["per_class"] if one["class"] == wanted)
        return {
            "roc": roc_chart(wanted, table, figures["roc_auc"]["value"]),
            "precision": precision_chart(wanted, table, figures["average_precision"]),
        }
    means = mean_curves(list(curves.values()))
    if means is None:
        return {}
    return {
        "roc": mean_chart(
            "On average, this share of a class is found for that share of wrongly found rows.",
            means[0],
            "False positive rate",
            "Recall",
        ),
        "precision": mean_chart(
            "On average, this much of what is predicted is right when that share is found.",
            means[1],
            "Recall",
            "Precision",
        ),
    }


def _slices(run: ModelRun, document: Mapping[str, Any], review_url: str) -> list[SliceLine]:
    is_share = run.task is not MLTask.REGRESSION
    lines = []
    for number, one in enumerate(document.get("slices") or []):
        query = RowQuery(issue=EVERY_ISSUE, among=among(run, "slice", number))
        gap = one["difference"]
        lines.append(
            SliceLine(
                description=one["description"],
                n_rows=one["n_rows"],
                error=error_text(one["error"], is_share=is_share),
                elsewhere=error_text(one["error_elsewhere"], is_share=is_share),
                difference=(
                    f"{error_text(gap['value'], is_share=is_share)}"
                    f" ({error_text(gap['low'], is_share=is_share)} to"
                    f" {error_text(gap['high'], is_share=is_share)})"
                ),
                p_value="< 0.001" if one["p_value"] < 0.001 else f"{one['p_value']:.3f}",
                url=f"{review_url}?{query.params()}" if review_url else "",
            )
        )
    return lines


def error_text(value: float, *, is_share: bool) -> str:
    return f"{value:.1%}" if is_share else rounded(value)


def n_measured(document: Mapping[str, Any]) -> int:
    """Return how many rows a document is measured on."""
    if "n_rows" in document:
        return int(document["n_rows"])
    return int(document["measured_on"]["n_rows"])


def _one_of(value: str, choices: list[str], default: str) -> str:
    return value if value in choices else default


def _address(params: QueryDict) -> str:
    """Return the query string without the choices of one table, for the links of that table."""
    kept = params.copy()
    for name in ("sort", "dir", "matrix", "class", "by"):
        kept.pop(name, None)
    return kept.urlencode()


def crumbs(run: ModelRun) -> list[tuple[str, str]]:
    """Return the breadcrumbs of the run."""
    return [
        ("Projects", f"{reverse('dashboard')}#projects"),
        (run.project.name, run.project.get_absolute_url()),
        ("Model runs", reverse("evaluations", args=[run.project_id])),
    ]
