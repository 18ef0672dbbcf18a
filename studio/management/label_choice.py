"""How `clean` reads the label column: by option or by detection, with notes on its assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from projects.readers.column_profile import ColumnProfile
from projects.readers.label_cells import LabelCells, sample_cells
from studio.engine.choices.questions import question_of_numbers, question_of_sets
from studio.engine.conventions.label_sets import Separator, read_set
from studio.engine.conventions.set_guess import (
    likely_separator,
    possible_separator,
    recognised_separator,
)
from studio.engine.labels.spellings import merge_note, merged_spellings, spelling_note
from studio.engine.ml_task import MLTask
from studio.engine.schema import CleansetSpec
from studio.management.clean_request import LearningRequest
from studio.management.terminal import Terminal


def with_label_choice(
    spec: CleansetSpec,
    request: LearningRequest,
    table: Path,
    profiles: Sequence[ColumnProfile],
    terminal: Terminal,
) -> CleansetSpec:
    """Return the spec with the separator and the merged spellings of its label column, and note the
    assumptions made.
    """
    column = spec.label_column
    if column is None or spec.task not in (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL):
        return spec
    sample = sample_cells(table, column)
    if spec.task is MLTask.MULTI_LABEL:
        separator = Separator(request.separator) if request.separator else likely_separator(sample)
        spec = replace(spec, separator=separator)
        if request.separator is None:
            terminal.note(
                f"The sets of “{column}” are read like {separator.example} (--separator"
                f" {separator})"
            )
    cells = LabelCells.of(table, column)
    _ask(spec, cells, sample, profiles, terminal)
    variants = cells.spellings(spec)
    if variants and request.merge_spellings:
        spec = replace(spec, merged_labels=merged_spellings(variants))
        terminal.note(merge_note(column, spec.merged_labels))
    elif variants:
        terminal.note(
            spelling_note(column, variants, remedy="Add --merge-spellings to count them as one.")
        )
    return spec


def _ask(
    spec: CleansetSpec,
    cells: LabelCells,
    sample: Sequence[tuple[str, int]],
    profiles: Sequence[ColumnProfile],
    terminal: Terminal,
) -> None:
    column = str(spec.label_column)
    kind = next(profile.kind for profile in profiles if profile.name == column)
    n_classes = cells.classes(spec).n_classes
    numbers = question_of_numbers(
        column, kind, spec.task, n_classes, remedy="add --task regression"
    )
    if numbers is not None:
        terminal.note(numbers)
    separator = possible_separator(sample)
    if separator is None:
        return
    is_sure = recognised_separator(sample) is not None
    example = next(
        (cell for cell, _ in sample if len(read_set(cell, separator) or ()) > 1), separator.example
    )
    sets = question_of_sets(
        column, spec.task, example, is_sure=is_sure, remedy="add --task multi-label"
    )
    if sets is not None:
        terminal.note(sets)
