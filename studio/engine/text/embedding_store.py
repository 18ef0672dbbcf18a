"""Keeps the vectors of all encoded texts, so that a changed table only encodes new ones."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

_TEXTS_PER_QUERY = 500  # older builds of SQLite allow 999 parameters
_SECONDS_TO_WAIT = 60.0  # for another process that is writing
_COLUMNS = (
    "key BLOB PRIMARY KEY, n_own INTEGER, vector BLOB, own_checksum INTEGER, checksum INTEGER"
)


class EmbeddingStore:
    """Half-precision vectors by the SHA-256 of their text, in an SQLite file that processes share.

    Vectors are verified when they are read, and damaged ones forgotten. Trouble with the file is
    logged and costs time, since the texts are encoded again.

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
        damaged: list[bytes] = []
        try:
            with closing(self._connection(self._path)) as connection:
                for first in range(0, len(texts), _TEXTS_PER_QUERY):
                    keys = {_key(text): text for text in texts[first : first + _TEXTS_PER_QUERY]}
                    for key, vector, checksum in _stored(connection, list(keys), is_deep=is_deep):
                        if checksum == _checksum(key, vector):
                            known[keys[key]] = np.frombuffer(vector, dtype=np.float16)
                        else:
                            damaged.append(key)
                if damaged:
                    logger.warning("Damaged embeddings forgotten n=%s", len(damaged))
                    with connection:
                        forget = "DELETE FROM embeddings WHERE key = ?"
                        connection.executemany(forget, [(key,) for key in damaged])
        except sqlite3.DatabaseError as error:
            self._give_up(self._path, error)
        return known

    def put(self, texts: Sequence[str], vectors: npt.NDArray[np.float16], *, n_own: int) -> None:
        """Keep vectors, shape (n_texts, d); inner layers follow the first `n_own` numbers."""
        if self._path is None:
            return
        rows = []
        for text, vector in zip(texts, vectors, strict=True):
            key = _key(text)
            own_checksum = _checksum(key, vector[:n_own].tobytes())
            stored = vector.tobytes()
            rows.append((key, n_own, stored, own_checksum, _checksum(key, stored)))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connection(self._path)) as connection, connection:
                connection.executemany(
                    "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?, ?)", rows
                )
        except (sqlite3.DatabaseError, OSError) as error:
            self._give_up(self._path, error)

    @staticmethod
    def _connection(path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=_SECONDS_TO_WAIT)
        connection.execute("DROP TABLE IF EXISTS embedding")  # of earlier versions: no checksums
        connection.execute(f"CREATE TABLE IF NOT EXISTS embeddings ({_COLUMNS}) WITHOUT ROWID")
        return connection

    @staticmethod
    def _give_up(path: Path, error: Exception) -> None:
        """Go on without the file; remove it if it is damaged."""
        logger.warning("Embeddings are not kept: %s", error)
        # A locked file or a full disk is an OperationalError; damage is its parent class.
        if type(error) is sqlite3.DatabaseError:
            path.unlink(missing_ok=True)


def _stored(
    connection: sqlite3.Connection, keys: Sequence[bytes], *, is_deep: bool
) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield key, vector and checksum of those that are there."""
    found = "key, vector, checksum"
    if not is_deep:
        found = "key, substr(vector, 1, 2 * n_own), own_checksum"  # two bytes per number
    marks = ",".join("?" * len(keys))
    yield from connection.execute(f"SELECT {found} FROM embeddings WHERE key IN ({marks})", keys)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _checksum(key: bytes, vector: bytes) -> int:
    return zlib.crc32(vector, zlib.crc32(key))
