"""`/api/v1/cleansets`: figures of a whole cleanset, and when its review can stop."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from cleansets.access import ready_cleanset_or_404
from cleansets.analytics.advice import advice
from cleansets.analytics.classes import (
    class_counts,
    estimated_labels,
    issue_types,
    issues_by_class,
)
from cleansets.analytics.rates import column_rates
from cleansets.analytics.stopping import stopping
from cleansets.api.schemas import IntervalOut
from studio.engine.errors import DataProblem
from studio.engine.schema.health import Health

router = Router(tags=["Cleansets"])


class NextRowsOut(Schema):
    """What reviewing the next undecided label issues is worth, highest scores first."""

    n_rows: int
    errors: IntervalOut = Field(description="How many of them are wrong.")
    accuracy: IntervalOut = Field(
        description=(
            "Gain in held-out accuracy of the present models, measured against the labels as they"
            " then are; between 0 and 1. For tasks with one class per row."
        )
    )


class ScorePrecisionOut(Schema):
    """How likely flagged labels of about this score are wrong."""

    score: float
    n_rows: int
    n_wrong: int = Field(description="Rows that were found wrong.")
    n_right: int = Field(description="Rows that were kept.")
    precision: IntervalOut


class StoppingOut(Schema):
    """What the decisions so far say of the rows that are left."""

    advice: str = Field(description="Whether to review more, in one sentence.")
    n_flagged: int
    n_open: int = Field(description="Label issues that are undecided.")
    n_wrong: int = Field(description="Label issues that a person found wrong.")
    n_right: int = Field(description="Label issues that a person kept.")
    flagged_wrong: IntervalOut = Field(description="How many of all label issues are wrong.")
    left_flagged: IntervalOut = Field(description="How many of the undecided ones are.")
    left_unflagged: IntervalOut | None = Field(
        description=(
            "How many of the undecided labels that are not flagged are wrong, by the random rows"
            " that were reviewed; null without any."
        )
    )
    assumed_unflagged: IntervalOut | None = Field(
        description="What the models assume of these; nobody has checked it."
    )
    n_random: int = Field(description="Reviewed rows that chance drew.")
    n_random_wrong: int
    next_rows: list[NextRowsOut]
    curve: list[NextRowsOut] = Field(description="The same, from none to all that are left.")
    precision: list[ScorePrecisionOut] = Field(description="By score, highest first.")


class ClassOut(Schema):
    """A class with its issues; noise and quality are null where no model judged it."""

    name: str
    n_given: int
    n_now: int = Field(description="Rows that have it now, without excluded ones.")
    n_issues: dict[str, int] = Field(description="Rows given it, by kind of issue.")
    noise: float | None = Field(description="Share of the rows given it that are another class.")
    inverse_noise: float | None = Field(
        description="Share of the rows of this class that are given another."
    )
    quality: float | None


class MatrixCellOut(Schema):
    """Rows by given and estimated true label, without excluded ones.

    The estimated label is the one that people decided, else the suggested one of a label issue,
    else the given one.
    """

    given: str
    estimated: str
    n_rows: int


class IssueRateOut(Schema):
    """How frequent issues are among rows with one value, and elsewhere."""

    column: str
    value: str = Field(description="Empty where cells are; a month such as 2025-03 of a date.")
    n_rows: int
    n_issues: int
    rate: float
    rate_of_rest: float
    p_value: float = Field(description="Two-sided, corrected for all values that were looked at.")
    is_worse: bool = Field(description="Whether there are more issues than chance explains.")


@router.get("/{uuid:cleanset_id}/stopping", response=StoppingOut)
def cleanset_stopping(request: HttpRequest, cleanset_id: UUID) -> dict[str, Any]:
    """Estimate how many errors are left and what reviewing more rows is worth.

    Every interval is a 90% interval.
    """
    found = stopping(ready_cleanset_or_404(request, cleanset_id))
    if found is None:
        raise DataProblem("This cleanset has no label issues, so there is nothing to estimate.")
    return asdict(found) | {"advice": advice(found)}


@router.get("/{uuid:cleanset_id}/classes", response=list[ClassOut])
def cleanset_class_list(request: HttpRequest, cleanset_id: UUID) -> list[dict[str, Any]]:
    """List the classes with their issues; none for tasks without classes."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    keys = [issue.key for issue in issue_types(cleanset)]
    issues = {
        row.name: dict(zip(keys, row.counts, strict=True)) for row in issues_by_class(cleanset)
    }
    health = {row.name: row for row in Health.from_dict(cleanset.health).classes}
    classes = []
    for count in class_counts(cleanset):
        judged = health.get(count.name)
        classes.append(
            {
                "name": count.name,
                "n_given": count.n_given,
                "n_now": count.n_now,
                "n_issues": issues.get(count.name, dict.fromkeys(keys, 0)),
                "noise": None if judged is None else judged.noise,
                "inverse_noise": None if judged is None else judged.inverse_noise,
                "quality": None if judged is None else judged.quality,
            }
        )
    return classes


@router.get("/{uuid:cleanset_id}/noise-matrix", response=list[MatrixCellOut])
def cleanset_noise_matrix(request: HttpRequest, cleanset_id: UUID) -> list[dict[str, Any]]:
    """List the cells of the noise matrix that have rows, most rows first.

    Where rows have several classes, a cell is a pair of sets.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    found = [
        {"given": given, "estimated": estimated, "n_rows": n_rows}
        for (given, estimated), n_rows in estimated_labels(cleanset).items()
        if given is not None and estimated is not None and n_rows
    ]
    return sorted(found, key=lambda cell: (-cell["n_rows"], cell["given"], cell["estimated"]))


@router.get("/{uuid:cleanset_id}/issue-rates", response=list[IssueRateOut])
def cleanset_issue_rates(request: HttpRequest, cleanset_id: UUID) -> list[dict[str, Any]]:
    """List how frequent issues are by the values of other columns, and of dates by month.

    Label issues are counted where labels were checked, else outliers, near duplicates and empty
    texts. Those least explained by chance come first.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    rates = [rate for column in column_rates(cleanset) for rate in column.rates]
    return [
        {
            "column": rate.group.column,
            "value": rate.group.value,
            "n_rows": rate.group.n_rows,
            "n_issues": rate.group.n_issues,
            "rate": rate.rate,
            "rate_of_rest": rate.rate_of_rest,
            "p_value": rate.p_value,
            "is_worse": rate.is_worse,
        }
        for rate in sorted(rates, key=lambda rate: rate.p_value)
    ]
