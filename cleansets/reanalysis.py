"""Analyses the labels of now again, with another configuration."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cleansets import analyses
from cleansets.models import Cleanset
from cleansets.selectors import known_classes
from projects.forms.split import choice_of, split_values, with_chosen_parts
from projects.models import Project
from projects.readers.profile import conventions_of
from projects.selectors import column_facts, column_profiles
from studio import storage, tables
from studio.accounts.models import User
from studio.engine.choices.validate import check_class_weights, check_features
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask, Modality
from studio.engine.schema.configuration import Configuration
from studio.engine.table.columns import ColumnKind
from studio.runs import Status


def configuration_of(project: Project) -> Configuration:
    """Return the configuration that the project was made with."""
    return Configuration.of(project.spec())


def checked_configuration(
    project: Project, values: Mapping[str, Any], default: Configuration | None = None
) -> Configuration:
    """Read a configuration from JSON, with the project's as the default.

    Raises
    ------
    DataProblem
        If the project's data cannot be analysed with it.
    """
    values = _with_recognised_split(project, values)
    configuration = Configuration.from_dict(values, default or configuration_of(project))
    _resolved(project, configuration)
    return configuration


def analyse_again(*, project: Project, user: User, configuration: Configuration) -> Cleanset:
    """Queue an analysis of the project's labels of now, all decisions included.

    Raises
    ------
    DataProblem
        While another analysis of the project runs, or if the configuration does not fit the data.
    """
    choices = {"configuration": _resolved(project, configuration)}
    return analyses.cleanset_of_choices(base=_base(project), user=user, choices=choices)


def analyse_provided(
    *, project: Project, user: User, predictions: Path, name: str, classes: Sequence[str]
) -> Cleanset:
    """Queue an analysis that finds issues with predictions of another model, training nothing.

    Parameters
    ----------
    predictions
        An npz file with `values`: probabilities of the classes, or numbers, for each row of the
        data, NaN where nothing is predicted. It is copied.
    name, classes
        Those of the other model.

    Raises
    ------
    DataProblem
        While another analysis of the project runs.
    """
    base = _base(project)
    with tables.scratch() as folder:
        copy = folder / "provided.npz"
        shutil.copyfile(predictions, copy)
        key = tables.publish(copy, storage.provided_predictions(uuid.uuid4()))
    choices = {"provided_key": key, "provided": {"name": name, "classes": list(classes)}}
    return analyses.cleanset_of_choices(base=base, user=user, choices=choices)


def _with_recognised_split(project: Project, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add what the values of a split's column mean, where only the column is given."""
    split = values.get("split")
    if not isinstance(split, Mapping) or not split.get("column"):
        return values
    if len(split) > 1 and "values" not in split:
        raise DataProblem("split: Give either column or test_percent, not both.")
    column = str(split["column"])
    text_columns = project.feature_columns if project.modality == Modality.TEXT else []
    if column in (project.label_column, *text_columns):
        raise DataProblem(
            f"split: {column} is learned from, so it cannot say which rows are for testing. Choose"
            " another column."
        )
    if column not in {profile.name for profile in column_profiles(project.version)}:
        raise DataProblem(f"split: The table has no column {column}.")
    found = split_values(project.version, column)
    chosen = [f"{part}:{value}" for value, part in (split.get("values") or {}).items()]
    choice = choice_of(column, with_chosen_parts(found, chosen))
    return {**values, "split": choice.to_dict()}


def _base(project: Project) -> Cleanset:
    """Return the newest finished analysis, whose decisions the next one keeps."""
    if project.task == MLTask.UNSUPERVISED:
        raise DataProblem(
            "This project has no labels, so there are no models whose configuration could be"
            " changed."
        )
    cleansets = project.cleansets.order_by("-number")
    running = next((cleanset for cleanset in cleansets if cleanset.is_active), None)
    if running is not None:
        raise DataProblem(
            f"Analysis {running.number} of this project is not done yet. Wait for it, or cancel it."
        )
    newest = cleansets.filter(status=Status.SUCCEEDED).first()
    if newest is None:
        raise DataProblem("The first analysis of this project did not succeed. Start it again.")
    return newest


def _resolved(project: Project, configuration: Configuration) -> dict[str, Any]:
    """Return the configuration with the kinds and conventions of its columns, for storing."""
    profiles = column_profiles(project.version)
    names = configuration.feature_columns
    if project.modality == Modality.TEXT:
        kinds = dict.fromkeys(names, ColumnKind.TEXT)
    else:
        inferred = {profile.name: profile.kind for profile in profiles if profile.name in names}
        kinds = inferred | {
            name: ColumnKind(kind) for name, kind in project.column_kinds.items() if name in names
        }
    spec = configuration.applied_to(project.spec())
    newest = project.cleansets.filter(status=Status.SUCCEEDED).order_by("-number").first()
    check_class_weights(spec, [] if newest is None else known_classes(newest))
    facts = {column.name: column for column in column_facts(project.version)}
    check_features(
        project.version.n_rows or 0,
        [facts[name] for name in names if name in facts],
        replace(spec, column_kinds=kinds),
    )
    conventions = {
        **conventions_of(profiles, kinds, project.label_column),
        **spec.conventions,
    }
    return {
        **configuration.to_dict(),
        "column_kinds": {name: kinds[name].value for name in names},
        "conventions": {
            name: convention.value
            for name, convention in conventions.items()
            if name in names or name == project.label_column
        },
    }
