"""Keeps the cache within its limit: what was not used for longest goes first."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

KEPT_FRACTION = 0.9  # of the limit, so that each clean-up removes more than a little


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    last_used_at: float
    n_bytes: int
    path: str


def prune(folder: Path, max_bytes: int) -> int:
    """Remove files until the folder is within the limit; return how many bytes that freed.

    A file that somebody reads at this moment stays readable to them.
    """
    entries = list(_entries(str(folder)))
    n_bytes = sum(entry.n_bytes for entry in entries)
    if n_bytes <= max_bytes:
        return 0
    freed = 0
    for entry in sorted(entries):
        if n_bytes - freed <= max_bytes * KEPT_FRACTION:
            break
        Path(entry.path).unlink(missing_ok=True)
        freed += entry.n_bytes
    logger.info("Cache pruned bytes=%s", freed)
    return freed


def _entries(folder: str) -> Iterator[_Entry]:
    """Yield the files below a folder; those that disappear meanwhile are left out."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)  # noqa: PTH118 (there may be millions)
            try:
                found = os.stat(path)  # noqa: PTH116
            except FileNotFoundError:
                continue
            yield _Entry(max(found.st_atime, found.st_mtime), found.st_blocks * 512, path)
