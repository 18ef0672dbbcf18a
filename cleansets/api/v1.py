"""`/api/v1/cleansets`: the analysis, its rows, decisions on them, undo and exports."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from ninja import File, Query, Router, Status
from ninja.files import UploadedFile

from cleansets import (
    analyses,
    auto_labels,
    exports,
    imports,
    row_query,
    selectors,
    services,
    versions,
)
from cleansets.access import cleanset_or_404, ready_cleanset_or_404
from cleansets.analytics.stopping import expected_errors
from cleansets.api import decision_schemas, schemas
from cleansets.api.older_versions import AllowOlder, decidable_cleanset
from cleansets.api.row_filters import RowFilters, RowParams
from cleansets.api.rows import row_answer, row_detail_answer
from cleansets.auto_numbers import AutoNumbers, auto_numbers
from cleansets.json_labels import label_text
from cleansets.models import Cleanset, ReviewAction
from cleansets.pages.review.why import Why, why
from cleansets.selection import selection_decide
from cleansets.top_k import TopK, top_k_effect
from cleansets.top_k import top_k_apply as apply_top_k
from studio.accounts.access import account
from studio.api.pages import page, page_of
from studio.api.schemas import MAX_OFFSET, Page, Paged, SafeForSpreadsheets
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask

router = Router(tags=["Cleansets"])
MAX_IMPORT_BYTES = 200 * 1024**2  # some millions of decisions; they are read at once
Filters = Annotated[RowFilters, Query()]
FILE_ANSWER: dict[str, dict[str, object]] = {
    "content": {kind: {} for kind in exports.CONTENT_TYPES.values()}
}


@router.get("/{uuid:cleanset_id}", response=schemas.CleansetOut)
def cleanset_get(request: HttpRequest, cleanset_id: UUID) -> Cleanset:
    """Return an analysis: `run` reports its progress; the results follow once it has finished."""
    return cleanset_or_404(request, cleanset_id)


@router.post("/{uuid:cleanset_id}/rerun", response={201: schemas.CleansetOut})
def cleanset_rerun(request: HttpRequest, cleanset_id: UUID) -> Status[Cleanset]:
    """Restart a failed or cancelled analysis."""
    cleanset = cleanset_or_404(request, cleanset_id)
    return Status(201, analyses.cleanset_restart(cleanset=cleanset, user=account(request)))


@router.post("/{uuid:cleanset_id}/improve", response={201: schemas.CleansetOut})
def cleanset_improve(
    request: HttpRequest, cleanset_id: UUID, *, allow_older: AllowOlder = False
) -> Status[Cleanset]:
    """Analyse the project again, learning from the corrected labels; all decisions are kept."""
    cleanset = decidable_cleanset(request, cleanset_id, allow_older=allow_older)
    return Status(201, analyses.cleanset_improve(cleanset=cleanset, user=account(request)))


@router.patch("/{uuid:cleanset_id}", response=schemas.CleansetOut)
def cleanset_update(request: HttpRequest, cleanset_id: UUID, wanted: schemas.VersionIn) -> Cleanset:
    """Give a version a name and a note."""
    cleanset = cleanset_or_404(request, cleanset_id)
    analyses.cleanset_describe(cleanset=cleanset, name=wanted.name, note=wanted.note)
    return cleanset


@router.post("/{uuid:cleanset_id}/restore", response={201: schemas.CleansetOut})
def cleanset_restore(request: HttpRequest, cleanset_id: UUID) -> Status[Cleanset]:
    """Make an older version the current one: a new version that is equal to it, decisions
    included.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    return Status(201, analyses.cleanset_restore(cleanset=cleanset, user=account(request)))


