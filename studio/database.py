"""A database that is busy, away or full: writes that need not wait, and what to answer."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import QuerySet

RETRY_AFTER_S = 5
_LOCKED = ("database is locked", "table is locked")
_FULL = ("disk is full", "No space left on device")  # SQLite's and PostgreSQL's words
_DISK_FULL = "53100"  # PostgreSQL's code, in whatever language its words are
_OURS = ("no such", "syntax error", "too many")  # SQLite reports these mistakes of ours likewise


@contextmanager
def without_waiting() -> Iterator[None]:
    """Fail at once where another connection is writing, for writes that can be done without.

    Only SQLite has one lock for everything; elsewhere this changes nothing.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {settings.DATABASE_WAIT_S * 1000}")


@contextmanager
def one_round_trip() -> Iterator[None]:
    """Send all statements to PostgreSQL before waiting for it once.

    Each wait costs a busy web server several milliseconds, mostly until the thread runs again. No
    result can be used before the end.
    """
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def read_together(*queries: QuerySet[Any, tuple[Any, ...]]) -> list[list[tuple[Any, ...]]]:
    """Return the rows of each query as the database stores them, after one round trip."""
    cursors = [connection.cursor() for _ in queries]
    with one_round_trip():
        for cursor, query in zip(cursors, queries, strict=True):
            cursor.execute(*query.query.sql_with_params())
    found = []
    for cursor in cursors:
        with cursor:
            found.append(cursor.fetchall())
    return found


def is_passing(error: Exception) -> bool:
    """Return whether the failure will pass by itself: a busy or restarting database."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return not is_full(error) and not any(words in str(error) for words in _OURS)


def is_full(error: Exception) -> bool:
    """Return whether the disk of the database is full."""
    if not isinstance(error, OperationalError):
        return False
    sqlstate = getattr(error.__cause__, "sqlstate", "")
    return sqlstate == _DISK_FULL or any(words in str(error) for words in _FULL)


def disk_is_full(error: BaseException) -> bool:
    """Return whether a file could not be written, as the disk or its quota has no room left."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        # DuckDB's errors; known by their module, as importing it takes long.
        if "duckdb" in type(cause).__module__ and any(words in str(cause) for words in _FULL):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def problem_of(error: Exception) -> tuple[str, HTTPStatus] | None:
    """Return the sentence and the status to answer with; None for any other failure."""
    if is_full(error) or disk_is_full(error):
        return (
            "The studio's disk is full, so this was not done. Whoever runs the studio has to make"
            " room on it.",
            HTTPStatus.INSUFFICIENT_STORAGE,
        )
    if not is_passing(error):
        return None
    if any(words in str(error) for words in _LOCKED):
        reason = "is busy with a large change"
    else:
        reason = "cannot be reached"
    return (
        f"The studio's database {reason}, so this was not saved. Try again in a moment.",
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
