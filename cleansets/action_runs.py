"""Actions on many rows as runs, so that nobody waits for them in a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from cleansets import selectors, services
from cleansets.class_changes import (
    ClassRenaming,
    class_change_apply,
    class_change_plan,
    class_effect,
    describe,
)
from cleansets.corrections import (
    ColumnChoice,
    corrections_apply,
    corrections_effect,
    corrections_plan,
)
from cleansets.decision_rows import lock, next_number
from cleansets.drafts import Applied, Plan, apply_plan, discard, is_large, refuse_second
from cleansets.models import ActionRun, Cleanset, CorrectionsFile, ReviewAction
from cleansets.reverts import Revert, action_revert, revert_plan
from cleansets.top_k import (
    NOTHING_TO_CHANGE,
    TopK,
    n_rows_of,
    top_k_apply,
    top_k_effect,
    top_k_plan,
)
from studio import runs
from studio.accounts.models import User
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.progress import Cancelled, Progress

SHOWN_FOR = timedelta(minutes=10)  # after a failure
Purpose = ActionRun.Purpose
STEPS = {
    Purpose.UNDO.value: ReviewAction.Kind.UNDO,
    Purpose.REDO.value: ReviewAction.Kind.REDO,
}
PURPOSES = {ReviewAction.Kind.UNDO: Purpose.UNDO, ReviewAction.Kind.REDO: Purpose.REDO}


def top_k_start(*, cleanset: Cleanset, user: User, top_k: TopK) -> ReviewAction | ActionRun:
    """Apply Clean Top K, as a run if it looks at many rows."""
    n_rows = n_rows_of(cleanset=cleanset, top_k=top_k)
    if not is_large(n_rows):
        return top_k_apply(cleanset=cleanset, user=user, top_k=top_k)
    effect = top_k_effect(cleanset=cleanset, top_k=top_k)
    if not effect.n_changed:
        raise DataProblem(NOTHING_TO_CHANGE)
    params = {
        "view": top_k.query.params(),
        "k": top_k.k,
        "choice": top_k.choice,
        "label": top_k.label,
    }
    title = services.bulk_description(cleanset, top_k.choice, top_k.label, effect.n_changed)
    return _start(
        ActionRun(
            cleanset=cleanset,
            created_by=user,
            purpose=Purpose.TOP_K,
            title=title,
            params=params,
        )
    )


def undo_start(
    *, cleanset: Cleanset, user: User, action_id: UUID | None = None
) -> ReviewAction | ActionRun:
    """Undo the newest action, as a run if it changed many rows."""
    return _step_start(cleanset, user, ReviewAction.Kind.UNDO, action_id)


def redo_start(
    *, cleanset: Cleanset, user: User, action_id: UUID | None = None
) -> ReviewAction | ActionRun:
    """Redo what was undone last, as a run if it changes many rows."""
    return _step_start(cleanset, user, ReviewAction.Kind.REDO, action_id)


@transaction.atomic
def _step_start(
    cleanset: Cleanset, user: User, kind: ReviewAction.Kind, action_id: UUID | None
) -> ReviewAction | ActionRun:
    lock(cleanset)
    if action_id is not None:
        repeated = ActionRun.objects.filter(pk=action_id, cleanset=cleanset).first()
        if repeated is not None:
            return repeated
    if repeated_step := services.repeated_action(cleanset, action_id):
        return repeated_step
    newest = services.newest_to_take_back(cleanset, kind)
    if not is_large(newest.n_rows):
        return services.take_back(cleanset, user, newest, kind, action_id)
    return _start(
        ActionRun(
            pk=action_id or uuid4(),
            cleanset=cleanset,
            created_by=user,
            purpose=PURPOSES[kind],
            title=services.step_description(newest, kind),
            params={"newest": next_number(cleanset) - 1},
            reverted=newest,
        )
    )


def corrections_start(
    *,
    cleanset: Cleanset,
    user: User,
    file: CorrectionsFile,
    choice: ColumnChoice,
    with_new_classes: bool,
) -> ReviewAction | ActionRun:
    """Apply a file of corrections, as a run if it changes many rows."""
    effect = corrections_effect(cleanset, file, choice, with_new_classes=with_new_classes)
    if not is_large(effect.n_changed):
        return corrections_apply(
            cleanset=cleanset,
            user=user,
            file=file,
            choice=choice,
            with_new_classes=with_new_classes,
        )
    return _start(
        ActionRun(
            cleanset=cleanset,
            created_by=user,
            purpose=Purpose.IMPORT,
            title=f"{counted(effect.n_changed, 'row')} from {file.filename}",
            params={"choice": choice.to_params(), "with_new_classes": with_new_classes},
            corrections_file=file,
        )
    )


def class_change_start(
    *, cleanset: Cleanset, user: User, change: ClassRenaming
) -> ReviewAction | ActionRun:
    """Rename or merge a class, as a run if it has many rows."""
    effect = class_effect(cleanset, change)
    if not is_large(effect.n_changed):
        return class_change_apply(cleanset=cleanset, user=user, change=change)
    return _start(
        ActionRun(
            cleanset=cleanset,
            created_by=user,
            purpose=Purpose.CLASS,
            title=describe(change, effect.n_changed),
            params=asdict(change),
        )
    )


def revert_start(*, cleanset: Cleanset, user: User, action: ReviewAction) -> Revert | ActionRun:
    """Revert an action, as a run if it changed many rows."""
    if not is_large(action.n_rows):
        return action_revert(cleanset=cleanset, user=user, action=action)
    plan = revert_plan(cleanset, action)
    return _start(
        ActionRun(
            cleanset=cleanset,
            created_by=user,
            purpose=Purpose.REVERT,
            title=plan.describe(action.n_rows),
            reverted=action,
        )
    )


@transaction.atomic
def _start(run: ActionRun) -> ActionRun:
    cleanset = run.cleanset
    lock(cleanset)
    refuse_second(cleanset)
    running = active_run(cleanset)
    if running is not None:
        raise DataProblem(
            f"“{running.title}” is still under way on this cleanset. Wait until it is done, or"
            " cancel it."
        )
    run.title = run.title[:300]
    run.save(force_insert=True)
    runs.enqueue(run)
    return run


def active_run(cleanset: Cleanset) -> ActionRun | None:
    """Return the run that is changing many rows of the cleanset."""
    return cleanset.action_runs.filter(status__in=runs.ACTIVE).first()


def shown_run(cleanset: Cleanset) -> ActionRun | None:
    """Return the run that the review page shows: one under way, or one that has just failed."""
    run = cleanset.action_runs.order_by("-queued_at").first()
    if run is None or run.is_active:
        return run
    is_recent = run.finished_at is not None and run.finished_at > timezone.now() - SHOWN_FOR
    return run if run.status == runs.Status.FAILED and is_recent else None


def carry_out(run: ActionRun, progress: Progress) -> Mapping[str, Any]:
    """Do the work of a run; its decisions and its end are stored in one transaction."""
    cleanset = run.cleanset
    for draft in cleanset.drafts.filter(review_action=run.pk):
        discard(draft)  # of an attempt whose worker died
    apply_plan(
        cleanset,
        run.created_by,
        _plan(run),
        action_id=run.pk,
        progress=progress,
        published=partial(_finish, run),
    )
    return {}


def _finish(run: ActionRun, applied: Applied) -> None:
    is_cancelled = ActionRun.objects.filter(pk=run.pk, cancel_requested_at__isnull=False).exists()
    results = {"review_action": applied.action, "n_decided_later": applied.n_decided_later}
    if is_cancelled or not runs.finish(run, **results):
        raise Cancelled


def _plan(run: ActionRun) -> Plan:
    cleanset = run.cleanset
    if run.purpose == Purpose.TOP_K:
        params = run.params
        query = selectors.asked_rows(cleanset, QueryDict(params["view"]))
        top_k = TopK(query, k=params["k"], choice=params["choice"], label=params["label"])
        return top_k_plan(cleanset=cleanset, top_k=top_k)
    if run.purpose == Purpose.IMPORT:
        file = run.corrections_file
        assert file is not None
        choice = ColumnChoice(**run.params["choice"])
        with_new_classes = run.params["with_new_classes"]
        return corrections_plan(cleanset, file, choice, with_new_classes=with_new_classes)
    if run.purpose == Purpose.CLASS:
        return class_change_plan(cleanset, ClassRenaming(**run.params))
    action = run.reverted
    assert action is not None
    if run.purpose == Purpose.REVERT:
        return revert_plan(cleanset, action)
    return services.step_plan(action, STEPS[run.purpose], newest=run.params["newest"])
