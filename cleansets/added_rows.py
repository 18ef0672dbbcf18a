"""Which rows a grown cleanset has beyond its base."""

from __future__ import annotations

import uuid

import numpy as np
import numpy.typing as npt

from cleansets.models import Cleanset
from cleansets.row_sets import RowSet
from projects.models import DatasetVersion
from studio import tables

NEW_ROWS = "new"  # the kind of their set of rows


def updated_rows(version: DatasetVersion, base: DatasetVersion) -> npt.NDArray[np.int64]:
    """Return the rows of `base` that `version`, which grew out of it, has with other cells."""
    found = [np.empty(0, dtype=np.int64)]
    step: DatasetVersion | None = version
    while step is not None and step.pk != base.pk:
        if step.updated_rows_key:
            found.append(np.load(tables.local_path(step.updated_rows_key)))
        step = step.base
    rows = np.unique(np.concatenate(found))
    return rows[rows < (base.n_rows or 0)]


def new_rows(cleanset: Cleanset) -> npt.NDArray[np.int64]:
    """Return the rows that a cleanset has and its base has not, or has with other cells."""
    base = cleanset.base
    if base is None or base.version_id == cleanset.version_id:
        return np.empty(0, dtype=np.int64)
    appended = np.arange(base.n_rows or 0, cleanset.n_rows or 0)
    return np.concatenate([updated_rows(cleanset.version, base.version), appended])


def new_rows_address(cleanset: Cleanset) -> str:
    """Return the new rows of a grown cleanset as an address names them."""
    return f"{NEW_ROWS}:{cleanset.pk}"


def find_rows(name: str) -> RowSet | None:
    """Return the new rows of the cleanset with an id; None if there is no such cleanset."""
    try:
        cleanset_id = uuid.UUID(name)
    except ValueError:
        return None
    cleanset = Cleanset.objects.filter(pk=cleanset_id).first()
    if cleanset is None or cleanset.base is None:
        return None
    title = f"new since version {cleanset.base.number}"
    return RowSet(title, cleanset.project_id, new_rows(cleanset))
