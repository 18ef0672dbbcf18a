"""Which rows have a decision of some kind, found without joining the decisions to all rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleansets.row_address import CORRECTED, NEEDS_REVIEW, UNDECIDED


def rows_decided(reviews: pa.Table, n_rows: int, action: str, tag: str) -> npt.NDArray[np.bool_]:
    """Return which rows have this action and this tag, shape (n_rows,); empty means any."""
    is_wanted = _has_action(reviews, action) & _has_tag(reviews, tag)
    # Rows without a review are undecided and have no tags.
    found = np.full(n_rows, action in ("", UNDECIDED) and not tag)
    found[reviews.column("row_id").to_numpy()] = is_wanted
    return found


def _has_action(reviews: pa.Table, action: str) -> npt.NDArray[np.bool_]:
    if not action:
        return np.ones(len(reviews), dtype=bool)
    if action == UNDECIDED:
        found = pc.is_null(reviews.column("action"))
    elif action == CORRECTED:
        found = pc.is_valid(reviews.column("corrected_label"))
    elif action == NEEDS_REVIEW:
        found = reviews.column("needs_review")
    else:
        found = pc.fill_null(pc.equal(reviews.column("action"), action), fill_value=False)
    return np.asarray(found, dtype=bool)


def _has_tag(reviews: pa.Table, tag: str) -> npt.NDArray[np.bool_]:
    if not tag:
        return np.ones(len(reviews), dtype=bool)
    tags = reviews.column("tags")
    with_tag = [names for names in pc.unique(tags).to_pylist() if tag in names.splitlines()]
    return np.asarray(pc.is_in(tags, pa.array(with_tag, pa.string())), dtype=bool)
