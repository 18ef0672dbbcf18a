"""How `/api/v1` writes predictions."""

from __future__ import annotations

from uuid import UUID

from ninja import Field, Schema

from inference.models import PredictionBatch
from studio.api.schemas import RunOut


class LabelCountOut(Schema):
    """A class and the rows that it is suggested for."""

    label: str
    n_rows: int


class PredictionOut(Schema):
    """A file and the prediction of its rows."""

    id: UUID
    model_id: UUID
    filename: str
    size_bytes: int
    n_rows: int | None = Field(description="null until the rows are predicted.")
    notes: list[str] = Field(description="What was found worth telling of the file.")
    label_counts: list[LabelCountOut] = Field(description="Most frequent first; empty for regression.")
    run: RunOut

    @staticmethod
    def resolve_model_id(batch: PredictionBatch) -> UUID:
        """Return the model that predicts."""
        return batch.deployed_model_id

    @staticmethod
    def resolve_label_counts(batch: PredictionBatch) -> list[dict[str, object]]:
        """Name the pairs of the database."""
        return [{"label": label, "n_rows": n_rows} for label, n_rows in batch.label_counts]

    @staticmethod
    def resolve_run(batch: PredictionBatch) -> PredictionBatch:
        """The batch is its run."""
        return batch
