"""Fair turns: if runs of several accounts wait in a queue, the account whose last turn was longest
ago goes first, and of its runs the oldest. Of the short work in `data`, each account has one run at
a time, so that none can hold all of its slots.

A message announces one run, but which run is next is decided when a worker receives a message: it
sends the message of the run that goes first, and leaves its own run waiting. If no run may start,
the end of another one sends the next message.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

from celery import current_app
from django.db import DatabaseError, InterfaceError
from django.db.models import Max
from django.utils import timezone
from kombu.exceptions import ChannelError, OperationalError

from studio.recovery import run_models
from studio.runs import Run, Status, send

logger = logging.getLogger(__name__)


ONE_EACH = "data"  # the queue in which an account has one run at a time


def queue_of(task_name: str, run_id: str) -> str | None:
    """Return the queue of a run, by the task that is for it; None for other tasks."""
    model = _model_of(task_name)
    if model is None:
        return None
    try:
        run = model._default_manager.filter(pk=run_id).first()
    except (DatabaseError, InterfaceError):  # claiming the run waits for the database
        return model.queue
    return run.worker_queue if run else None


def gives_way(task_name: str, run_id: str, queue: str) -> bool:
    """Return whether the run has to wait; the message of the one that goes first is sent."""
    model = _model_of(task_name)
    assert model is not None
    try:
        first = next_run(queue)
        if first is not None and str(first.pk) == run_id:
            return False
        if not _is_waiting(model, run_id):
            return False
    except (DatabaseError, InterfaceError):  # claiming the run waits for the database
        logger.warning("Turns are not known run=%s", run_id, exc_info=True)
        return False
    if first is not None:
        send(first)
    return True


def send_next(queue: str, *, after: str = "") -> None:
    """Send the message of the run that is next, unless the queue holds a message already.

    `after` is the id of a run that is about to start or has just ended.
    """
    try:
        if _n_messages(queue):
            return
        run = next_run(queue, after=after)
    except (DatabaseError, InterfaceError, OperationalError, OSError):
        logger.warning("The next run is left to the sweep queue=%s", queue, exc_info=True)
        return
    if run is not None:
        send(run)


def next_run(queue: str, *, after: str = "") -> Run | None:
    """Return the waiting run that goes first, and may start."""
    # Two workers that decide at the same time cannot both start a run of one account: a run that
    # is no longer waiting here is among those under way, which are looked up afterwards.
    waiting = _runs_in(queue, status=Status.QUEUED, queued_at__lte=timezone.now())
    starting = {run.created_by_id for run in waiting if str(run.pk) == after}
    busy = starting | _busy_accounts(queue)
    oldest: dict[int, Run] = {}
    for run in sorted(waiting, key=lambda run: (run.queued_at, run.pk)):
        if run.created_by_id not in busy and str(run.pk) != after:
            oldest.setdefault(run.created_by_id, run)
    if not oldest:
        return None
    last_turns = _last_turns(queue, oldest) if len(oldest) > 1 else {}
    never = datetime.min.replace(tzinfo=timezone.get_default_timezone())
    account = min(oldest, key=lambda who: (last_turns.get(who, never), oldest[who].queued_at))
    return oldest[account]


def _busy_accounts(queue: str) -> set[int]:
    """Return the accounts that have as many runs under way as they may have."""
    if queue != ONE_EACH:
        return set()
    return {run.created_by_id for run in _runs_in(queue, status=Status.RUNNING)}


def _runs_in(queue: str, **conditions: object) -> list[Run]:
    return [
        run
        for model in run_models()
        for run in model._default_manager.filter(**conditions)
        if run.worker_queue == queue
    ]


def _last_turns(queue: str, accounts: Iterable[int]) -> dict[int, datetime]:
    """Return when each account's newest run of the kinds in a queue was started."""
    newest: dict[int, datetime] = {}
    for model in run_models():
        if model.queue != queue:
            continue
        started = (
            model._default_manager.filter(created_by__in=list(accounts), started_at__isnull=False)
            .values_list("created_by")
            .annotate(at=Max("started_at"))
        )
        for account, at in started:
            newest[account] = max(at, newest.get(account, at))
    return newest


def _model_of(task_name: str) -> type[Run] | None:
    return next((model for model in run_models() if model.task_name == task_name), None)


def _is_waiting(model: type[Run], run_id: str) -> bool:
    return model._default_manager.filter(pk=run_id, status=Status.QUEUED).exists()


def _n_messages(queue: str) -> int:
    with current_app.pool.acquire(block=True) as connection:
        try:
            declared = connection.default_channel.queue_declare(queue=queue, passive=True)
        except ChannelError:  # Redis has no empty lists
            return 0
        return int(declared.message_count)
