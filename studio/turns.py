"""Fair turns: if runs of several accounts wait in a queue, the account whose last turn was longest
ago goes first, and of its runs the oldest.

A message announces one run, but which run is next is decided when a worker receives a message: it
sends the message of the run that goes first, and leaves its own run waiting. From then on the queue
holds one message at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from celery import current_app
from django.db import DatabaseError, InterfaceError
from django.db.models import Max
from django.utils import timezone
from kombu.exceptions import ChannelError, OperationalError

from studio.recovery import run_models
from studio.runs import Run, Status, send

logger = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    queued_at: datetime
    model: type[Run]
    run_id: UUID


def queue_of(task_name: str) -> str | None:
    """Return the queue of the runs that a task is for; None for other tasks."""
    model = _model_of(task_name)
    return model.queue if model else None


def gives_way(task_name: str, run_id: str) -> bool:
    """Return whether another run goes first, after sending its message."""
    model = _model_of(task_name)
    if model is None:
        return False
    try:
        first = next_run(model.queue)
        if first is None or str(first.pk) == run_id or not _is_waiting(model, run_id):
            return False
    except (DatabaseError, InterfaceError):  # claiming the run waits for the database
        logger.warning("Turns are not known run=%s", run_id, exc_info=True)
        return False
    send(first)
    return True


def send_next(queue: str, *, except_id: str = "") -> None:
    """Send the message of the run that is next, unless the queue holds a message already."""
    try:
        if _n_messages(queue):
            return
        run = next_run(queue, except_id=except_id)
    except (DatabaseError, InterfaceError, OperationalError, OSError):
        logger.warning("The next run is left to the sweep queue=%s", queue, exc_info=True)
        return
    if run is not None:
        send(run)


def next_run(queue: str, *, except_id: str = "") -> Run | None:
    """Return the waiting run that goes first."""
    models = [model for model in run_models() if model.queue == queue]
    oldest: dict[int, _Waiting] = {}
    for model in models:
        waiting = model._default_manager.filter(
            status=Status.QUEUED, queued_at__lte=timezone.now()
        ).values_list("created_by", "queued_at", "pk")
        for account, queued_at, run_id in waiting:
            found = _Waiting(queued_at, model, run_id)
            is_older = account not in oldest or queued_at < oldest[account].queued_at
            if is_older and str(run_id) != except_id:
                oldest[account] = found
    if not oldest:
        return None
    last_turns = _last_turns(models, oldest) if len(oldest) > 1 else {}
    never = datetime.min.replace(tzinfo=timezone.get_default_timezone())
    account = min(oldest, key=lambda who: (last_turns.get(who, never), oldest[who].queued_at))
    return oldest[account].model._default_manager.filter(pk=oldest[account].run_id).first()


def _last_turns(models: Iterable[type[Run]], accounts: Iterable[int]) -> dict[int, datetime]:
    """Return when each account's newest run of these kinds was started."""
    newest: dict[int, datetime] = {}
    for model in models:
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
