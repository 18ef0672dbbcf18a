"""A cache of results under content hashes in a plain folder, so that a second attempt does not
start from scratch.
"""

from __future__ import annotations

import json
import os
import uuid
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

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
    """Named arrays by key. Nothing is ever unpickled; a file that cannot be read counts as missing.

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
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
            os.utime(path)  # marks it as used even on file systems without access times
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        return arrays

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep the arrays under a key. The file is written atomically."""
        if self._folder is None:
            return
        path = self._path(self._folder, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{uuid.uuid4().hex}.tmp")
        try:
            with unfinished.open("wb") as file:
                # In the stubs, names clash with options.
                np.savez(file, **arrays)  # type: ignore[arg-type]
            unfinished.replace(path)
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
