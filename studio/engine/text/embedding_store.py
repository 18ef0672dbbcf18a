"""Keeps the vectors of all encoded texts, so that a changed table only encodes new ones."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

_TEXTS_PER_QUERY = 500  # older builds of SQLite allow 999 parameters
_SECONDS_TO_WAIT = 60.0  # for another process that is writing


class EmbeddingStore:
    """Half-precision vectors by the SHA-256 of their text, in an SQLite file that processes share.

    Parameters
    ----------
    path
        The file; None keeps nothing. Vectors of another encoder or arithmetic belong in another
        file.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def get(self, texts: Sequence[str], *, is_deep: bool) -> dict[str, npt.NDArray[np.float16]]:
        """Return the known vectors by text; with `is_deep`, inner layers are appended."""
        if self._path is None or not self._path.exists():
            return {}
        known: dict[str, npt.NDArray[np.float16]] = {}
        vector = "vector"
        if not is_deep:
            vector = "substr(vector, 1, 2 * n_own)"  # two bytes per number
        with closing(self._connection(self._path)) as connection:
            for first in range(0, len(texts), _TEXTS_PER_QUERY):
                keys = {_key(text): text for text in texts[first : first + _TEXTS_PER_QUERY]}
                marks = ",".join("?" * len(keys))
                rows = connection.execute(
                    f"SELECT key, {vector} FROM embedding WHERE key IN ({marks})", list(keys)
                )
                for key, stored in rows:
                    known[keys[key]] = np.frombuffer(stored, dtype=np.float16)
        return known

    def put(self, texts: Sequence[str], vectors: npt.NDArray[np.float16], *, n_own: int) -> None:
        """Keep vectors, shape (n_texts, d); inner layers follow the first `n_own` numbers."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = [
            (_key(text), n_own, vector.tobytes())
            for text, vector in zip(texts, vectors, strict=True)
        ]
        with closing(self._connection(self._path)) as connection, connection:
            connection.executemany("INSERT OR IGNORE INTO embedding VALUES (?, ?, ?)", rows)

    @staticmethod
    def _connection(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=_SECONDS_TO_WAIT)
        columns = "key BLOB PRIMARY KEY, n_own INTEGER, vector BLOB"
        connection.execute(f"CREATE TABLE IF NOT EXISTS embedding ({columns}) WITHOUT ROWID")
        return connection


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