@router.get("/{uuid:cleanset_id}/changes", response=schemas.VersionChangesOut)
def cleanset_changes(
    request: HttpRequest, cleanset_id: UUID, since: Annotated[int, Query(ge=1, le=1_000_000)] = 1
) -> dict[str, Any]:
    """Compare a version with the version `since` of the same project: how many rows are new, or
    have another flag, suggestion or label.
    """
    second = ready_cleanset_or_404(request, cleanset_id)
    first = second.project.cleansets.filter(number=since).select_related("version").first()
    if first is None or not first.is_succeeded:
        raise DataProblem(f"This project has no finished version {since}.")
    return {
        "first": first.number,
        "second": second.number,
        "changes": versions.rows_changed(first, second),
    }


@router.get("/{uuid:cleanset_id}/manifest", response=dict[str, Any])
def cleanset_manifest(request: HttpRequest, cleanset_id: UUID) -> dict[str, Any]:
    """Return the inputs and settings of the analysis; `manage.py rerun` can repeat it from them."""
    return dict(exports.full_manifest(ready_cleanset_or_404(request, cleanset_id)))


@router.get("/{uuid:cleanset_id}/review", response=schemas.ReviewOut)
def cleanset_review(request: HttpRequest, cleanset_id: UUID) -> row_query.ReviewCounts:
    """Return the progress of the review."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    return row_query.review_counts(selectors.row_source(cleanset))


@router.get("/{uuid:cleanset_id}/rows", response=Page[schemas.CleansetRowOut])
def cleanset_rows(
    request: HttpRequest, cleanset_id: UUID, params: Annotated[RowParams, Query()]
) -> dict[str, Any]:
    """List rows with their issues and decisions, filtered and sorted as on the review page."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    source = selectors.row_source(cleanset)
    query = params.query(cleanset, source)
    rows, count = row_query.fetch_slice(query, source, limit=params.limit, offset=params.offset)
    return page(request, params, [row_answer(row) for row in rows], count=count)


@router.get("/{uuid:cleanset_id}/rows/{int:row_id}", response=schemas.RowDetailOut)
def cleanset_row(request: HttpRequest, cleanset_id: UUID, row_id: int) -> dict[str, Any]:
    """Return one row with its class probabilities and near duplicates."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    return row_detail_answer(cleanset, min(row_id, MAX_OFFSET), selectors.row_source(cleanset))


@router.get("/{uuid:cleanset_id}/rows/{int:row_id}/why", response=schemas.WhyOut)
def cleanset_row_why(request: HttpRequest, cleanset_id: UUID, row_id: int) -> Why:
    """Explain a row: votes of the models, similar rows, how the folds agree, and what its cells
    speak for.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    found = why(cleanset, min(row_id, MAX_OFFSET), selectors.row_source(cleanset))
    if found is None:
        raise Http404("There is no such row.")
    return found


@router.put("/{uuid:cleanset_id}/rows/{int:row_id}/decision", response=decision_schemas.ActionOut)
def row_decide(
    request: HttpRequest,
    cleanset_id: UUID,
    row_id: int,
    decision: decision_schemas.DecisionIn,
    *,
    allow_older: AllowOlder = False,
) -> ReviewAction:
    """Decide about one row."""
    cleanset = decidable_cleanset(request, cleanset_id, allow_older=allow_older)
    return services.row_decide(
        cleanset=cleanset,
        user=account(request),
        row_id=min(row_id, MAX_OFFSET),
        choice=decision.action,
        label=label_text(
            cleanset.task, decision.corrected_label, cleanset.classes, cleanset.label_convention
        ),
    )


