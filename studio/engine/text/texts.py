"""The texts of a dataset, as the detectors of text issues read them: each different one once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from studio.engine.table.cells import Cells
from studio.engine.text.languages import Language, language_of

T = TypeVar("T")


class Texts:
    """Texts, shape (n,), and what several detectors want to know of them.

    Parameters
    ----------
    cells
        One text per row; a missing one is empty.
    """

    def __init__(self, cells: Cells) -> None:
        self.cells = cells

    def per_distinct(self, read: Callable[[str], T]) -> list[T]:
        """Read each different text once, and return what was read for every row."""
        found = [read(text) for text in self.cells.distinct]
        return [found[code] for code in self.cells.codes.tolist()]

    @cached_property
    def languages(self) -> list[Language]:
        """What each text is written in."""
        return self.per_distinct(language_of)

    @cached_property
    def are_english(self) -> npt.NDArray[np.bool_]:
        """Whether detectors that know English may read each text, shape (n,)."""
        return np.array([language.is_english for language in self.languages], dtype=bool)
