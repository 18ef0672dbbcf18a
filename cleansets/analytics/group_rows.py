"""The label issues of a group that no column describes, such as a topic of texts, for the review
page.

A set is named CLEANSET.NUMBER, by the place of the group among the findings.
"""

from __future__ import annotations

import numpy as np

from cleansets import selectors
from cleansets.models import Cleanset
from cleansets.row_sets import RowSet
from studio.engine.schema.health import Health

KIND = "group"


def among_group(cleanset: Cleanset, place: int) -> str:
    """Return the value with which an address of the review page selects the rows."""
    return f"{KIND}:{cleanset.pk}.{place}"


def find_rows(name: str) -> RowSet | None:
    """Return the named set of rows, or None if it does not exist."""
    found = selectors.named_place(name)
    if found is None:
        return None
    cleanset, place = found
    groups = Health.from_dict(cleanset.health).groups
    if place >= len(groups) or not groups[place].issue_rows:
        return None
    group = groups[place]
    rows = np.array(group.issue_rows, dtype=np.int64)
    return RowSet(f"{group.description}, label issues", cleanset.project_id, rows)