@router.get("/{uuid:cleanset_id}/decisions", response=Page[decision_schemas.DecisionOut])
def decision_list(request: HttpRequest, cleanset_id: UUID, params: Paged) -> dict[str, Any]:
    """List the current decisions, sorted by row."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    return page_of(request, params, cleanset.reviews.order_by("row_id"))


@router.post("/{uuid:cleanset_id}/decisions", response=decision_schemas.ImportOut)
def decisions_apply(
    request: HttpRequest,
    cleanset_id: UUID,
    wanted: decision_schemas.DecisionsIn,
    *,
    allow_older: AllowOlder = False,
) -> imports.ImportResult:
    """Decide about many rows as one action, undone in one step. If one decision is invalid, none
    is applied.
    """
    entries = [
        (f"Entry {n}", entry.model_dump()) for n, entry in enumerate(wanted.decisions, start=1)
    ]
    cleanset = decidable_cleanset(request, cleanset_id, allow_older=allow_older)
    decisions = imports.decisions_of(entries)
    return imports.decisions_import(cleanset=cleanset, user=account(request), decisions=decisions)


@router.post("/{uuid:cleanset_id}/decisions/file", response=decision_schemas.ImportOut)
def decisions_upload(
    request: HttpRequest,
    cleanset_id: UUID,
    file: File[UploadedFile],
    *,
    allow_older: AllowOlder = False,
) -> imports.ImportResult:
    """Decide about many rows with a CSV or JSON file of row_id, action and corrected_label; all
    decisions are applied, or none.

    cleanlab_row_ID, which counts from 1 as in exported files, may be given instead of row_id.
    """
    if (file.size or 0) > MAX_IMPORT_BYTES:
        raise DataProblem(
            f"This file of decisions has {filesizeformat(file.size or 0)}; the limit is 200 MB."
            " Split it."
        )
    cleanset = decidable_cleanset(request, cleanset_id, allow_older=allow_older)
    decisions = imports.decisions_in_file(file.name or "", file.read())
    return imports.decisions_import(cleanset=cleanset, user=account(request), decisions=decisions)


@router.get("/{uuid:cleanset_id}/tags", response=list[decision_schemas.TagOut])
def tag_list(request: HttpRequest, cleanset_id: UUID) -> list[dict[str, Any]]:
    """List the tags of rows, with their numbers of rows."""
    reviews = selectors.row_source(ready_cleanset_or_404(request, cleanset_id)).reviews
    return [{"name": name, "n_rows": n_rows} for name, n_rows in selectors.tag_counts(reviews)]


@router.post("/{uuid:cleanset_id}/tags", response=decision_schemas.ActionOut)
def rows_tag(
    request: HttpRequest,
    cleanset_id: UUID,
    wanted: decision_schemas.TagIn,
    *,
    allow_older: AllowOlder = False,
) -> ReviewAction:
    """Tag rows, or take a tag off them, as one action, undone in one step."""
    result = selection_decide(
        cleanset=decidable_cleanset(request, cleanset_id, allow_older=allow_older),
        user=account(request),
        row_ids=wanted.row_ids,
        choice=services.REMOVE_TAG if wanted.remove else services.ADD_TAG,
        label=wanted.name,
    )
    return result.action


@router.post("/{uuid:cleanset_id}/top-k/preview", response=decision_schemas.TopKPlanOut)
def top_k_preview(
    request: HttpRequest, cleanset_id: UUID, wanted: decision_schemas.TopKIn
) -> dict[str, Any]:
    """Preview the effect of Clean Top K; nothing is changed."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    top_k = _top_k(cleanset, wanted)
    effect = asdict(top_k_effect(cleanset=cleanset, top_k=top_k))
    n_open, errors = expected_errors(cleanset, top_k.query, top_k.k) or (0, None)
    return effect | {"n_open_label_issues": n_open, "expected_wrong": errors}


@router.post("/{uuid:cleanset_id}/top-k", response=decision_schemas.ActionOut)
def top_k_apply(
    request: HttpRequest,
    cleanset_id: UUID,
    wanted: decision_schemas.TopKIn,
    *,
    allow_older: AllowOlder = False,
) -> ReviewAction:
    """Apply Clean Top K as one action."""
    cleanset = decidable_cleanset(request, cleanset_id, allow_older=allow_older)
    return apply_top_k(cleanset=cleanset, user=account(request), top_k=_top_k(cleanset, wanted))


def _top_k(cleanset: Cleanset, wanted: decision_schemas.TopKIn) -> TopK:
    query = wanted.view.query(cleanset, selectors.row_source(cleanset))
    label = label_text(
        cleanset.task, wanted.corrected_label, cleanset.classes, cleanset.label_convention
    )
    return TopK(query=query, k=wanted.k, choice=wanted.action, label=label)


