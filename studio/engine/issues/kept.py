"""Caches the results of detectors that use no labels, so that they need not run again for an
improved cleanset.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.issues.base import Columns, Evidence, IssueType
from studio.engine.runtime.cache import Arrays, as_array, from_array

_LIST = "json "  # prefix of the names of columns of texts


def find_or_recall(issue_type: IssueType, evidence: Evidence) -> Columns:
    """Return a detector's columns, from the cache if it has run on the same rows before.

    The key contains the version of the detector, so the cached columns are those that it would
    find.
    """
    if not issue_type.content_version:
        return issue_type.find(evidence)
    key = evidence.content_key("issues", issue_type.name, str(issue_type.content_version))
    stored = evidence.cache.get(key)
    if stored is not None:
        return _columns(stored)
    found = issue_type.find(evidence)
    evidence.cache.put(key, _as_arrays(found))
    return found


def _as_arrays(columns: Columns) -> dict[str, npt.NDArray[np.generic]]:
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for name, column in columns.items():
        if isinstance(column, list):
            arrays[_LIST + name] = as_array(column)
        else:
            arrays[name] = np.asarray(column)
    return arrays


def _columns(arrays: Arrays) -> Columns:
    columns: dict[str, npt.NDArray[np.generic] | list[str | None]] = {}
    for name, array in arrays.items():
        if name.startswith(_LIST):
            columns[name.removeprefix(_LIST)] = from_array(array)
        else:
            columns[name] = array
    return columns
