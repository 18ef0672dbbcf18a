"""Caches the results of detectors that use no labels, so that they need not run again for an
improved cleanset.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.issues.base import Columns, Evidence, IssueType
from studio.engine.runtime.cache import as_array, from_array

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
        return dict(_from_cache(name, array) for name, array in stored.items())
    found = issue_type.find(evidence)
    evidence.cache.put(key, dict(_for_cache(name, column) for name, column in found.items()))
    return found


def _for_cache(name: str, column: object) -> tuple[str, npt.NDArray[np.generic]]:
    if isinstance(column, list):
        return _LIST + name, as_array(column)
    return name, np.asarray(column)


def _from_cache(
    name: str, array: npt.NDArray[np.generic]
) -> tuple[str, npt.NDArray[np.generic] | list[str | None]]:
    if name.startswith(_LIST):
        return name.removeprefix(_LIST), from_array(array)
    return name, array
