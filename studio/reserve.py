"""Room for small writes on a full disk: decisions, log-ins, deletions.

SQLite writes into free pages of its file before the file grows, and into the blocks of its log from
the beginning after each checkpoint. So the room is reserved inside these two files, where nothing
else can use it. The log is removed when its last connection closes; `manage.py up` holds one.
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

from django.db import OperationalError, connection

from studio import database

logger = logging.getLogger(__name__)

RESERVED_BYTES = 32 * 1024**2  # about 40,000 decisions


def hold() -> sqlite3.Connection | None:
    """Return a connection that keeps the log; None for a database that is a server."""
    if connection.vendor != "sqlite":
        return None
    held = sqlite3.connect(connection.settings_dict["NAME"])
    held.execute("SELECT count(*) FROM sqlite_master").fetchall()
    return held


def fill() -> None:
    """Reserve room in the database if too little is left, as far as the disk has it."""
    if connection.vendor != "sqlite" or _is_enough():
        return
    with connection.cursor() as cursor:
        try:
            cursor.execute("DROP TABLE IF EXISTS reserve")
            cursor.execute("CREATE TABLE reserve (content BLOB)")
            cursor.execute("INSERT INTO reserve VALUES (zeroblob(%s))", [RESERVED_BYTES])
            cursor.execute("DROP TABLE reserve")
        except OperationalError as error:
            if not database.is_full(error) and not database.is_passing(error):
                raise
            logger.warning("No room is reserved for decisions: %s", error)


def _is_enough() -> bool:
    """Return whether half of the room is free in the file, and the log has as much."""
    with connection.cursor() as cursor:
        n_free = cursor.execute("PRAGMA freelist_count").fetchone()[0]
        page_bytes = cursor.execute("PRAGMA page_size").fetchone()[0]
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    n_log_bytes = log.stat().st_size if log.exists() else 0
    return bool(min(n_free * page_bytes, n_log_bytes) >= RESERVED_BYTES / 2)
