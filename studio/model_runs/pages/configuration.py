"""The settings of a run, and the facts about its data, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from projects.models import Project
from studio.engine.schema.class_weights import NONE
from studio.model_runs.models import ModelRun, SavedConfiguration
from studio.model_runs.selectors import candidates_tried, differing_settings

MAX_NAMES = 20
_TITLES = {
    "n_folds": "Folds",
    "split": "Rows for testing",
    "candidates": "Models tried",
    "only_candidates": "Models chosen",
    "dataset_sha256": "SHA-256 of the data",
    "labels_sha256": "SHA-256 of the labels",
    "cleanset": "Cleanset number",
    "has_probabilities": "Probabilities given",
}


def described(run: ModelRun) -> list[tuple[str, str]]:
    """Return the settings and the data of a run as text."""
    found = [*run.configuration.items(), *run.snapshot.items()]
    return [
        (_title(name), _in_words(value)) for name, value in found if value not in (None, "", [], {})
    ]


@dataclass(frozen=True, slots=True)
class ConfigurationLine:
    """A saved configuration and its settings in a few words."""

    saved: SavedConfiguration
    summary: str

    @property
    def key(self) -> str:
        """Its id, for the ids of elements."""
        return str(self.saved.pk)


def configuration_lines(project: Project) -> list[ConfigurationLine]:
    """Return the saved configurations of a project by name."""
    names = candidates_tried(project)
    return [
        ConfigurationLine(saved, _summary(saved.values, names))
        for saved in project.saved_configurations.all()
    ]


def _summary(values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    columns = values["feature_columns"]
    learned = columns[0] if len(columns) == 1 else f"{len(columns):,} columns"
    candidates = [names.get(key, key) for key in values["candidates"]]
    models = "all suitable models" if not candidates else _in_words(candidates)
    summary = (
        f"{values['mode']} mode, {learned}, {models}, {values['n_folds']} folds,"
        f" seed {values['seed']}"
    )
    weights = values.get("class_weights", NONE)
    if weights != NONE:
        summary += f", class weights {_in_words(weights)}"
    split = values.get("split") or {}
    if split:
        summary += f", rows for testing {_in_words(split)}"
    return summary


def differences(first: ModelRun, second: ModelRun) -> list[tuple[str, str, str]]:
    """Return the settings and the data in which two runs differ; of versions, only those."""
    lines = []
    for setting in differing_settings(first, second):
        one = setting["first"]
        other = setting["second"]
        if isinstance(one, dict) and isinstance(other, dict):
            names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
            one = {name: one.get(name, "–") for name in names}
            other = {name: other.get(name, "–") for name in names}
        lines.append((_title(setting["name"]), _in_words(one), _in_words(other)))
    return lines


def settings_in_words(settings: Sequence[tuple[str, Any, Any]]) -> list[str]:
    """Return a phrase for each setting in which two runs differ."""
    return [
        f"{_title(name)}: {_in_words(before)} before, {_in_words(after)} after"
        for name, before, after in settings
    ]


def _title(name: str) -> str:
    return _TITLES.get(name, name.replace("_", " ").capitalize())


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(str(one).endswith(".") for one in value):
        return " ".join(map(str, value)) or "–"
    if isinstance(value, list):
        shown = ", ".join(map(str, value[:MAX_NAMES])) or "–"
        if len(value) > MAX_NAMES:
            shown += f" and {len(value) - MAX_NAMES:,} more"
        return shown
    if isinstance(value, dict) and "test_percent" in value:
        return f"{value['test_percent']}%"
    if isinstance(value, dict) and "column" in value and "values" in value:
        return f"by {value['column']}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items()) or "–"
    return "–" if value in (None, "") else str(value)
