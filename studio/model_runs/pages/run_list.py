"""The list of a project's runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from studio.engine.evaluation.metrics import METRICS
from studio.engine.schema import Part
from studio.model_runs.models import ModelRun
from studio.model_runs.pages.evaluation import figure


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run formatted for the list."""

    run: ModelRun
    metric: str
    value: str
    interval: str


def run_lines(runs: Iterable[ModelRun]) -> list[RunLine]:
    """Return the lines of runs, with the main metric where there is one."""
    return [_line(run) for run in runs]


def _line(run: ModelRun) -> RunLine:
    main = run.main_metric
    metric = next((one for one in METRICS[run.task] if one.key == main.get("key")), None)
    if metric is None or main["value"] is None:
        return RunLine(run, "", "–", "")
    interval = ""
    if main["low"] is not None:
        interval = f"{figure(metric, main['low'])} to {figure(metric, main['high'])}"
    name = f"{metric.name} on test rows" if main.get("rows") == Part.TEST else metric.name
    return RunLine(run, name, figure(metric, main["value"]), interval)
