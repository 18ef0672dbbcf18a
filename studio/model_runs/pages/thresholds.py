"""The probability threshold of a class, and its effect on precision and recall."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from studio.engine.errors import DataProblem
from studio.engine.evaluation.metrics.class_ranks import ThresholdTable
from studio.engine.evaluation.thresholds import Aim, Choice, choose_threshold, figures_at
from studio.engine.schema import Part
from studio.model_runs.evaluation_file import (
    ALL_ROWS,
    LEARNED_ROWS,
    USED,
    measured_ways,
    read_evaluation,
)
from studio.model_runs.models import ModelRun

AIMS = {
    Aim.F1: "the best F1",
    Aim.PRECISION: "a precision of at least the target",
    Aim.RECALL: "a recall of at least the target",
    Aim.COST: "the least cost",
}
DEFAULT = 0.5


@dataclass(frozen=True, slots=True)
class ThresholdPanel:
    """The threshold in view, its effect, and the saved threshold."""

    name: str
    classes: list[str]
    aims: Mapping[Aim, str]
    aim: str
    target: str
    cost_wrong: str
    cost_missed: str
    choice: Choice
    on_test: Choice | None
    problem: str
    saved: float | None
    can_save: bool
    table_json: str


def threshold_panel(run: ModelRun, params: QueryDict) -> ThresholdPanel | None:
    """Build the panel; thresholds are chosen on the rows for training and validation, if there are
    others for testing.
    """
    ways = measured_ways(run.evaluation_key)
    has_test = {(USED, Part.TRAINING.value), (USED, Part.TEST.value)} <= set(ways)
    chosen_on = Part.TRAINING.value if has_test else ALL_ROWS
    if (USED, LEARNED_ROWS) in ways:
        chosen_on = LEARNED_ROWS
    document = read_evaluation(run.evaluation_key, USED, chosen_on)
    curves = {
        name: table for name, table in (document.get("curves") or {}).items() if table is not None
    }
    if not curves:
        return None
    name = params.get("threshold_class", "")
    if name not in curves:
        name = next(iter(curves))
    table = ThresholdTable.from_dict(curves[name])
    aim = params.get("aim", "")
    problem = ""
    choice = figures_at(table, _number(params.get("threshold", ""), DEFAULT))
    if aim in list(Aim):
        try:
            costs = (
                _number(params.get("cost_wrong", ""), 1.0),
                _number(params.get("cost_missed", ""), 1.0),
            )
            choice = choose_threshold(
                table, Aim(aim), _number(params.get("target", ""), 0.9), costs
            )
        except DataProblem as found:
            problem = str(found)
    model = run.deployed_model
    return ThresholdPanel(
        name=name,
        classes=list(curves),
        aims=AIMS,
        aim=aim,
        target=params.get("target", "0.9"),
        cost_wrong=params.get("cost_wrong", "1"),
        cost_missed=params.get("cost_missed", "1"),
        choice=choice,
        on_test=_on_test(run, name, choice.threshold) if has_test else None,
        problem=problem,
        saved=None if model is None else model.thresholds.get(name),
        can_save=model is not None,
        table_json=json.dumps(curves[name]),
    )


def _on_test(run: ModelRun, name: str, threshold: float) -> Choice | None:
    """Return the effect of the threshold on rows that it was not chosen on."""
    curves: dict[str, Any] = read_evaluation(run.evaluation_key, USED, Part.TEST.value)["curves"]
    table = curves.get(name)
    return None if table is None else figures_at(ThresholdTable.from_dict(table), threshold)


def _number(text: str, default: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return default
    return value if 0 <= value <= 1e9 else default
