"""Deployed models, which score new rows. The app that deploys them registers itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleansets.models import Cleanset

if TYPE_CHECKING:
    from studio.engine.recipes.trained import TrainedModel


@dataclass(frozen=True, slots=True)
class Scorer:
    """A model with the name that people know it by."""

    name: str
    model: TrainedModel


_finders: list[Callable[[Cleanset], Scorer | None]] = []


def register(finder: Callable[[Cleanset], Scorer | None]) -> None:
    """Register a function that returns the newest deployed model of a cleanset's project."""
    if finder not in _finders:
        _finders.append(finder)


def deployed_scorer(cleanset: Cleanset) -> Scorer | None:
    """Return the newest deployed model of the project, or None if there is none that opens."""
    found = (finder(cleanset) for finder in _finders)
    return next((scorer for scorer in found if scorer is not None), None)
