"""Keeps the vector of every text that was ever encoded, so that a corrected or grown table encodes only what is new."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

_TEXTS_PER_QUERY = 500
_SECONDS_TO_WAIT = 60.0  # for another process that is writing


class EmbeddingStore:
    """Half-precision vectors by SHA-256 of their text, in one SQLite file that several processes may share.

    Parameters
    ----------
    path
        The file; None keeps nothing. Vectors of another encoder belong in another file.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def get(self, texts: Sequence[str]) -> dict[str, npt.NDArray[np.float16]]:
        """Return the vectors of those texts that are known."""
        if self._path is None or not self._path.exists():
            return {}
        known: dict[str, npt.NDArray[np.float16]] = {}
        with closing(self._connection(self._path)) as connection:
            for first in range(0, len(texts), _TEXTS_PER_QUERY):
                keys = {_key(text): text for text in texts[first : first + _TEXTS_PER_QUERY]}
                marks = ",".join("?" * len(keys))
                rows = connection.execute(f"SELECT key, vector FROM embedding WHERE key IN ({marks})", list(keys))
                known.update((keys[key], np.frombuffer(vector, dtype=np.float16)) for key, vector in rows)
        return known

    def put(self, texts: Sequence[str], vectors: npt.NDArray[np.float16]) -> None:
        """Keep the vectors, shape (n_texts, d)."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = [(_key(text), vector.tobytes()) for text, vector in zip(texts, vectors, strict=True)]
        with closing(self._connection(self._path)) as connection, connection:
            connection.executemany("INSERT OR IGNORE INTO embedding VALUES (?, ?)", rows)

    @staticmethod
    def _connection(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=_SECONDS_TO_WAIT)
        connection.execute("CREATE TABLE IF NOT EXISTS embedding (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID")
        return connection


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
