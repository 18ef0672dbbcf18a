"""Schemas of `/api/v1` for model runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, FiniteFloat

from studio.api.schemas import Name, RunOut, Text
from studio.engine.ml_task import MLTask
from studio.model_runs.models import ModelRun


class EstimateOut(Schema):
    """A value with its 95% interval; null where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


class EvaluationOut(Schema):
    """A model run: a snapshot of one training, with its metrics."""

    id: UUID
    name: str
    origin: Literal["analysis", "model", "import"] = Field(
        description="An analysis, a deployed model, or imported predictions."
    )
    project_id: UUID
    cleanset_id: UUID | None
    model_id: UUID | None
    task: MLTask
    created_at: datetime
    n_rows: int | None = Field(description="Evaluated rows; null before the evaluation.")
    n_corrected: int | None = Field(description="Rows whose label is not the uploaded one.")
    metrics: dict[str, EstimateOut] = Field(
        description="By scikit-learn's scorer names; on all rows, by the labels learned from."
    )
    custom_metrics: dict[str, float]
    notes: str
    tags: list[str]
    run: RunOut = Field(description="The run of the evaluation.")

    @staticmethod
    def resolve_model_id(run: ModelRun) -> UUID | None:
        return run.deployed_model_id

    @staticmethod
    def resolve_task(run: ModelRun) -> MLTask:
        return run.task

    @staticmethod
    def resolve_created_at(run: ModelRun) -> datetime:
        return run.recorded_at

    @staticmethod
    def resolve_run(run: ModelRun) -> ModelRun:
        """The row is its run."""
        return run


class EvaluationDetailOut(EvaluationOut):
    """A model run with its configuration and its data."""

    configuration: dict[str, Any]
    snapshot: dict[str, Any]
    classes: list[str]


class EvaluationPatch(Schema):
    """Changes to the name, notes and tags of a run; omitted fields are kept."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    notes: Text | None = Field(None, max_length=20_000)
    tags: list[Text] | None = None


class CustomMetricsIn(Schema):
    """Metrics computed elsewhere; each replaces the one of the same name."""

    model_config = ConfigDict(extra="forbid")

    metrics: dict[Name, FiniteFloat] = Field(min_length=1, examples=[{"cost_per_row": 0.42}])
