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
    n_corrected: int | None = Field(description="Of those, rows whose label is not the uploaded one.")
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
    """A model that was tried."""

    name: str
    held_out_accuracy: float = Field(description="On corrected data. F1 for multi-label, R² for regression.")
    original_accuracy: float | None = Field(
        description="The same in the project's first analysis, of the uploaded labels."
    )
    ece: float | None = Field(description="Expected calibration error; null for regression.")
    training_time_s: float
    inference_time_s: float
    is_deployed: bool


class ExpectedColumnOut(Schema):
    """A column that a file must have to be predicted."""

    name: str
    kind: str


class ModelDetailOut(ModelOut):
    """A deployed model with what it reads and how good it is."""

    classes: list[str] = Field(description="Empty for regression, and until the training is done.")
    columns: list[ExpectedColumnOut] = Field(description="The columns that a file to predict must have.")
    candidates: list[ModelCandidateOut] = Field(description="The models that were tried, the best first.")
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
    def resolve_candidates(model: DeployedModel) -> list[CandidateRow]:
        """Return what was compared."""
        return selectors.candidate_rows(model)

    @staticmethod
    def resolve_n_decisions_since(model: DeployedModel) -> int:
        """Count what the model does not know of."""
        return selectors.n_decisions_since(model)