@router.get("/{uuid:cleanset_id}/auto-label", response=schemas.AutoLabelsOut)
def auto_label_estimate(
    request: HttpRequest,
    cleanset_id: UUID,
    wanted: Annotated[float, Query(gt=0, lt=1)] = 0.95,
    at_most: Annotated[float | None, Query(ge=0)] = None,
) -> dict[str, Any]:
    """Estimate how accurate the predicted labels of rows without one are, by confidence; where they
    are numbers, how far off, by expected error, with `at_most` among the thresholds. Offered if at
    least a tenth of the rows came without a label.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    if cleanset.task is MLTask.REGRESSION:
        numbers = auto_numbers(cleanset, at_most=at_most)
        return {**_rows_without_label(numbers), "errors": numbers.estimate.thresholds}
    found = auto_labels.auto_labels(cleanset, wanted=wanted)
    classes_right = found.classes_right or [None] * len(found.estimate.thresholds)
    return {
        **_rows_without_label(found),
        "shifts": [
            {
                "name": name,
                "labeled": shift.labeled,
                "unlabeled": shift.unlabeled,
                "low": shift.low,
                "high": shift.high,
            }
            for name, shift in found.shifts
        ],
        "recommended": None if found.recommended is None else found.recommended.threshold,
        "thresholds": [
            asdict(one) | {"classes_right": right}
            for one, right in zip(found.estimate.thresholds, classes_right, strict=True)
        ],
    }


def _rows_without_label(found: auto_labels.AutoLabels | AutoNumbers) -> dict[str, Any]:
    return {
        "n_rows": found.n_rows,
        "n_unlabeled": found.n_unlabeled,
        "n_open": found.n_open,
        "is_reweighted": found.estimate.is_reweighted,
    }


@router.post("/{uuid:cleanset_id}/auto-label", response=decision_schemas.ActionOut)
def auto_label_apply(
    request: HttpRequest,
    cleanset_id: UUID,
    wanted: schemas.AutoLabelIn,
    *,
    allow_older: AllowOlder = False,
) -> ReviewAction:
    """Give every unlabeled row from a confidence on its predicted label, or up to an expected error
    its predicted number, as one action.
    """
    cleanset = decidable_cleanset(request, cleanset_id, allow_older=allow_older)
    top_k = auto_labels.top_k_of(cleanset, wanted.threshold)
    return apply_top_k(cleanset=cleanset, user=account(request), top_k=top_k)


@router.get("/{uuid:cleanset_id}/actions", response=Page[decision_schemas.ActionOut])
def action_list(request: HttpRequest, cleanset_id: UUID, params: Paged) -> dict[str, Any]:
    """List the actions on the cleanset, newest first."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    return page_of(request, params, selectors.actions(cleanset))


@router.post("/{uuid:cleanset_id}/undo", response=decision_schemas.ActionOut)
def last_action_undo(
    request: HttpRequest, cleanset_id: UUID, *, allow_older: AllowOlder = False
) -> ReviewAction:
    """Undo the newest action."""
    cleanset = decidable_cleanset(request, cleanset_id, allow_older=allow_older)
    return services.last_action_undo(cleanset=cleanset, user=account(request))


@router.get(
    "/{uuid:cleanset_id}/export",
    openapi_extra={"responses": {200: {"description": "The file", **FILE_ANSWER}}},
)
def cleanset_export(
    request: HttpRequest,
    cleanset_id: UUID,
    filters: Filters,
    safe_for_spreadsheets: SafeForSpreadsheets,
    mode: Literal["default", "custom", "everything"] = "default",
    file_format: Literal["csv", "xlsx", "json", "parquet"] = "csv",
) -> HttpResponseBase:
    """Download the cleanset: without excluded rows (default), the filtered view (custom), or
    everything.
    """
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    query = filters.query(cleanset, selectors.row_source(cleanset))
    return exports.export_response(
        cleanset,
        query,
        mode=mode,
        file_format=file_format,
        safe_for_spreadsheets=safe_for_spreadsheets,
    )
