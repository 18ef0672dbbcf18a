"""Starts the analyses of a project, and makes older ones current again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from cleansets import selectors
from cleansets.carrying import carried_over
from cleansets.decision_rows import (
    Change,
    lock,
    next_number,
    state_of_review,
)
from cleansets.drafts import is_large, refuse_second
from cleansets.models import (
    Cleanset,
    CleansetOrigin,
    ReviewAction,
)
from cleansets.services import record
from projects import selectors as project_selectors
from projects.models import DatasetVersion, Project
from projects.services import project_create
from studio import runs
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.engine.schema import CleansetSpec

logger = logging.getLogger(__name__)


@transaction.atomic
def cleanset_start(
    *,
    project: Project,
    user: User,
    base: Cleanset | None = None,
    choices: Mapping[str, Any] | None = None,
) -> Cleanset:
    """Create the project's next cleanset, from the uploaded labels or from the corrected labels of
    a base, and queue it; `choices` are further fields of it.
    """
    newest = project.cleansets.aggregate(Max("number"))["number__max"] or 0
    fields = dict(choices or {})
    if base is not None:
        fields.setdefault("version", base.version)
    cleanset = Cleanset.objects.create(
        project=project, number=newest + 1, base=base, created_by=user, **fields
    )
    runs.enqueue(cleanset)
    return cleanset


@transaction.atomic
def project_start(
    *, user: User, version: DatasetVersion, name: str, spec: CleansetSpec, notes: Sequence[str] = ()
) -> Cleanset:
    """Create a project and its first cleanset, and queue the analysis."""
    project = project_create(user=user, version=version, name=name, spec=spec, notes=notes)
    return cleanset_start(project=project, user=user)


@transaction.atomic
def cleanset_restart(*, cleanset: Cleanset, user: User) -> Cleanset:
    """Restart an analysis that failed or was cancelled."""
    if cleanset.is_active or cleanset.is_succeeded:
        raise DataProblem("This analysis has not failed; there is nothing to start again.")
    if cleanset.restored is not None:
        return cleanset_restore(cleanset=cleanset.restored, user=user)
    if cleanset.base is not None:
        return _improved(cleanset.base, user, cleanset.choices)
    return cleanset_start(project=cleanset.project, user=user)


@transaction.atomic
def cleanset_improve(*, cleanset: Cleanset, user: User) -> Cleanset:
    """Create and queue the next cleanset, which learns from the corrected labels."""
    if cleanset.task is MLTask.UNSUPERVISED:
        raise DataProblem(
            "Without labels there is nothing to correct, so a new analysis would find the same."
        )
    if cleanset.is_analysis and not cleanset.reviews.exists():
        raise DataProblem(
            "No row is decided yet, so a new analysis would find the same. Review some rows first."
        )
    return _improved(cleanset, user, {"configuration": cleanset.configuration})


@transaction.atomic
def cleanset_of_choices(*, base: Cleanset, user: User, choices: Mapping[str, Any]) -> Cleanset:
    """Create and queue the next cleanset, with choices of its own; all decisions are kept."""
    return _improved(base, user, choices)


@transaction.atomic
def cleanset_grow(*, project: Project, user: User, version: DatasetVersion) -> Cleanset:
    """Queue the scoring of the rows that a dataset version has beyond the newest cleanset.

    The result is the next cleanset: old rows keep their results and decisions, and the new ones are
    scored by the project's newest deployed model, else by the models of the analysis.

    Raises
    ------
    DataProblem
        While another run of the project is under way, or if the version did not grow out of the
        data of the newest cleanset.
    """
    base = selectors.newest_finished(project)
    if base is None:
        raise DataProblem(
            "The project has no finished analysis whose models could score new rows. Start the"
            " analysis again first."
        )
    if project.cleansets.filter(status__in=runs.ACTIVE).exists():
        raise DataProblem(
            "An analysis of this project is under way. Wait until it has finished, or cancel it;"
            " then add the new rows."
        )
    if not version.is_succeeded or base.version not in project_selectors.bases_of(version):
        raise DataProblem(
            f"Version {version.number} of the dataset does not consist of the rows of this project"
            " and new ones, so it cannot be added. Create another project from it."
        )
    choices = {
        "configuration": base.configuration,
        "version": version,
        "origin": CleansetOrigin.ROWS,
    }
    return _improved(base, user, choices)


@transaction.atomic
def cleanset_restore(*, cleanset: Cleanset, user: User) -> Cleanset:
    """Make an older version the current one: queue a new version that is equal to it.

    Raises
    ------
    DataProblem
        If it is the current version, or while a run of the project is under way.
    """
    if not cleanset.is_succeeded:
        raise DataProblem("This version has no results, so there is nothing to go back to.")
    if selectors.newest_finished(cleanset.project) == cleanset:
        raise DataProblem(f"Version {cleanset.number} is the current one.")
    if cleanset.project.cleansets.filter(status__in=runs.ACTIVE).exists():
        raise DataProblem(
            "Another version of this project is being made. Wait until it is done, or cancel it."
        )
    refuse_second(cleanset)
    lock(cleanset)
    restored = cleanset_start(
        project=cleanset.project,
        user=user,
        base=cleanset.base,
        choices={
            "configuration": cleanset.configuration,
            "version": cleanset.version,
            "origin": CleansetOrigin.RESTORED,
            "restored": cleanset,
            "base_action_number": next_number(cleanset) - 1,
        },
    )
    n_decisions = cleanset.reviews.count()
    restored.review_actions.create(
        user=user,
        kind=ReviewAction.Kind.CARRIED,
        description=carried_over(n_decisions),
        n_rows=0,
    )
    return restored


def cleanset_describe(*, cleanset: Cleanset, name: str, note: str) -> None:
    """Give a version a name and a note."""
    cleanset.name = name
    cleanset.note = note
    cleanset.save(update_fields=["name", "note"])


def data_follow(run: runs.Run) -> None:
    """Give the rows of a grown dataset to its projects, and let a project follow its newest
    version.
    """
    if not run.is_succeeded:
        return
    if isinstance(run, Cleanset):
        project = run.project
        if project.version_id != run.version_id and selectors.newest_finished(project) == run:
            project.version = run.version
            project.save(update_fields=["version"])
    elif isinstance(run, DatasetVersion):
        for project in Project.objects.filter(pk__in=run.projects_to_grow):
            try:
                cleanset_grow(project=project, user=run.created_by, version=run)
            except DataProblem as problem:
                # Its page offers to add the rows later.
                logger.info("Project does not grow yet project=%s: %s", project.pk, problem)


def _improved(base: Cleanset, user: User, choices: Mapping[str, Any]) -> Cleanset:
    refuse_second(base)
    improved = cleanset_start(project=base.project, user=user, base=base, choices=choices)
    lock(base)
    improved.base_action_number = next_number(base) - 1
    improved.save(update_fields=["base_action_number"])
    n_decisions = base.reviews.count()
    description = carried_over(n_decisions)
    kind = ReviewAction.Kind.CARRIED
    if is_large(n_decisions):
        # The analysis begins with carrying them over, so that nobody waits for that here.
        improved.review_actions.create(user=user, kind=kind, description=description, n_rows=0)
        return improved
    changes: list[Change] = [
        (review.row_id, None, state_of_review(review)) for review in base.reviews.order_by("row_id")
    ]
    if changes:
        record(improved, user, kind, description, changes)
    return improved
