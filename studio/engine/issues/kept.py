"""Keeps what detectors found that read no labels, so that an improved cleanset need not look
again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.issues.base import Columns, Evidence, IssueType
from studio.engine.runtime.cache import as_array, from_array

_LIST = "json "  # before the name of a column of texts


def find_or_recall(issue_type: IssueType, evidence: Evidence) -> Columns:
    """Return a detector's columns, from the cache where the same rows were looked at before.

    The key names the detector's version, so that what is recalled is what would be found.
    """
    if not issue_type.content_version:
        return issue_type.find(evidence)
    key = evidence.content_key("issues", issue_type.name, str(issue_type.content_version))
    stored = evidence.cache.get(key)
    if stored is not None:
        return dict(_read(name, array) for name, array in stored.items())
    found = issue_type.find(evidence)
    evidence.cache.put(key, dict(_written(name, column) for name, column in found.items()))
    return found


def _written(name: str, column: object) -> tuple[str, npt.NDArray[np.generic]]:
    if isinstance(column, list):
        return _LIST + name, as_array(column)
    return name, np.asarray(column)


def _read(
    name: str, array: npt.NDArray[np.generic]
) -> tuple[str, npt.NDArray[np.generic] | list[str | None]]:
    if name.startswith(_LIST):
        return name.removeprefix(_LIST), from_array(array)
    return name, array
