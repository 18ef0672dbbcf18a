"""Datasets for the public client: found by name, described for a new project, deleted."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, JsonResponse

from projects import selectors, services
from projects.access import dataset_or_404, newest_version_or_404
from projects.api.client_answers import SCHEMA_TYPES, reading_failed
from projects.guess import guess_choice
from projects.label_summaries import label_cells, label_guess, separator_of
from projects.models import DatasetVersion
from studio.accounts.access import account
from studio.api.errors import ApiProblem, client_view
from studio.engine.conventions.label_sets import read_set

SCHEMA_VERSION = "0.1.12"
MIN_ROWS_PER_CLASS = 5  # of a tabular project, by the client's own words


def ready_version(request: HttpRequest, dataset_id: uuid.UUID) -> DatasetVersion:
    """Return the newest version of a dataset whose file was read. Raises ApiProblem with the reason
    if it was not.
    """
    version = newest_version_or_404(request, dataset_id)
    if version.is_active:
        raise ApiProblem(
            "The file of this dataset is still being read. Wait until that is done.", status=409
        )
    if not version.is_succeeded:
        raise ApiProblem(f"This dataset cannot be used. {reading_failed(version)[1]}", status=409)
    return version


@client_view("GET", scope="read")
def dataset_id_for_name(request: HttpRequest) -> JsonResponse:
    """Return the newest dataset of a name once it can be used; null means not yet."""
    version = selectors.version_named(account(request), request.GET.get("dataset_name", ""))
    if version is None or version.is_active:
        return JsonResponse({"dataset_id": None})
    if not version.is_succeeded:
        raise ApiProblem(
            f"The dataset “{version.dataset.name}” could not be read. {reading_failed(version)[1]}"
        )
    return JsonResponse({"dataset_id": str(version.dataset_id)})


@client_view("GET", scope="read")
def dataset_details(request: HttpRequest, dataset_id: uuid.UUID) -> JsonResponse:
    """Guess the label column, the text column and the features of a project of this dataset.

    The client takes the label out of the features itself; it may be another column than the guessed
    one.
    """
    version = ready_version(request, dataset_id)
    guess = guess_choice(selectors.column_profiles(version))
    left_out = {name for name, _ in guess.left_out}
    return JsonResponse(
        {
            "label_column_guess": label_guess(version, request.GET.get("tasktype", "")),
            "text_column_guess": guess.text_column,
            "distinct_columns": [
                column["name"] for column in version.columns if column["name"] not in left_out
            ],
        }
    )


@client_view("DELETE", scope="write")
def dataset_delete(request: HttpRequest, dataset_id: uuid.UUID) -> JsonResponse:
    """Delete a dataset and everything made of it."""
    services.delete_with_files(dataset_or_404(request, dataset_id))
    return JsonResponse({})


@client_view("GET", scope="read")
def dataset_schema(request: HttpRequest, dataset_id: uuid.UUID) -> JsonResponse:
    """Return the types of the columns in the form of the client's schema files."""
    version = ready_version(request, dataset_id)
    profiles = selectors.column_profiles(version)
    types = {profile.name: SCHEMA_TYPES[profile.kind] for profile in profiles}
    fields = {
        name: {"data_type": data, "feature_type": feature}
        for name, (data, feature) in types.items()
    }
    guess = guess_choice(profiles)
    metadata = {"id_column": None, "modality": guess.modality.value, "name": version.filename}
    return JsonResponse(
        {"schema": {"metadata": metadata, "fields": fields, "version": SCHEMA_VERSION}}
    )


@client_view("GET", "PATCH", scope="read")
def dataset_complete(request: HttpRequest, dataset_id: uuid.UUID) -> JsonResponse:
    """Tell whether the file of a dataset was read; nothing has to be done to complete it."""
    return JsonResponse({"complete": newest_version_or_404(request, dataset_id).is_succeeded})


@client_view("GET", scope="read")
def column_diversity(request: HttpRequest, dataset_id: uuid.UUID, column: str) -> JsonResponse:
    """Tell whether a label column has at least two classes with some rows each."""
    cells = label_cells(_version_with(request, dataset_id, column), column)
    n_classes = sum(
        n_rows >= MIN_ROWS_PER_CLASS for cell, n_rows in cells.counts if cell and cell.strip()
    )
    return JsonResponse({"has_minimal_diversity": n_classes >= 2})


@client_view("GET", scope="read")
def multilabel_validity(request: HttpRequest, dataset_id: uuid.UUID, column: str) -> JsonResponse:
    """Tell whether the cells of a column are lists of classes: fewer classes than there are
    lists.
    """
    version = _version_with(request, dataset_id, column)
    separator = separator_of(version, column)
    cells = [cell for cell, _ in label_cells(version, column).counts if cell and cell.strip()]
    classes = {name for cell in cells for name in read_set(cell, separator) or ()}
    return JsonResponse({"is_valid_multilabel_column": 1 < len(classes) <= len(cells)})


def _version_with(request: HttpRequest, dataset_id: uuid.UUID, column: str) -> DatasetVersion:
    version = ready_version(request, dataset_id)
    if column not in (known["name"] for known in version.columns):
        raise ApiProblem(f"The dataset has no column “{column}”.", status=404)
    return version
