"""`/api/v1/account` and `/api/v1/runs`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from studio import runs
from studio.accounts.access import account as account_of
from studio.accounts.models import ApiKey
from studio.api.auth import READ, request_key
from studio.api.pages import page
from studio.api.run_lists import run_or_404, runs_of
from studio.api.schemas import Page, Paged, RunKind, RunOut, RunStatus
from studio.engine.errors import DataProblem

account_router = Router(tags=["Account"])
runs_router = Router(tags=["Runs"])


class KeyOut(Schema):
    """An API key, without its secret."""

    name: str
    prefix: str = Field(description="The first characters of the key.")
    scope: str = Field(description="read or write.")
    created_at: datetime


class AccountOut(Schema):
    """The account of the key."""

    email: str
    name: str
    key: KeyOut


@account_router.get("", response=AccountOut)
def account_get(request: HttpRequest) -> dict[str, Any]:
    """Return the account of the key, and the permission of the key."""
    key: ApiKey = request_key(request, scope=READ)
    return {"email": key.owner.email, "name": key.owner.name, "key": key}


@runs_router.get("", response=Page[RunOut])
def run_list(
    request: HttpRequest,
    params: Paged,
    status: Annotated[
        list[RunStatus],
        Query(description="Only runs with one of these statuses.", default_factory=list),
    ],
    kind: Annotated[RunKind | None, Query(description="Only runs of this kind.")] = None,
) -> dict[str, Any]:
    """List your runs, newest first."""
    found, count = runs_of(
        account_of(request), status, kind or "", offset=params.offset, limit=params.limit
    )
    return page(request, params, found, count=count)


@runs_router.get("/{uuid:run_id}", response=RunOut)
def run_get(request: HttpRequest, run_id: UUID) -> runs.Run:
    """Return a run with its progress."""
    return run_or_404(account_of(request), run_id)


@runs_router.post("/{uuid:run_id}/cancel", response=RunOut)
def run_cancel(request: HttpRequest, run_id: UUID) -> runs.Run:
    """Stop a run, at once if it waits, else at its next step."""
    run = run_or_404(account_of(request), run_id)
    if not runs.cancel(run):
        raise DataProblem("This run has already finished.")
    run.refresh_from_db()
    return run
