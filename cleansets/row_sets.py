"""Sets of rows that other parts of the studio name, such as those that a model confuses.

An address asks for one as `among=KIND:NAME`. Whoever knows a kind of set registers it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class RowSet:
    """Rows of a project's data, and what they have in common."""

    title: str
    project_id: uuid.UUID
    row_ids: npt.NDArray[np.int64]


Finder = Callable[[str], RowSet | None]
_finders: dict[str, Finder] = {}


def register(kind: str, finder: Finder) -> None:
    """Let addresses ask for sets of this kind; the finder gets their name."""
    _finders[kind] = finder


def row_set(text: str) -> RowSet | None:
    """Return the set that an address asks for, or None where there is none."""
    kind, _, name = text.partition(":")
    finder = _finders.get(kind)
    return None if finder is None else finder(name)
