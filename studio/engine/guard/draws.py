"""Rows drawn at random."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def rows_drawn(n_rows: int, n_wanted: int, *, seed: int) -> npt.NDArray[np.int64]:
    """Return positions of rows drawn at random, ascending."""
    if n_rows <= n_wanted:
        return np.arange(n_rows)
    drawn = np.random.default_rng(seed).choice(n_rows, n_wanted, replace=False)
    return np.asarray(np.sort(drawn), dtype=np.int64)
