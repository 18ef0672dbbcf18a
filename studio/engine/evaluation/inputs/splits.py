"""Which rows are for training, for validation and for testing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.errors import DataProblem
from studio.engine.schema import Part, SplitChoice

_WORDS: Mapping[Part, frozenset[str]] = {
    Part.TRAINING: frozenset({"train", "training", "trn", "tr", "fit", "learn"}),
    Part.VALIDATION: frozenset({"val", "valid", "validation", "validate", "dev", "tune"}),
    Part.TEST: frozenset(
        {"test", "testing", "tst", "te", "holdout", "hold-out", "held-out", "eval", "evaluation"}
    ),
}
_YES = frozenset({"1", "1.0", "true", "t", "yes", "y"})
_NO = frozenset({"0", "0.0", "false", "f", "no", "n"})
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Split:
    """The part of each row.

    Attributes
    ----------
    column
        The column that says it; None for a split that was made.
    parts
        Of each row, shape (n,); rows whose cell is empty are for training.
    mapping
        What each value of the column means.
    n_empty
        The number of rows whose cell is empty.
    """

    column: str | None
    parts: npt.NDArray[np.str_]
    mapping: dict[str, Part]
    n_empty: int = 0

    def is_part(self, part: Part) -> npt.NDArray[np.bool_]:
        """Return which rows belong to a part."""
        return np.asarray(self.parts == part.value)


def read_split(column: str, cells: Sequence[str | None]) -> Split:
    """Recognise the values of a column that says which part a row belongs to.

    Raises
    ------
    DataProblem
        Where a value cannot be recognised, or no row is for training.
    """
    values = sorted({cell.strip() for cell in cells if cell is not None and cell.strip()})
    choice = recognised_split(column, values)
    n_empty = sum(cell is None or not cell.strip() for cell in cells)
    return Split(column, np.array(choice.parts_of(cells)), dict(choice.values), n_empty)


def recognised_split(column: str, values: Sequence[str]) -> SplitChoice:
    """Recognise the different values of a column, as `read_split` does."""
    mapping = _yes_and_no(column, values) or {}
    unknown = []
    if not mapping:
        for value in values:
            part = _part_named(value)
            if part is None:
                unknown.append(value)
            else:
                mapping[value] = part
    if unknown or not values:
        raise DataProblem(_not_a_split(column, unknown))
    if Part.TRAINING not in mapping.values():
        raise DataProblem(
            f"No row of the column {column} is for training; it says {', '.join(values)}. Some"
            " rows must be, such as by the value “train”."
        )
    return SplitChoice(column, mapping)


def _part_named(value: str) -> Part | None:
    whole = value.lower()
    words_of_value = {whole, *re.split(r"[^a-z]+", whole)}
    found = [part for part, words in _WORDS.items() if words & words_of_value]
    if len(found) != 1:  # “train_test” names two
        return None
    return found[0]


def _yes_and_no(column: str, values: Sequence[str]) -> dict[str, Part] | None:
    """Read a column such as is_train; None where its name or its values tell nothing."""
    lower = [value.lower() for value in values]
    if not lower or not all(value in _YES | _NO for value in lower):
        return None
    is_about_training = "train" in column.lower()
    is_about_test = "test" in column.lower()
    if is_about_training == is_about_test:
        return None
    mapping = {}
    for value in values:
        is_yes = value.lower() in _YES
        mapping[value] = Part.TRAINING if is_yes == is_about_training else Part.TEST
    return mapping


def _not_a_split(column: str, unknown: Sequence[str]) -> str:
    expected = "Expected values such as train, validation and test, or true and false in is_train."
    if not unknown:
        return f"The column {column} is empty. {expected}"
    shown = ", ".join(f"“{value}”" for value in unknown[:_SHOWN])
    if len(unknown) > _SHOWN:
        shown += f" and {len(unknown) - _SHOWN:,} more"
    return (
        f"The column {column} does not say which rows are for testing: it holds {shown}. {expected}"
    )
