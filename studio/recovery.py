"""Recovers runs whose worker died, and messages that were lost.

Two messages for one run do no harm: only one claim succeeds.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.apps import apps
from django.utils import timezone

from studio.runs import (
    Run,
    Status,
    fail,
    requeue,
    send,
    send_notice,
    stop_cancelled,
)

logger = logging.getLogger(__name__)

LOST_AFTER = timedelta(seconds=120)  # twenty-four missed heartbeats
BUSY_FOR = timedelta(minutes=10)  # until the message of a run that waits its turn counts as lost
TAKES_MESSAGES_S = 60.0  # for how long a worker that was asked to end may still take messages
GIVEN_BACK = "another run of its worker was cancelled and did not stop."
MAX_LOST = 2  # a run whose worker died twice, mostly for lack of memory, would go on so for ever


def run_models() -> list[type[Run]]:
    """Return every concrete kind of run."""
    return [model for model in apps.get_models() if issubclass(model, Run)]


def sweep() -> None:
    """Queue runs again whose heartbeat stopped, and send messages again that were lost."""
    now = timezone.now()
    for model in run_models():
        for run in model._default_manager.filter(
            status=Status.RUNNING, heartbeat_at__lt=now - LOST_AFTER
        ):
            recover(run)
    # Behind a long run, a message may wait for a while without being lost.
    busy = {
        model.queue
        for model in run_models()
        if model._default_manager.filter(status=Status.RUNNING).exists()
    }
    for model in run_models():
        patience = BUSY_FOR if model.queue in busy else LOST_AFTER
        for run in model._default_manager.filter(
            status=Status.QUEUED, queued_at__lt=now - patience
        ):
            _resend(run)


def recover_queue(queue: str, *, is_lost: bool = True) -> None:
    """Queue again the runs of a queue whose only worker has just died.

    Not `is_lost` if it was ended for a run that was cancelled.
    """
    for model in run_models():
        for run in model._default_manager.filter(status=Status.RUNNING):
            if run.worker_queue != queue:
                continue
            if is_lost:
                recover(run)
            elif give_back(run):
                send(run)


def release_all() -> None:
    """Queue again what was running when an embedded studio stopped; no worker was lost then.

    Only right when no worker is alive and the queues are empty, as at the start of `manage.py up`.
    """
    for model in run_models():
        for run in model._default_manager.filter(status=Status.RUNNING):
            if not _stopped_as_asked(run):
                requeue(run, reason="the studio was stopped.")
        for run in model._default_manager.filter(status=Status.QUEUED):
            send(run)


def recover(run: Run) -> None:
    """Queue a run again whose worker died; fail it if that happened before."""
    if _stopped_as_asked(run):
        return
    n_lost = run.n_lost + 1
    if n_lost < MAX_LOST:
        if requeue(run, reason="its worker died.", is_lost=True):
            logger.warning("Run lost its worker and was queued again run=%s", run.pk)
            send(run)
        return
    problem = (
        f"The worker stopped in the middle of this run {n_lost} times, most often because memory"
        " ran out. Try Fast mode, fewer columns, or a machine with more memory."
    )
    if fail(run, problem):
        send_notice(run)


def give_back_requests(
    requests: Iterable[tuple[str, str]], takes_messages: Callable[[], bool]
) -> None:
    """Queue the runs of a worker that was asked to end again; a request is the name of a task and
    the id of a run.

    The messages are sent once this worker takes no more of them.
    """
    models = {model.task_name: model for model in run_models()}
    given_back: list[Run] = []
    for task_name, run_id in requests:
        if task_name not in models:
            continue
        running = models[task_name]._default_manager.filter(pk=run_id, status=Status.RUNNING)
        for run in running:
            if _stopped_as_asked(run):
                continue
            if requeue(run, reason="its worker was asked to end."):
                given_back.append(run)
    deadline = time.monotonic() + TAKES_MESSAGES_S
    while given_back and takes_messages() and time.monotonic() < deadline:
        time.sleep(0.1)
    for run in given_back:
        send(run)


def give_back(run: Run) -> bool:
    """Queue a run again whose worker is ended for another run; False if it has to end, too."""
    return not _stopped_as_asked(run) and requeue(run, reason=GIVEN_BACK)


def _stopped_as_asked(run: Run) -> bool:
    return run.cancel_requested_at is not None and stop_cancelled(run)


def _resend(run: Run) -> None:
    # Of several sweeps, the one that moves `queued_at` sends the message.
    waiting = type(run)._default_manager.filter(
        pk=run.pk, status=Status.QUEUED, queued_at=run.queued_at
    )
    if waiting.update(queued_at=timezone.now()):
        send(run)
