"""The choice of test rows in the form of a new project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from projects.label_summaries import label_cells
from projects.models import DatasetVersion
from projects.readers.column_profile import ColumnProfile
from studio.engine.errors import DataProblem
from studio.engine.evaluation.inputs.splits import recognised_split
from studio.engine.schema import Part, SplitChoice

NO_SPLIT = "none"
BY_COLUMN = "column"
MADE = "made"
MAX_VALUES = 12  # of a column that says which rows are for testing
_WANTED = {Part.TRAINING, Part.TEST}  # in a column that is proposed


@dataclass(frozen=True, slots=True)
class SplitValue:
    """A value of the split's column, with what it means; None if that is not known yet."""

    value: str
    n_rows: int
    part: Part | None


def proposed_split(
    version: DatasetVersion, profiles: Sequence[ColumnProfile], label: str | None
) -> SplitChoice | None:
    """Return the first column whose values clearly say which rows are for training and testing."""
    for profile in profiles:
        if profile.name == label or not 2 <= profile.n_distinct <= MAX_VALUES:
            continue
        frequent = [top.value.strip() for top in profile.top_values]
        if _recognised(profile.name, frequent) is None:
            continue
        values = [one.value for one in split_values(version, profile.name) if one.value]
        choice = _recognised(profile.name, values)
        if choice is not None and set(choice.values.values()) >= _WANTED:
            return choice
    return None


def split_values(version: DatasetVersion, column: str) -> list[SplitValue]:
    """Return the different values of a column, most frequent first, each as it is recognised.

    Rows without a value come last and are for training. Raises DataProblem for too many values.
    """
    counts: dict[str, int] = {}
    cells = label_cells(version, column)
    for cell, n_rows in cells.counts:
        value = (cell or "").strip()
        counts[value] = counts.get(value, 0) + n_rows
    n_empty = counts.pop("", 0)
    if len(counts) > MAX_VALUES:
        n_values = len(counts) + cells.n_more
        raise DataProblem(
            f"The column {column} has {n_values:,} different values, so it does not say which rows"
            f" are for testing. Choose a column with at most {MAX_VALUES}."
        )
    if not counts:
        raise DataProblem(f"The column {column} is empty. Choose another one.")
    found = [SplitValue(value, counts[value], _part_of(column, value, counts)) for value in counts]
    return [*found, SplitValue("", n_empty, Part.TRAINING)] if n_empty else found


def _part_of(column: str, value: str, values: Sequence[str] | dict[str, int]) -> Part | None:
    """Return what a value means: among all values of the column, else by itself."""
    choice = _recognised(column, list(values)) or _recognised(column, [value])
    return None if choice is None else choice.values[value]


def _recognised(column: str, values: Sequence[str]) -> SplitChoice | None:
    try:
        return recognised_split(column, values)
    except DataProblem:  # not a split
        return None


def with_chosen_parts(values: Sequence[SplitValue], chosen: Sequence[str]) -> list[SplitValue]:
    """Return the values with the meanings that were chosen, each as “part:value”."""
    parts: dict[str, Part] = {}
    for one in chosen:
        part, _, value = one.partition(":")
        if part in list(Part):
            parts[value] = Part(part)
    return [SplitValue(one.value, one.n_rows, parts.get(one.value, one.part)) for one in values]


def choice_of(column: str, values: Sequence[SplitValue]) -> SplitChoice:
    """Return the split of a column. Raises DataProblem if it leaves nothing to learn or to test."""
    unknown = [one.value for one in values if one.part is None]
    if unknown:
        shown = ", ".join(f"“{value}”" for value in unknown)
        raise DataProblem(
            f"It is not known what {shown} in {column} mean{'s' if len(unknown) == 1 else ''}."
            " Choose training, validation or test for each value."
        )
    parts = {one.value: one.part for one in values if one.part is not None and one.value}
    if not any(one.part is Part.TRAINING for one in values):
        raise DataProblem(
            f"No row is for training by the column {column}. Choose training for a value."
        )
    if Part.TEST not in parts.values():
        raise DataProblem(f"No row is for testing by the column {column}. Choose test for a value.")
    return SplitChoice(column, parts)


def split_note(choice: SplitChoice) -> str:
    """Say how the rows are divided, in a sentence."""
    if choice.column is None:
        return (
            f"{choice.test_percent}% of the rows are for testing: as many of each class, near"
            " duplicates on the same side."
        )
    meant = ", ".join(f"“{value}” as {part.value}" for value, part in choice.values.items())
    return f"{choice.column} says which rows are for testing: {meant}."
