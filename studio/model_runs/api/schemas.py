"""Schemas of `/api/v1` for model runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, FiniteFloat, StringConstraints

from cleansets.api.schemas import SplitIn
from studio.api.schemas import Name, RunOut, Text
from studio.engine.ml_task import MLTask, Mode
from studio.engine.schema.class_weights import MAX_WEIGHT, MIN_WEIGHT
from studio.engine.schema.configuration import MAX_FOLDS, MAX_SEED, MIN_FOLDS
from studio.model_runs.models import ModelRun

ClassWeight = Annotated[float, Field(ge=MIN_WEIGHT, le=MAX_WEIGHT)]
ModelKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]


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


class ConfigurationIn(Schema):
    """Settings of an analysis; omitted ones are kept as they are."""

    model_config = ConfigDict(extra="forbid")

    feature_columns: list[Text] | None = Field(
        None, description="The columns to learn from; for text, the one text column."
    )
    mode: Mode | None = None
    candidates: list[ModelKey] | None = Field(
        None,
        description=(
            "Keys of the models to try, as in `candidates` of a cleanset; all that suit the data,"
            " if empty."
        ),
    )
    n_folds: int | None = Field(None, ge=MIN_FOLDS, le=MAX_FOLDS)
    seed: int | None = Field(None, ge=0, le=MAX_SEED)
    class_weights: Literal["none", "balanced"] | dict[Text, ClassWeight] | None = Field(
        None,
        description=(
            "How much the rows of each class weigh in fits: all the same, so that every class"
            " weighs the same together, or a weight by class (others weigh 1). Probabilities stay"
            " calibrated to the frequencies in the data. Multi-class only."
        ),
    )
    split: SplitIn | None = Field(None, description="Rows for testing; `{}` for none.")

    def values(self) -> dict[str, Any]:
        """Return the settings that are given."""
        return self.dict(exclude_none=True)


NO_CHANGES = ConfigurationIn.model_validate({})


class SavedConfigurationIn(Schema):
    """A configuration and the name to save it under."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    configuration: ConfigurationIn = NO_CHANGES


class SavedConfigurationOut(Schema):
    """A saved configuration."""

    id: UUID
    project_id: UUID
    name: str
    configuration: dict[str, Any] = Field(alias="values")
    updated_at: datetime


class AnalysisIn(Schema):
    """The configuration of a new analysis: where it begins, and what is changed."""

    model_config = ConfigDict(extra="forbid")

    like: UUID | None = Field(None, description="The evaluation whose settings to begin with.")
    saved: UUID | None = Field(None, description="The saved configuration to begin with.")
    changes: ConfigurationIn = NO_CHANGES
