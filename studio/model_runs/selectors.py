"""Reads of model runs for the pages and the API."""

from __future__ import annotations

import numpy as np
from django.db.models import QuerySet

from projects.models import Project
from studio.accounts.models import User
from studio.engine.evaluation.runs.comparison import Comparison, compare_runs
from studio.model_runs.models import ModelRun
from studio.model_runs.rows_file import StoredRows, stored_rows
from studio.runs import Status


def runs_of(project: Project) -> QuerySet[ModelRun]:
    """Return the runs of a project, newest first."""
    return project.model_runs.select_related("cleanset", "deployed_model").order_by("-recorded_at")


def runs_of_user(user: User) -> QuerySet[ModelRun]:
    """Return all runs of a user, newest first."""
    mine = ModelRun.objects.filter(project__owner=user)
    return mine.select_related("project", "cleanset", "deployed_model").order_by("-recorded_at")


def comparable_runs(run: ModelRun) -> QuerySet[ModelRun]:
    """Return the project's other runs with an evaluation, newest first."""
    return runs_of(run.project).filter(status=Status.SUCCEEDED).exclude(pk=run.pk)


def n_verified_rows(run: ModelRun) -> int:
    """Return how many of the run's rows a person verified."""
    return int(_stored(run).is_verified.sum())


def rows_of_parts(run: ModelRun) -> dict[str, int]:
    """Return the rows of each part of the split; empty without a split."""
    parts, counts = np.unique(_stored(run).part, return_counts=True)
    found = zip(parts.tolist(), counts.tolist(), strict=True)
    return {part: count for part, count in found if part}


def comparison_of(first: ModelRun, second: ModelRun) -> Comparison:
    """Compare two evaluated runs, each by the labels it learned from."""
    return compare_runs(_stored(first).run, _stored(second).run)


def _stored(run: ModelRun) -> StoredRows:
    return stored_rows(run.rows_key, run.task, tuple(run.classes))
