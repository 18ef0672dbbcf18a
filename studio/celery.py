"""Celery's application. Queues: `data` for short work (reading, predicting), `training` for long work."""

from __future__ import annotations

import os
from pathlib import Path

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")

app = Celery("studio")
app.set_default()  # in every thread, not only in the one that imports this
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_configure.connect  # type: ignore[untyped-decorator]
def _make_broker_folders(sender: Celery, **_: object) -> None:
    options = sender.conf.broker_transport_options
    for name in ("data_folder_in", "control_folder"):
        if name in options:
            Path(options[name]).mkdir(parents=True, exist_ok=True)


@app.task(name="studio.sweep_runs")  # type: ignore[untyped-decorator]
def sweep_runs() -> None:
    """Bring lost runs back; see `studio.runs.sweep`."""
    from studio.runs import sweep

    sweep()
