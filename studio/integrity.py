"""Whether a stored file still is what was published.

A file is read once to find out, and again only after it changed.
"""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import NamedTuple

from studio.engine.errors import DataProblem
from studio.models import StoredFile
from studio.patience import patiently

logger = logging.getLogger(__name__)


class Version(NamedTuple):
    """What changes whenever somebody writes to a file."""

    inode: int
    changed_at_ns: int
    n_bytes: int


# By the folder of the storage that a file is in (`studio.storage`).
_WAYS_OUT = {
    "datasets": "upload the file again as a new version",
    "uploads": "upload the file again",
    "cleansets": "analyse the data again",
    "models": "deploy the model again",
    "model_runs": "measure or import the model run again",
    "predictions": "predict the file again",
}

_whole: dict[Path, Version] = {}


class DamagedFile(DataProblem):
    """A stored file is missing, or is not what was published."""

    def __init__(self, key: str, finding: str) -> None:
        way_out = _WAYS_OUT.get(key.partition("/")[0], "do that work again")
        super().__init__(
            f"The stored file {key} {finding}. Restore it from a backup, or {way_out}."
        )


def check_whole(path: Path, key: str) -> None:
    """Raise DamagedFile unless the file is there with the content that was published.

    Earlier versions of the studio recorded no digests; their files are taken as they are.
    """
    try:
        version = version_of(path)
    except FileNotFoundError as error:
        raise missing(key) from error
    if _whole.get(path) == version:
        return
    recorded = patiently(lambda: StoredFile.objects.filter(pk=key).first())
    if recorded is not None and digest_of(path) != recorded.sha256:
        logger.error("Damaged file key=%s", key)
        raise DamagedFile(key, "is damaged: its content is not what was stored")
    _whole[path] = version


def version_of(path: Path) -> Version:
    """Return the version of a file. Raises FileNotFoundError."""
    found = path.stat()
    return Version(found.st_ino, found.st_mtime_ns, found.st_size)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def missing(key: str) -> DamagedFile:
    """Return the failure to find a file."""
    logger.error("Missing file key=%s", key)
    return DamagedFile(key, "is missing")
