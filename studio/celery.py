"""Celery's application. Queues: `data` for reading and predicting, `training` for long work."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Collection
from importlib import import_module
from typing import Any

from celery import Celery, Task
from celery.bootsteps import RUN
from celery.signals import worker_init, worker_ready, worker_shutting_down
from celery.worker import WorkController
from celery.worker.state import active_requests
from kombu.transport import TRANSPORT_ALIASES

from studio.garbage import collect_less_often
from studio.private_files import keep_private

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
TRANSPORT_ALIASES["folder"] = "studio.broker:Transport"

# The warning is about pickled messages; ours are JSON.
warnings.filterwarnings("ignore", "You're running the worker with superuser")

_consumers: list[Any] = []  # of this process, if it is a worker
_was_asked_to_end = threading.Event()


class FairTask(Task):  # type: ignore[misc]
    """A task that lets the runs of other accounts go first where it is their turn."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work, unless another run goes first."""
        if self.request.is_eager:
            return super().__call__(*args, **kwargs)
        from studio import watchdog

        with watchdog.watched(self.request.id, self.name, kwargs.get("run_id", "")):
            return self._do(*args, **kwargs)

    def _do(self, *args: Any, **kwargs: Any) -> Any:
        from studio import turns

        run_id = kwargs.get("run_id", "")
        queue = turns.queue_of(self.name, run_id)
        if queue is None:
            return super().__call__(*args, **kwargs)
        if _was_asked_to_end.is_set() or turns.gives_way(self.name, run_id, queue):
            return None
        turns.send_next(queue, after=run_id)  # for another slot, if there is one
        try:
            return super().__call__(*args, **kwargs)
        finally:
            turns.send_next(queue, after=run_id)


app = Celery("studio", task_cls=FairTask)
app.set_default()  # in every thread, not only in the one that imports this
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect  # type: ignore[untyped-decorator]
def prepare_worker(**_: object) -> None:
    """Let only the worker's own user read what it writes, and watch its runs."""
    keep_private()
    from studio import runs, watchdog

    runs.load_observers()  # once, for both processes
    watchdog.start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def give_back_runs(**_: object) -> None:
    """Queue the runs of this worker again at once, since the orchestrator may not wait for their
    end. In a thread, since a signal handler interrupts anything, even a transaction.
    """
    _was_asked_to_end.set()
    under_way = [(request.name, request.kwargs.get("run_id", "")) for request in active_requests]
    threading.Thread(target=_give_back, args=(under_way,)).start()


def _takes_messages() -> bool:
    return any(consumer.blueprint.state == RUN for consumer in _consumers)


def _give_back(under_way: list[tuple[str, str]]) -> None:
    from django.db import connection

    from studio.recovery import give_back_requests

    try:
        give_back_requests(under_way, _takes_messages)
    finally:
        connection.close()


@worker_ready.connect  # type: ignore[untyped-decorator]
def load_pipelines(sender: WorkController, **_: object) -> None:
    """Import the pipelines of this worker in advance, so that its first run starts fast."""
    collect_less_often()
    _consumers.append(sender)
    threading.Thread(
        target=_load_pipelines, args=(list(sender.app.amqp.queues.consume_from),), daemon=True
    ).start()


def _load_pipelines(queues: Collection[str]) -> None:
    from django.apps import apps

    from studio.runs import Run

    for model in apps.get_models():
        if issubclass(model, Run) and model.queue in queues:
            import_module(f"{model._meta.app_config.name}.pipeline")


@app.task(name="studio.clean_up")  # type: ignore[untyped-decorator]
def clean_up() -> None:
    """Remove what killed processes left behind, and what the cache has beyond its limit; renew the
    reserve of the database.
    """
    from django.conf import settings

    from studio import cache, reserve, tables

    reserve.fill()
    tables.clear_scratch()
    if settings.MAX_CACHE_BYTES:
        cache.prune(settings.CACHE_DIR, settings.MAX_CACHE_BYTES)


@app.task(name="studio.sweep_runs")  # type: ignore[untyped-decorator]
def sweep_runs() -> None:
    """Recover lost runs; see `studio.recovery.sweep`."""
    from studio import runs, turns
    from studio.recovery import sweep

    sweep()
    for queue in runs.QUEUES:
        turns.send_next(queue)
