"""`/api/v1/projections`: the rows of model runs in two dimensions."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from pydantic import ConfigDict

from studio.accounts.access import account
from studio.api.schemas import ROW_ID_FORM, RunOut
from studio.model_runs import services
from studio.model_runs.access import (
    measured_run_or_404,
    projection_or_404,
    ready_projection_or_404,
)
from studio.model_runs.models import Projection
from studio.model_runs.plane_file import stored_plane

router = Router(tags=["Evaluations"])


class ProjectionIn(Schema):
    """How to project the rows."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["umap", "pca"] = "umap"


class ClusterOut(Schema):
    """A dense area of the plane."""

    terms: list[str] = Field(description="What its rows have much more often than the others.")
    x: float
    y: float
    n_rows: int
    n_wrong: int | None = Field(description="Rows that are predicted wrongly; null for numbers.")


class ProjectionOut(Schema):
    """The rows of a model run in two dimensions."""

    id: UUID
    evaluation_id: UUID
    method: Literal["umap", "pca"]
    n_rows: int | None = Field(description="Rows of the run that have features.")
    n_placed: int | None = Field(description="Those on the plane: all, or a random sample.")
    n_fitted: int | None = Field(description="Those that the method was fitted on.")
    explained: float | None = Field(description="PCA: the fraction of the variance on the plane.")
    clusters: list[ClusterOut]
    run: RunOut = Field(description="The run that computes it.")

    @staticmethod
    def resolve_evaluation_id(projection: Projection) -> UUID:
        return projection.model_run_id

    @staticmethod
    def resolve_explained(projection: Projection) -> float | None:
        explained: float | None = projection.summary.get("explained")
        return explained

    @staticmethod
    def resolve_clusters(projection: Projection) -> list[dict[str, Any]]:
        clusters: list[dict[str, Any]] = projection.summary.get("clusters", [])
        return clusters

    @staticmethod
    def resolve_run(projection: Projection) -> Projection:
        """The row is its run."""
        return projection


class CoordinatesOut(Schema):
    """Where the rows are, by position: the first of each list belong together."""

    row_id: list[int] = Field(description=ROW_ID_FORM)
    x: list[float]
    y: list[float]
    cluster: list[int] = Field(description="Its place among the clusters; -1 for none.")


@router.post("/evaluations/{uuid:evaluation_id}/projections", response={201: ProjectionOut})
def projection_create(
    request: HttpRequest, evaluation_id: UUID, body: ProjectionIn
) -> Status[Projection]:
    """Start to project the rows of a model run; a projection that exists is returned."""
    run = measured_run_or_404(request, evaluation_id)
    projection = services.projection_start(run=run, user=account(request), method=body.method)
    return Status(201, projection)


@router.get("/projections/{uuid:projection_id}", response=ProjectionOut)
def projection_get(request: HttpRequest, projection_id: UUID) -> Projection:
    """Return a projection with its state and its clusters."""
    return projection_or_404(request, projection_id)


@router.get("/projections/{uuid:projection_id}/coordinates", response=CoordinatesOut)
def projection_coordinates(request: HttpRequest, projection_id: UUID) -> dict[str, Any]:
    """Return where the rows are; all but stray ones lie between 0 and 1000."""
    projection = ready_projection_or_404(request, projection_id)
    plane = stored_plane(projection.plane_key)
    return {
        "row_id": plane.row_id.tolist(),
        "x": plane.points[:, 0].tolist(),
        "y": plane.points[:, 1].tolist(),
        "cluster": plane.members.tolist(),
    }
