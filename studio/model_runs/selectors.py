"""Reads of model runs for the pages and the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from projects.models import Project
from studio.accounts.models import User
from studio.engine.schema.class_weights import NONE
from studio.engine.schema.configuration import Configuration
from studio.model_runs.models import ModelRun
from studio.model_runs.rows_file import row_counts
from studio.runs import Status

_WITHOUT = {"class_weights": NONE}  # what runs had that do not say it
_NO_CANDIDATES = ("ensemble", "provided")  # keys of the mixture, and of imported predictions


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


def candidates_tried(project: Project) -> dict[str, str]:
    """Return the models that analyses of a project have tried: names by key."""
    names: dict[str, str] = {}
    for candidates in project.cleansets.values_list("candidates", flat=True):
        names |= {one["key"]: one["name"] for one in candidates if one["key"] not in _NO_CANDIDATES}
    return names


def configuration_of_run(run: ModelRun) -> Configuration:
    """Return the configuration with which a run was trained."""
    assert run.cleanset is not None
    return Configuration.of(run.cleanset.spec())


def n_verified_rows(run: ModelRun) -> int:
    """Return how many of the run's rows a person verified."""
    return row_counts(run.rows_key).n_verified


def rows_of_parts(run: ModelRun) -> dict[str, int]:
    """Return the rows of each part of the split; empty without a split."""
    return row_counts(run.rows_key).of_parts


def differing_settings(first: ModelRun, second: ModelRun) -> list[dict[str, Any]]:
    """Return the settings and the facts about the data in which two runs differ."""
    one = {**_WITHOUT, **first.configuration, **first.snapshot}
    other = {**_WITHOUT, **second.configuration, **second.snapshot}
    return [
        {"name": name, "first": one.get(name), "second": other.get(name)}
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    ]
