"""Named sets of rows that other apps define, such as those that a model confuses.

An address refers to one as `among=KIND:NAME`. The app that defines a kind registers it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class RowSet:
    """Rows of a project's data, with a description of what they have in common."""

    title: str
    project_id: uuid.UUID
    row_ids: npt.NDArray[np.int64]


Finder = Callable[[str], RowSet | None]
_finders: dict[str, Finder] = {}


def register(kind: str, finder: Finder) -> None:
    """Register a kind of set with its finder, which is called with the name."""
    _finders[kind] = finder


def row_set(text: str) -> RowSet | None:
    """Return the set that an address refers to, or None if it does not exist."""
    kind, _, name = text.partition(":")
    finder = _finders.get(kind)
    return None if finder is None else finder(name)
