"""The bootstrap, on sums over blocks of rows instead of on rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Sums = Mapping[str, Floats]

N_REPLICATES = 1_000  # a standard error of so many is right to about 2%
MAX_BLOCKS = 2_000  # weights of 1,000 replicates are 16 MB then


@dataclass(frozen=True, slots=True)
class Blocks:
    """Rows dealt into blocks at random.

    Up to 2,000 rows each is a block of its own, and the bootstrap is the usual one. More are dealt
    into 2,000 blocks of equal size. Rows are drawn independently, so their sums over blocks are
    too, and a metric that is a function of sums has the same standard error if blocks are drawn.

    Attributes
    ----------
    order
        A permutation of the rows, shape (n,), seeded; blocks are runs of it.
    starts
        Where each block begins in `order`, shape (n_blocks,).
    block
        The block of each row, shape (n,).
    """

    order: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    block: npt.NDArray[np.int64]

    @classmethod
    @lru_cache(maxsize=2)
    def of(cls, n_rows: int, seed: int = 0) -> Blocks:
        """Deal the rows."""
        n_blocks = min(n_rows, MAX_BLOCKS)
        order = np.random.default_rng(seed).permutation(n_rows)
        starts = np.linspace(0, n_rows, n_blocks, endpoint=False).astype(np.int64)
        block = np.empty(n_rows, dtype=np.int64)
        block[order] = np.repeat(np.arange(n_blocks), np.diff(starts, append=n_rows))
        return cls(order, starts, block)

    def sums(self, values: npt.NDArray[np.generic]) -> Floats:
        """Add up values of rows by block, shape (n_blocks,) or (n_blocks, k)."""
        if values.ndim == 1:
            # A tenth of the time of putting a million values into the order of the blocks.
            added = np.bincount(self.block, weights=values, minlength=len(self.starts))
            return added.astype(np.float64)
        shuffled = np.asarray(values, dtype=np.float64)[self.order]
        return np.asarray(np.add.reduceat(shuffled, self.starts, axis=0))

    def counts(self, codes: npt.NDArray[np.int32], n_codes: int) -> Floats:
        """Count rows by block and code, shape (n_blocks, n_codes); negative codes do not count."""
        return self._by_code(codes, n_codes, None)

    def sums_by_code(
        self, values: npt.NDArray[np.floating], codes: npt.NDArray[np.int64], n_codes: int
    ) -> Floats:
        """Add up values of rows by block and code, shape (n_blocks, n_codes)."""
        return self._by_code(codes, n_codes, values)

    def _by_code(
        self,
        codes: npt.NDArray[np.integer[Any]],
        n_codes: int,
        values: npt.NDArray[np.floating] | None,
    ) -> Floats:
        cells = self.block * n_codes + codes
        is_counted = codes >= 0
        if not is_counted.all():
            cells = cells[is_counted]
        n_blocks = len(self.starts)
        added = np.bincount(cells, weights=values, minlength=n_blocks * n_codes)
        return added.reshape(n_blocks, n_codes).astype(np.float64)


def total(by_block: Sums) -> Sums:
    """Return the sums over all rows, each with a leading axis of length 1."""
    return {name: values.sum(axis=0, keepdims=True) for name, values in by_block.items()}


def replicates(by_block: Sums, seed: int = 0) -> Sums:
    """Draw blocks with replacement 1,000 times and return the sums of each draw.

    The leading axis of each result is the replicate. All sums of one replicate are over the same
    blocks, so that metrics of two models on the same rows can be compared pair by pair.
    """
    n_blocks = len(next(iter(by_block.values())))
    widths = [values.reshape(n_blocks, -1).shape[1] for values in by_block.values()]
    together = np.column_stack(list(by_block.values()))
    drawn = np.asarray(_weights(n_blocks, seed) @ together)
    parts = np.split(drawn, np.cumsum(widths)[:-1], axis=1)
    return {
        name: part if values.ndim > 1 else part[:, 0]
        for (name, values), part in zip(by_block.items(), parts, strict=True)
    }


@lru_cache(maxsize=2)
def _weights(n_blocks: int, seed: int) -> Floats:
    """Return how often each replicate draws each block, shape (n_replicates, n_blocks)."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(n_blocks, size=(N_REPLICATES, n_blocks), dtype=np.int32)
    # Blocks are numbered anew in each replicate, so that one count serves all.
    drawn += np.arange(N_REPLICATES, dtype=np.int32)[:, None] * np.int32(n_blocks)
    weights = np.bincount(drawn.ravel(), minlength=N_REPLICATES * n_blocks)
    return weights.reshape(N_REPLICATES, n_blocks).astype(np.float64)
