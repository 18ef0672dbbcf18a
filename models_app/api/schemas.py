"""How `/api/v1` writes models."""

from __future__ import annotations

from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from models_app import selectors
from models_app.models import DeployedModel
from models_app.selectors import CandidateRow, ExpectedColumn
from studio.api.schemas import Name, RunOut
from studio.engine.ml_task import MLTask


class ModelIn(Schema):
    """A model to be trained."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = Field(None, description="The project's name by default.")


class ModelOut(Schema):
    """A deployed model."""

    id: UUID
    name: str
    cleanset_id: UUID
    project_id: UUID
    task: MLTask
    n_rows: int | None = Field(description="Rows that it was trained on; null until that is done.")
    n_corrected: int | None = Field(
        description="Of those, rows whose label is not the uploaded one."
    )
    n_excluded: int | None
    artifact_bytes: int | None
    run: RunOut = Field(description="The training.")

    @staticmethod
    def resolve_project_id(model: DeployedModel) -> UUID:
        """Return the project of its cleanset."""
        return model.cleanset.project_id

    @staticmethod
    def resolve_task(model: DeployedModel) -> MLTask:
        """Return the task of its cleanset."""
        return model.cleanset.task

    @staticmethod
    def resolve_run(model: DeployedModel) -> DeployedModel:
        """The model is its run."""
        return model


class ModelCandidateOut(Schema):
    """A model that was tried; null is what the task does not have.

    `held_out_…` is measured on the corrected data, `original_…` in the project's first analysis, of
    the uploaded labels.
    """

    name: str
    held_out_accuracy: float | None = Field(None, description="Of multi-class.")
    original_accuracy: float | None = Field(None, description="Of multi-class.")
    held_out_f1: float | None = Field(None, description="Of multi-label.")
    original_f1: float | None = Field(None, description="Of multi-label.")
    held_out_r2: float | None = Field(None, description="Of regression.")
    original_r2: float | None = Field(None, description="Of regression.")
    ece: float | None = Field(
        description="Expected calibration error, of multi-class and multi-label."
    )
    training_time_s: float
    inference_time_s: float
    is_deployed: bool

    @staticmethod
    def of(row: CandidateRow) -> ModelCandidateOut:
        """Return a candidate with its scores under the name that the task's score has."""
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
    """A column that a file must have to be predicted."""

    name: str
    kind: str


class ModelDetailOut(ModelOut):
    """A deployed model with what it reads and how good it is."""

    classes: list[str] = Field(description="Empty for regression, and until the training is done.")
    columns: list[ExpectedColumnOut] = Field(
        description="The columns that a file to predict must have."
    )
    candidates: list[ModelCandidateOut] = Field(
        description="The models that were tried, the best first."
    )
    n_decisions_since: int = Field(
        description="Rows that were relabeled, excluded or put back after the training began."
    )

    @staticmethod
    def resolve_classes(model: DeployedModel) -> list[str]:
        """Return the classes, as the artefact names them."""
        return list(model.manifest.get("classes", []))

    @staticmethod
    def resolve_columns(model: DeployedModel) -> list[ExpectedColumn]:
        """Return what the model reads."""
        return selectors.expected_columns(model)

    @staticmethod
    def resolve_candidates(model: DeployedModel) -> list[ModelCandidateOut]:
        """Return what was compared."""
        return [ModelCandidateOut.of(row) for row in selectors.candidate_rows(model)]

    @staticmethod
    def resolve_n_decisions_since(model: DeployedModel) -> int:
        """Count what the model does not know of."""
        return selectors.n_decisions_since(model)
