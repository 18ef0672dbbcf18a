"""Given labels as class codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

UNLABELED = -1


@dataclass(frozen=True, slots=True)
class Labels:
    """The given labels of all rows.

    Attributes
    ----------
    codes
        Index into `classes` per row, shape (n,), int32; `UNLABELED` (-1) for rows without a label.
    classes
        Class names as they are spelled, sorted.
    """

    codes: npt.NDArray[np.int32]
    classes: tuple[str, ...]

    @property
    def is_labeled(self) -> npt.NDArray[np.bool_]:
        """Where there is a label, shape (n,)."""
        return np.not_equal(self.codes, UNLABELED)

    @property
    def class_counts(self) -> npt.NDArray[np.int64]:
        """Rows per class, shape (K,)."""
        return np.bincount(self.codes[self.is_labeled], minlength=len(self.classes))


def encode_labels(given: Sequence[str | None]) -> Labels:
    """Give each class a code in the order of its name.

    Parameters
    ----------
    given
        One label per row; None, NaN and blank text are no label.

    Examples
    --------
    >>> encode_labels(["b", None, "a", " "]).codes.tolist()
    [1, -1, 0, -1]
    """
    names = [label if isinstance(label, str) and label.strip() else None for label in given]
    classes = tuple(sorted({name for name in names if name is not None}))
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(classes)}
    return Labels(np.fromiter((code_of.get(name, UNLABELED) for name in names), np.int32, len(names)), classes)
