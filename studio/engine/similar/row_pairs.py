"""Pairs of rows that share a bucket."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Pairs:
    """Positions of two rows each, both of shape (n_pairs,)."""

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]

    @classmethod
    def none(cls) -> Pairs:
        return cls(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))

    @classmethod
    def union(cls, many: Iterable[Pairs]) -> Pairs:
        lists = [cls.none(), *many]
        return cls(
            np.concatenate([pairs.left for pairs in lists]),
            np.concatenate([pairs.right for pairs in lists]),
        )

    def distinct(self) -> Pairs:
        """Return each pair once, sorted."""
        pairs = np.unique(np.column_stack([self.left, self.right]), axis=0)
        return Pairs(pairs[:, 0], pairs[:, 1])

    def where(self, chosen: npt.NDArray[np.generic] | slice) -> Pairs:
        """Select pairs by a mask, positions or a slice."""
        return Pairs(self.left[chosen], self.right[chosen])

    def at(self, rows: npt.NDArray[np.int64]) -> Pairs:
        """Map positions to the rows at these positions."""
        return Pairs(rows[self.left], rows[self.right])


def pairs_in_buckets(keys: npt.NDArray[np.uint64]) -> Pairs:
    """Pair each row with the first row of its bucket and with the one before it.

    Parameters
    ----------
    keys
        Bucket per row, shape (n,).

    Returns
    -------
    Pairs
        At most 2n pairs, however large the buckets; they connect all rows of a bucket.
    """
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    is_first = np.ones(len(keys), dtype=bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    first = np.maximum.accumulate(np.where(is_first, np.arange(len(keys)), 0))
    others = np.flatnonzero(~is_first)
    with_first = Pairs(order[first[others]], order[others])
    far = others[first[others] != others - 1]
    return Pairs.union([with_first, Pairs(order[far - 1], order[far])])
