"""Celery's application. Queues: `data` for short work (reading, predicting), `training` for long work."""

from __future__ import annotations

import os
import warnings

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
TRANSPORT_ALIASES["folder"] = "studio.broker:Transport"

warnings.filterwarnings("ignore", "You're running the worker with superuser")  # meant for pickle; ours are JSON

app = Celery("studio")
app.set_default()  # in every thread, not only in the one that imports this
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.task(name="studio.sweep_runs")  # type: ignore[untyped-decorator]
def sweep_runs() -> None:
    """Bring lost runs back; see `studio.recovery.sweep`."""
    from studio.recovery import sweep

    sweep()
