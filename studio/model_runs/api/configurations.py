"""`/api/v1/configurations`: saved configurations, and analyses with them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from cleansets.api.schemas import CleansetOut
from cleansets.models import Cleanset
from cleansets.reanalysis import analyse_again, checked_configuration, configuration_of
from projects.access import project_or_404
from studio.accounts.access import account
from studio.api.pages import page_of
from studio.api.schemas import Page, Paged
from studio.engine.errors import DataProblem
from studio.engine.schema.configuration import Configuration
from studio.model_runs import services
from studio.model_runs.access import model_run_or_404, saved_configuration_or_404
from studio.model_runs.api.schemas import AnalysisIn, SavedConfigurationIn, SavedConfigurationOut
from studio.model_runs.models import SavedConfiguration
from studio.model_runs.selectors import configuration_of_run

router = Router(tags=["Configurations"])


@router.get("/projects/{uuid:project_id}/configurations", response=Page[SavedConfigurationOut])
def configuration_list(request: HttpRequest, project_id: UUID, params: Paged) -> dict[str, Any]:
    """List the saved configurations of a project by name."""
    project = project_or_404(request, project_id)
    return page_of(request, params, project.saved_configurations.all())


@router.post("/projects/{uuid:project_id}/configurations", response={201: SavedConfigurationOut})
def configuration_create(
    request: HttpRequest, project_id: UUID, body: SavedConfigurationIn
) -> Status[SavedConfiguration]:
    """Save a configuration under a name; omitted settings are those of the project."""
    project = project_or_404(request, project_id)
    saved = services.configuration_save(
        project=project, name=body.name, values=body.configuration.values()
    )
    return Status(201, saved)


@router.get("/configurations/{uuid:configuration_id}", response=SavedConfigurationOut)
def configuration_get(request: HttpRequest, configuration_id: UUID) -> SavedConfiguration:
    """Return a saved configuration."""
    return saved_configuration_or_404(request, configuration_id)


@router.put("/configurations/{uuid:configuration_id}", response=SavedConfigurationOut)
def configuration_replace(
    request: HttpRequest, configuration_id: UUID, body: SavedConfigurationIn
) -> SavedConfiguration:
    """Replace the name and the settings of a saved configuration."""
    saved = saved_configuration_or_404(request, configuration_id)
    return services.configuration_save(
        project=saved.project, name=body.name, values=body.configuration.values(), saved=saved
    )


@router.delete("/configurations/{uuid:configuration_id}", response={204: None})
def configuration_delete(request: HttpRequest, configuration_id: UUID) -> Status[None]:
    """Delete a saved configuration; runs that were made with it stay."""
    services.configuration_delete(saved=saved_configuration_or_404(request, configuration_id))
    return Status(204, None)


@router.post("/projects/{uuid:project_id}/analyses", response={201: CleansetOut})
def analysis_start(request: HttpRequest, project_id: UUID, body: AnalysisIn) -> Status[Cleanset]:
    """Analyse a project's labels of now again, with another configuration.

    `like` names the evaluation, or `saved` the configuration, whose settings are the starting
    point; without either, they are the project's. `changes` are made to these. The answer is the
    next cleanset, which keeps all decisions; its evaluation follows once it has finished.
    """
    project = project_or_404(request, project_id)
    start = _starting_point(request, body, project.pk) or configuration_of(project)
    configuration = checked_configuration(project, body.changes.values(), start)
    cleanset = analyse_again(project=project, user=account(request), configuration=configuration)
    return Status(201, cleanset)


def _starting_point(
    request: HttpRequest, body: AnalysisIn, project_id: UUID
) -> Configuration | None:
    if body.like is not None and body.saved is not None:
        raise DataProblem("Name either `like` or `saved`, not both.")
    if body.like is not None:
        run = model_run_or_404(request, body.like)
        if run.project_id != project_id:
            raise DataProblem("`like` is an evaluation of another project.")
        return configuration_of_run(run)
    if body.saved is not None:
        saved = saved_configuration_or_404(request, body.saved)
        if saved.project_id != project_id:
            raise DataProblem("`saved` is a configuration of another project.")
        return checked_configuration(saved.project, saved.values)
    return None
