"""A cache of results under content hashes in a plain folder, so that a second attempt does not
start from scratch.
"""

from __future__ import annotations

import json
import logging
import os
import uuid
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

_CHECKSUM_BYTES = 4
_CHUNK_BYTES = 1024 * 1024
_ONLY = "values"  # name of the single array that `recall` keeps
Kind = TypeVar("Kind", bound=np.generic)
Arrays = Mapping[str, npt.NDArray[np.generic]]


def as_array(texts: object) -> npt.NDArray[np.uint8]:
    """Return lists of texts, possibly nested or with None, as an array that can be cached."""
    return np.frombuffer(json.dumps(texts).encode(), dtype=np.uint8)


def from_array(array: npt.NDArray[np.generic]) -> Any:
    """Invert `as_array`."""
    return json.loads(array.tobytes())


class Cache:
    """Named arrays by key. Nothing is ever unpickled.

    A file ends with its checksum; a damaged one is dropped. Trouble with the disk is logged and
    costs time, since the arrays are computed again.

    Parameters
    ----------
    folder
        Where the files are; None keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path | None:
        return self._folder

    def get(self, key: str) -> dict[str, npt.NDArray[np.generic]] | None:
        """Return the arrays under a key, or None."""
        if self._folder is None:
            return None
        path = self._path(self._folder, key)
        try:
            with path.open("rb") as file:
                if not _is_whole(file):
                    logger.warning("Damaged cache entry dropped key=%s", key)
                    path.unlink(missing_ok=True)
                    return None
                file.seek(0)
                with np.load(file, allow_pickle=False) as stored:
                    arrays = {name: stored[name] for name in stored.files}
            os.utime(path)  # marks it as used even on file systems without access times
        except FileNotFoundError:
            return None
        except (OSError, zipfile.BadZipFile, ValueError) as error:
            logger.warning("Cache entry not read key=%s: %s", key, error)
            return None
        return arrays

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep the arrays under a key. The file is written atomically."""
        if self._folder is None:
            return
        path = self._path(self._folder, key)
        unfinished = path.with_name(f"{uuid.uuid4().hex}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with unfinished.open("wb+") as file:
                # In the stubs, names clash with options.
                np.savez(file, **arrays)  # type: ignore[arg-type]
                n_bytes = file.seek(0, os.SEEK_END)
                checksum = _checksum(file, n_bytes)
                file.seek(n_bytes)
                file.write(checksum)
            unfinished.replace(path)
        except OSError as error:
            logger.warning("Cache entry not kept key=%s: %s", key, error)
        finally:
            unfinished.unlink(missing_ok=True)

    def recall(self, key: str, compute: Callable[[], npt.NDArray[Kind]]) -> npt.NDArray[Kind]:
        """Return the single array under a key; if there is none, compute it and keep it."""
        stored = self.get(key)
        if stored is not None:
            return cast("npt.NDArray[Kind]", stored[_ONLY])
        values = compute()
        self.put(key, {_ONLY: values})
        return values

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / key[:2] / f"{key}.npz"


def _is_whole(file: BinaryIO) -> bool:
    n_bytes = file.seek(0, os.SEEK_END) - _CHECKSUM_BYTES
    return n_bytes > 0 and _checksum(file, n_bytes) == file.read()


def _checksum(file: BinaryIO, n_bytes: int) -> bytes:
    """Return the checksum of the first bytes of a file, which is left behind them."""
    file.seek(0)
    checksum = 0
    left = n_bytes
    while left and (chunk := file.read(min(left, _CHUNK_BYTES))):
        checksum = zlib.crc32(chunk, checksum)
        left -= len(chunk)
    return checksum.to_bytes(_CHECKSUM_BYTES, "big")
