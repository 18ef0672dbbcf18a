"""Runs of all kinds in one list."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from heapq import nlargest
from typing import Any

from django.db.models import Manager, QuerySet
from django.http import Http404

from studio.accounts.models import User
from studio.recovery import run_models
from studio.runs import Run


def runs_of(
    user: User, statuses: Collection[str], kind: str, *, offset: int, limit: int
) -> tuple[list[Run], int]:
    """Return a page of the user's runs, newest first, and their number; two queries per kind."""
    wanted = [_runs(model, user, statuses) for model in run_models() if kind in ("", model().kind)]
    newest = [
        run for runs in wanted for run in runs.order_by("-queued_at", "-pk")[: offset + limit]
    ]
    ordered = nlargest(offset + limit, newest, key=lambda run: (run.queued_at, str(run.pk)))
    return ordered[offset:], sum(runs.count() for runs in wanted)


def run_or_404(user: User, run_id: uuid.UUID) -> Run:
    """Return one of the user's runs of any kind, or end in 404."""
    for model in run_models():
        if run := _runs(model, user, ()).filter(pk=run_id).first():
            return run
    raise Http404("There is no such run.")


def _runs(model: type[Run], user: User, statuses: Collection[str]) -> QuerySet[Run]:
    manager: Manager[Any] = model._default_manager
    runs = manager.filter(created_by=user).defer("log", "error_detail")
    return runs.filter(status__in=statuses) if statuses else runs
