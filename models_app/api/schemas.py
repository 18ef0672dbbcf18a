"""Models as `/api/v1` reads and writes them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from models_app import selectors
from models_app.models import DeployedModel
from models_app.selectors import CandidateRow, ExpectedColumn
from studio.api.schemas import Name, RunOut
from studio.engine.ml_task import MLTask


class ModelIn(Schema):
    """A model to train."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = Field(None, description="By default the name of the project.")
    candidate: str = Field(
        "",
        max_length=40,
        description=(
            "Key of the model to train, as in `candidates` of the cleanset; by default the one that"
            " is best on the corrected data."
        ),
    )


class ModelPatch(Schema):
    """Changes to a model; omitted fields are kept."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    is_current: Literal[True] | None = Field(
        None, description="Makes it the current model of its project, in place of the other one."
    )
    is_retired: bool | None = Field(
        None,
        description=(
            "A retired model is never the current one, and pages no longer offer to predict with"
            " it. Programs that name it go on."
        ),
    )


class ModelOut(Schema):
    """A deployed model."""

    id: UUID
    name: str
    cleanset_id: UUID
    project_id: UUID
    task: MLTask
    n_rows: int | None = Field(description="Rows that it was trained on; null until then.")
    n_corrected: int | None = Field(
        description="Of those, rows whose label is not the uploaded one."
    )
    n_excluded: int | None
    artifact_bytes: int | None
    candidate: str = Field(description="The model that was asked for; empty for the best.")
    is_current: bool = Field(description="Whether it is the current model of its project.")
    is_retired: bool
    run: RunOut = Field(description="The training.")

    @staticmethod
    def resolve_project_id(model: DeployedModel) -> UUID:
        return model.cleanset.project_id

    @staticmethod
    def resolve_task(model: DeployedModel) -> MLTask:
        return model.cleanset.task

    @staticmethod
    def resolve_is_current(model: DeployedModel) -> bool:
        return selectors.current_model(model.cleanset.project) == model

    @staticmethod
    def resolve_is_retired(model: DeployedModel) -> bool:
        return model.retired_at is not None

    @staticmethod
    def resolve_run(model: DeployedModel) -> DeployedModel:
        """The model is its run."""
        return model


class ModelCandidateOut(Schema):
    """A model that was tried. Scores that the task does not have are null.

    `held_out_…` is measured against the corrected labels, `original_…` against the uploaded labels
    in the project's first analysis.
    """

    name: str
    held_out_accuracy: float | None = Field(None, description="Multi-class only.")
    original_accuracy: float | None = Field(None, description="Multi-class only.")
    held_out_f1: float | None = Field(None, description="Multi-label only.")
    original_f1: float | None = Field(None, description="Multi-label only.")
    held_out_r2: float | None = Field(None, description="Regression only.")
    original_r2: float | None = Field(None, description="Regression only.")
    ece: float | None = Field(description="Expected calibration error; null for regression.")
    training_time_s: float
    inference_time_s: float
    is_deployed: bool

    @staticmethod
    def of(row: CandidateRow) -> ModelCandidateOut:
        """Return a candidate with its scores under the name of the task's score."""
        name = row.words.score_name
        scores = {f"held_out_{name}": row.held_out_score, f"original_{name}": row.original_score}
        return ModelCandidateOut(
            name=row.name,
            ece=row.ece,
            training_time_s=row.training_time_s,
            inference_time_s=row.inference_time_s,
            is_deployed=row.is_deployed,
            **scores,
        )


class ExpectedColumnOut(Schema):
    """A column that a file to predict must have."""

    name: str
    kind: str


class ModelDetailOut(ModelOut):
    """A deployed model with the columns that it reads and the scores of its candidates."""

    classes: list[str] = Field(
        description="Empty for regression, and until the training has finished."
    )
    columns: list[ExpectedColumnOut] = Field(
        description="The columns that a file to predict must have."
    )
    candidates: list[ModelCandidateOut] = Field(
        description="The models that were tried, best first."
    )
    n_decisions_since: int = Field(
        description="Rows relabeled, excluded or put back since the training began."
    )

    @staticmethod
    def resolve_classes(model: DeployedModel) -> list[str]:
        return list(model.manifest.get("classes", []))

    @staticmethod
    def resolve_columns(model: DeployedModel) -> list[ExpectedColumn]:
        return selectors.expected_columns(model)

    @staticmethod
    def resolve_candidates(model: DeployedModel) -> list[ModelCandidateOut]:
        return [ModelCandidateOut.of(row) for row in selectors.candidate_rows(model)]

    @staticmethod
    def resolve_n_decisions_since(model: DeployedModel) -> int:
        return selectors.n_decisions_since(model)
