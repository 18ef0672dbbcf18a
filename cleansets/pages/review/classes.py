"""The classes that a person can choose for a row, with their probabilities."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cleansets import held_out
from cleansets.label_text import in_class_order
from cleansets.models import Cleanset
from studio.engine.conventions.label_sets import split_labels

N_KEYS = 9  # the first classes, which have a digit key


@dataclass(frozen=True, slots=True)
class ClassChance:
    """A class with its out-of-sample probability for one row; `key` is its digit key or empty."""

    label: str
    probability: float
    key: str


def class_chances(cleanset: Cleanset, row_id: int) -> list[ClassChance]:
    """Return every class of the analysis, likeliest first."""
    probabilities = held_out.class_probabilities(cleanset, row_id)
    by_chance = np.argsort(-probabilities, kind="stable")
    return [
        ClassChance(cleanset.classes[k], float(probabilities[k]), _key(place))
        for place, k in enumerate(by_chance)
    ]


def _key(place: int) -> str:
    return str(place + 1) if place < N_KEYS else ""


@dataclass(frozen=True, slots=True)
class ClassToggle:
    """Whether a class applies to a row: now, as given and, if different, as suggested; with its
    probability.
    """

    label: str
    applies: bool
    is_given: bool
    suggestion: str
    probability: float | None
    key: str


def class_toggles(
    cleanset: Cleanset, row: Mapping[str, Any], added: Collection[str]
) -> list[ClassToggle]:
    """Return every class: largest disagreement of models and given set first, then the likeliest.

    Classes that people typed in, `added`, come last, since the models do not know them.
    """
    probabilities = held_out.class_probabilities(cleanset, int(row["row_id"]))
    chances = {
        label: float(chance) for label, chance in zip(cleanset.classes, probabilities, strict=True)
    }
    given = set(split_labels(row["given_label"]))
    suggested = row["suggested_label"]
    present = set(split_labels(row["clean_label"]))
    advised = given
    if suggested is not None:
        advised = set(split_labels(suggested))
    unknown = in_class_order({*added, *given, *present, *advised} - chances.keys(), ())

    def place(label: str) -> tuple[bool, float, float]:
        gap = abs((label in given) - chances[label])
        if (label in given) != (label in advised) or gap > 0.5:
            return False, -gap, -chances[label]
        return True, 0.0, -chances[label]

    toggles = []
    for position, label in enumerate([*sorted(chances, key=place), *unknown]):
        suggestion = ""
        if (label in given) != (label in advised):
            suggestion = str(label in advised)
        toggles.append(
            ClassToggle(
                label=label,
                applies=label in present,
                is_given=label in given,
                suggestion=suggestion,
                probability=chances.get(label),
                key=_key(position),
            )
        )
    return toggles
