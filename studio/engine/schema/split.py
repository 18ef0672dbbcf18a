"""Which rows are for training, for validation and for testing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

TEST_PERCENT = 20
MIN_TEST_PERCENT, MAX_TEST_PERCENT = 1, 80
SPLIT_COLUMN = "split"  # of the results


class Part(StrEnum):
    """A part of a split."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class SplitChoice:
    """How rows are divided: as a column says, or by a split that the study makes.

    Attributes
    ----------
    column
        The column that says it; None for a split to be made.
    values
        What each value of the column means.
    test_percent
        How many of a hundred rows a split that is made puts into the test part.
    """

    column: str | None = None
    values: Mapping[str, Part] = field(default_factory=dict)
    test_percent: int = TEST_PERCENT

    def parts_of(self, cells: Sequence[str | None]) -> list[str]:
        """Return the part of each row; rows whose cell is empty or unknown are for training."""
        return [
            (self.values.get(cell.strip(), Part.TRAINING) if cell else Part.TRAINING).value
            for cell in cells
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        if self.column is None:
            return {"test_percent": self.test_percent}
        values = {value: part.value for value, part in self.values.items()}
        return {"column": self.column, "values": values}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self | None:
        """Return the choice of a JSON object; None if it is empty."""
        if not values:
            return None
        if "column" not in values:
            return cls(test_percent=values["test_percent"])
        parts = {value: Part(part) for value, part in values["values"].items()}
        return cls(values["column"], parts)


def labels_to_learn(labels: Sequence[str | None], parts: Sequence[str]) -> list[str | None]:
    """Return the labels without those of test rows."""
    return [None if part == Part.TEST else label for label, part in zip(labels, parts, strict=True)]
