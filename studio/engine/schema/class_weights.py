"""How much the rows of each class weigh when models are fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from studio.engine.errors import DataProblem

NONE = "none"
BALANCED = "balanced"
MIN_WEIGHT, MAX_WEIGHT = 0.001, 1_000.0


@dataclass(frozen=True, slots=True)
class ClassWeights:
    """Weights of classes in the fits of a multi-class task.

    Attributes
    ----------
    is_balanced
        All classes weigh the same together, whatever their number of rows.
    by_class
        Otherwise: the weight of each named class; all others weigh 1.
    """

    is_balanced: bool = False
    by_class: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> str | dict[str, float]:
        if self.is_balanced:
            return BALANCED
        return dict(self.by_class)

    @classmethod
    def from_json(cls, values: Any) -> Self | None:
        """Read “none”, “balanced” or an object of weights; None for no weights.

        Raises
        ------
        DataProblem
            If it is anything else, or a weight cannot be used.
        """
        if values in (None, NONE, {}):
            return None
        if values == BALANCED:
            return cls(is_balanced=True)
        if not isinstance(values, Mapping):
            raise DataProblem(
                f"class_weights: “{NONE}”, “{BALANCED}” or a weight by class is expected, such as"
                ' {"spam": 3}.'
            )
        for name, weight in values.items():
            is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not is_number or not math.isfinite(weight):
                raise DataProblem(f"class_weights: the weight of “{name}” is not a number.")
            if not MIN_WEIGHT <= weight <= MAX_WEIGHT:
                raise DataProblem(
                    f"class_weights: the weight of “{name}” is {weight:g}. Give one from"
                    f" {MIN_WEIGHT:g} to {MAX_WEIGHT:,.0f}."
                )
        weights = {str(name): float(weight) for name, weight in values.items()}
        if set(weights.values()) == {1.0}:
            return None
        return cls(by_class=weights)


def class_weights_as_json(weights: ClassWeights | None) -> str | dict[str, float]:
    return NONE if weights is None else weights.to_json()
