"""Projects for the public client: create one with its first cleanset, look it up, delete it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.http import HttpRequest, JsonResponse, QueryDict

from cleansets.analyses import project_start
from projects.access import project_or_404
from projects.api.client_datasets import ready_version
from projects.forms.projects import ProjectForm
from projects.models import DatasetVersion
from projects.services import delete_with_files
from studio.accounts.access import account
from studio.api.body import Body, identifier, json_object, text
from studio.api.errors import ApiProblem, client_view
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.table.required_columns import quoted

UNSUPPORTED = "UNSUPPORTED_PROJECT_CONFIGURATION"
MERGE_REMEDY = (
    "Correct the spelling in the file, or create the project in the browser to merge them."
)
NOTHING_GUESSED = "None"  # what the client sends for a label column that could not be guessed


class Unsupported(Exception):
    """A request that cannot become a project, with the reason."""


@client_view("POST", scope="write")
def project_clean(request: HttpRequest) -> JsonResponse:
    """Create a project and start its first analysis, with the same checks as the web form."""
    body = json_object(request)
    version = ready_version(request, identifier(body.get("dataset_id"), "dataset"))
    try:
        form = ProjectForm(version, _form_data(body, version))
    except Unsupported as problem:
        return _refused(str(problem))
    if not form.is_valid():
        return _refused(" ".join(_form_problems(form)))
    name = form.cleaned_data["name"]
    spec = form.spec()
    notes = form.notes(remedy=MERGE_REMEDY)
    cleanset = project_start(
        user=account(request), version=version, name=name, spec=spec, notes=notes
    )
    return JsonResponse({"project_id": str(cleanset.project_id), "notes": notes})


def _refused(description: str) -> JsonResponse:
    return JsonResponse({"error": {"code": UNSUPPORTED, "description": description}}, status=422)


def _form_problems(form: ProjectForm) -> list[str]:
    """Return the errors of the form, each with the label of its field."""
    sentences = []
    for name, errors in form.errors.items():
        prefix = f"{form.fields[name].label or name}: " if name in form.fields else ""
        sentences += [f"{prefix}{error}" for error in errors]
    return sentences


def _form_data(body: Body, version: DatasetVersion) -> QueryDict:
    """Translate the request to form data. Raises Unsupported for options that the form lacks."""
    label = text(body, "label_column", default="")
    task = _one_of(
        "task type",
        body.get("tasktype") or (MLTask.MULTI_CLASS if label else MLTask.UNSUPERVISED),
        MLTask,
    )
    modality = _one_of("modality", body.get("modality"), Modality)
    features = body.get("feature_columns") or []
    if not isinstance(features, list) or not all(isinstance(name, str) for name in features):
        raise ApiProblem("The field 'feature_columns' has to be a list of column names.")
    text_column = text(body, "text_column", default="")
    _check_columns(version, label=label, others=[*features, text_column])
    if task == MLTask.UNSUPERVISED and label:
        raise Unsupported(
            f"An unsupervised project has no label column, but “{label}” was given. Leave it out."
        )
    data = QueryDict(mutable=True)
    data.update({"name": text(body, "name"), "task": task, "modality": modality})
    data.update({"mode": _one_of("model type", body.get("model_type") or Mode.REGULAR, Mode)})
    data.update({"label_column": label, "text_column": text_column})
    data.setlist("feature_columns", features)
    return data


def _one_of(what: str, value: object, choices: type[MLTask] | type[Modality] | type[Mode]) -> str:
    if value not in list(choices):
        listed = ", ".join(f"'{choice}'" for choice in choices)
        raise Unsupported(
            f"The {what} '{value}' is not available in this studio; choose one of {listed}."
        )
    return str(value)


def _check_columns(version: DatasetVersion, *, label: str, others: Sequence[str]) -> None:
    names = [column["name"] for column in version.columns]
    if label == NOTHING_GUESSED and label not in names:
        raise Unsupported(
            "No label column was given, and none could be guessed. Name it by label_column=…."
        )
    unknown = [name for name in (label, *others) if name and name not in names]
    if unknown:
        raise Unsupported(
            f"The dataset has no column {quoted(unknown)}. Its columns are {quoted(names[:50])}."
        )


@client_view("GET", scope="read")
def latest_cleanset_id(request: HttpRequest, project_id: uuid.UUID) -> JsonResponse:
    """Return the newest cleanset of a project."""
    newest = project_or_404(request, project_id).cleansets.order_by("-number").first()
    if newest is None:
        raise ApiProblem("This project has no cleanset.", status=404)
    return JsonResponse({"cleanset_id": str(newest.pk)})


@client_view("GET", scope="read")
def label_column(request: HttpRequest, project_id: uuid.UUID) -> JsonResponse:
    """Return the name of the label column, which corrections are applied to."""
    column = project_or_404(request, project_id).label_column
    if not column:
        raise ApiProblem(
            "This project is unsupervised: it has no label column that corrections could be"
            " applied to."
        )
    return JsonResponse({"label_column": column})


@client_view("GET", scope="read")
def project_dataset(request: HttpRequest, project_id: uuid.UUID) -> JsonResponse:
    """Return the dataset of a project."""
    return JsonResponse({"dataset_id": str(project_or_404(request, project_id).version.dataset_id)})


@client_view("DELETE", scope="write")
def project_delete(request: HttpRequest, project_id: uuid.UUID) -> JsonResponse:
    """Delete a project and everything made of it."""
    delete_with_files(project_or_404(request, project_id))
    return JsonResponse({})
