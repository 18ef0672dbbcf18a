"""The table that a command learns from, and its spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from cleansets.frames import read_frame
from projects.guess import notes_on_features
from projects.readers.profile import assumed_conventions, kind_notes, profile_table
from projects.readers.profile_budget import ProfileBudget
from studio.engine.choices.validate import check_class_weights
from studio.engine.conventions.convention_notes import convention_notes
from studio.engine.counted import counted
from studio.engine.evaluation.inputs.splits import read_split
from studio.engine.labels.encoding import encode_labels
from studio.engine.labels.reading import read_labels
from studio.engine.ml_task import Modality
from studio.engine.schema import CleansetSpec, SplitChoice
from studio.engine.table.columns import ColumnKind
from studio.engine.table.required_columns import MissingColumnsProblem, RequiredColumns
from studio.management.clean_request import (
    LearningRequest,
    spec_of,
    unknown_column,
    with_conventions,
)
from studio.management.convention_options import ADVICE
from studio.management.input_files import read_input
from studio.management.label_choice import with_label_choice
from studio.management.terminal import Terminal

WORDS_ADVICE = "If it holds numbers, empty the other cells in the file; they then count as missing."


@dataclass(frozen=True, slots=True)
class LearnedTable:
    """The spec for a table, and the kinds of all its columns."""

    spec: CleansetSpec
    kinds: Mapping[str, ColumnKind]


def read_learned_table(request: LearningRequest, table: Path, terminal: Terminal) -> LearnedTable:
    """Read the file into a table and decide what to learn from it."""
    required = RequiredColumns(tuple(dict.fromkeys(request.named_columns)))
    try:
        read_input(request.file, table, terminal, required, reading=request.reading)
    except MissingColumnsProblem as problem:
        raise unknown_column(problem.missing[0].name, problem.present) from problem
    profiles = profile_table(
        table, is_shown=False, progress=terminal.progress, budget=ProfileBudget(settings.CORES)
    )
    profiles = with_conventions(request, profiles)
    spec = with_label_choice(spec_of(request, profiles), request, table, profiles, terminal)
    spec = replace(spec, split=_split_choice(request, table, terminal))
    if spec.class_weights is not None:
        check_class_weights(spec, encode_labels(label_cells(table, spec), spec.task).classes)
    what = f"Learning {spec.label_column} from" if spec.label_column else "Looking at"
    terminal.note(f"{what} {', '.join(spec.feature_columns)}")
    for note in convention_notes(assumed_conventions(profiles, spec), advice=ADVICE):
        terminal.note(note)
    if spec.modality is Modality.TABULAR:
        for note in notes_on_features(profiles, spec.label_column, spec.feature_columns):
            terminal.note(note)
        for note in kind_notes(profiles, spec.label_column, advice=WORDS_ADVICE):
            terminal.note(note)
    return LearnedTable(spec, {profile.name: profile.kind for profile in profiles})


def _split_choice(request: LearningRequest, table: Path, terminal: Terminal) -> SplitChoice | None:
    """Return the split that the options ask for, and note how its column is read."""
    if request.test_percent is not None:
        return SplitChoice(test_percent=request.test_percent)
    if request.split is None:
        return None
    split = read_split(request.split, read_frame(table, [request.split])[request.split].tolist())
    meant = ", ".join(f"“{value}” as {part.value}" for value, part in split.mapping.items())
    terminal.note(f"{request.split} is read as a split: {meant}")
    if split.n_empty:
        terminal.note(
            f"{counted(split.n_empty, 'row')} without a value in {request.split}"
            f" {'counts' if split.n_empty == 1 else 'count'} as training"
        )
    return SplitChoice(split.column, split.mapping)


def label_cells(table: Path, spec: CleansetSpec) -> list[str | None]:
    """Return the label of each row as the spec reads it."""
    column = str(spec.label_column)
    return read_labels(read_frame(table, [column])[column].tolist(), spec)
