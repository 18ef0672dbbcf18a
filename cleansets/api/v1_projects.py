"""`/api/v1/projects`. In this app, because creating a project starts its first cleanset."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.http import HttpRequest, QueryDict
from ninja import Router, Status

from cleansets import analyses, selectors
from cleansets.api.schemas import CleansetBriefOut, ProjectIn, ProjectNameIn, ProjectOut, SplitIn
from cleansets.models import Cleanset
from projects.access import project_or_404, ready_version_or_404
from projects.forms.projects import ProjectForm
from projects.forms.split import BY_COLUMN, MADE, NO_SPLIT
from projects.models import Project
from projects.selectors import newer_rows, projects_of
from projects.services import delete_with_files, project_rename
from studio.accounts.access import account
from studio.api.pages import page_of
from studio.api.schemas import Page, Paged, Problem
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.engine.table.required_columns import quoted

MERGE_REMEDY = "Create the project with merge_spellings to count them as one."

router = Router(tags=["Projects"])


@router.get("", response=Page[ProjectOut])
def project_list(request: HttpRequest, params: Paged) -> dict[str, Any]:
    """List your projects, newest first."""
    cleansets = Prefetch(
        "cleansets",
        Cleanset.objects.select_related("project", "version").defer("log", "error_detail"),
    )
    return page_of(request, params, projects_of(account(request)).prefetch_related(cleansets))


@router.post("", response={201: ProjectOut, 404: Problem})
def project_create(request: HttpRequest, wanted: ProjectIn) -> Status[Project]:
    """Create a project and start its analysis; omitted settings are guessed from the dataset."""
    form = _form(request, wanted)
    if not form.is_valid():
        raise DataProblem(" ".join(_errors(form)))
    _refuse_unknown_spellings(form, wanted)
    _refuse_unknown_values(form, wanted)
    cleanset = analyses.project_start(
        user=account(request),
        version=form.version,
        name=form.cleaned_data["name"],
        spec=form.spec(),
        notes=form.notes(remedy=MERGE_REMEDY),
    )
    return Status(201, cleanset.project)


def _form(request: HttpRequest, wanted: ProjectIn) -> ProjectForm:
    """Return the project form, with the guesses overridden by the request."""
    version = ready_version_or_404(request, wanted.dataset_id)
    if wanted.task is MLTask.UNSUPERVISED and wanted.label_column:
        raise DataProblem(
            "label_column: An unsupervised project has no label column, but"
            f" “{wanted.label_column}” was given. Leave it out, or choose another task."
        )
    data = ProjectForm(version, label_column=wanted.label_column).guessed_data()
    if wanted.label_column == "":
        data["task"] = MLTask.UNSUPERVISED
    given = wanted.model_dump(exclude={"dataset_id", "merge_spellings", "split"}, exclude_none=True)
    for name, value in given.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    if isinstance(wanted.merge_spellings, list):
        data.setlist("merged", wanted.merge_spellings)
    elif wanted.merge_spellings:
        data["merge_all"] = "1"
    if wanted.split is not None:
        _set_split(data, wanted.split)
    return ProjectForm(version, data)


def _set_split(data: QueryDict, split: SplitIn) -> None:
    if split.column is not None and split.test_percent is not None:
        raise DataProblem("split: Give either column or test_percent, not both.")
    if split.values is not None and split.column is None:
        raise DataProblem("split: Give the column whose values these are.")
    data["split"] = NO_SPLIT
    if split.column is not None:
        data["split"] = BY_COLUMN
        data["split_column"] = split.column
        data["split_of"] = split.column
        values = split.values or {}
        data.setlist("split_part", [f"{part.value}:{value}" for value, part in values.items()])
    if split.test_percent is not None:
        data["split"] = MADE
        data["test_percent"] = str(split.test_percent)


def _refuse_unknown_spellings(form: ProjectForm, wanted: ProjectIn) -> None:
    if not isinstance(wanted.merge_spellings, list):
        return
    kept = {choice.kept for choice in form.spellings}
    unknown = [name for name in wanted.merge_spellings if name not in kept]
    if unknown:
        raise DataProblem(
            f"merge_spellings: {quoted(unknown)} is not a class that is spelled in several ways, or"
            " two spellings of one class are to be kept. Name one spelling of each class to merge,"
            " as the file has it."
        )


def _refuse_unknown_values(form: ProjectForm, wanted: ProjectIn) -> None:
    if wanted.split is None or wanted.split.values is None:
        return
    known = {one.value for one in form.split_values}
    if unknown := [value for value in wanted.split.values if value not in known]:
        raise DataProblem(
            f"split: {quoted(unknown)} is no value of the column {wanted.split.column}. Give its"
            " values as the file has them."
        )


def _errors(form: ProjectForm) -> list[str]:
    """Return the errors of the form, each with the name of its field."""
    sentences = []
    for name, errors in form.errors.items():
        prefix = f"{name}: " if name in form.fields else ""
        sentences += [f"{prefix}{error}" for error in errors]
    return sentences


@router.get("/{uuid:project_id}", response=ProjectOut)
def project_get(request: HttpRequest, project_id: UUID) -> Project:
    """Return a project with its newest cleanset."""
    return project_or_404(request, project_id)


@router.patch("/{uuid:project_id}", response=ProjectOut)
def project_update(request: HttpRequest, project_id: UUID, changes: ProjectNameIn) -> Project:
    """Rename a project."""
    project = project_or_404(request, project_id)
    project_rename(project=project, name=changes.name)
    return project


@router.delete("/{uuid:project_id}", response={204: None})
def project_delete(request: HttpRequest, project_id: UUID) -> Status[None]:
    """Delete a project with its cleansets, decisions, models and predictions."""
    delete_with_files(project_or_404(request, project_id))
    return Status(204, None)


@router.post("/{uuid:project_id}/grow", response={201: CleansetBriefOut})
def project_grow(request: HttpRequest, project_id: UUID) -> Status[Cleanset]:
    """Add the rows by which the dataset has grown, scored by the current models. Appending rows
    does that by itself, unless another run of the project is under way.
    """
    project = project_or_404(request, project_id)
    version = newer_rows(project.version)
    if version is None:
        raise DataProblem("The project has all rows of its dataset already.")
    grown = analyses.cleanset_grow(project=project, user=account(request), version=version)
    return Status(201, grown)


@router.get("/{uuid:project_id}/cleansets", response=Page[CleansetBriefOut])
def project_cleansets(request: HttpRequest, project_id: UUID, params: Paged) -> dict[str, Any]:
    """List the analyses of a project, newest first."""
    return page_of(request, params, selectors.cleansets_of(project_or_404(request, project_id)))
