"""The list of a project's runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from studio.engine.evaluation.metrics import METRICS
from studio.engine.schema import Part
from studio.model_runs.models import ModelRun
from studio.model_runs.pages.comparison import in_words
from studio.model_runs.pages.evaluation import figure

MAX_NAMES = 20
_TITLES = {
    "n_folds": "Folds",
    "candidates": "Models tried",
    "dataset_sha256": "SHA-256 of the data",
    "labels_sha256": "SHA-256 of the labels",
    "cleanset": "Cleanset number",
    "has_probabilities": "Probabilities given",
}


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


def described(run: ModelRun) -> list[tuple[str, str]]:
    """Return the settings and the data of a run as text."""
    found = [*run.configuration.items(), *run.snapshot.items()]
    return [
        (_TITLES.get(name, name.replace("_", " ").capitalize()), _shortened(value))
        for name, value in found
        if value not in (None, "", [], {})
    ]


def _shortened(value: Any) -> str:
    if isinstance(value, list) and len(value) > MAX_NAMES:
        return f"{in_words(value[:MAX_NAMES])} and {len(value) - MAX_NAMES:,} more"
    return in_words(value)
