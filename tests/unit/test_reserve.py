"""The room for small writes inside the database, for the day on which the disk is full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.db.backends.sqlite3.base import DatabaseWrapper

from studio import reserve

pytestmark = pytest.mark.django_db

N_WRITES = 2_000


@pytest.fixture
def file_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseWrapper]:
    settings = connection.settings_dict | {"NAME": str(tmp_path / "studio.sqlite3")}
    database = DatabaseWrapper(settings)
    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE decision (row INTEGER PRIMARY KEY, reason TEXT)")
    monkeypatch.setattr(reserve, "connection", database)
    held = reserve.hold()
    yield database
    if held is not None:
        held.close()
    database.close()


def fill_disk(database: DatabaseWrapper) -> None:
    """Let the file of the database grow no more."""
    with database.cursor() as cursor:
        n_pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {n_pages}")


def decide(database: DatabaseWrapper) -> None:
    with database.cursor() as cursor:
        for row in range(N_WRITES):
            cursor.execute("INSERT INTO decision VALUES (%s, %s)", [row, "x" * 1000])


def log_bytes(database: DatabaseWrapper) -> int:
    return Path(f"{database.settings_dict['NAME']}-wal").stat().st_size


def test_decisions_are_written_on_a_full_disk(file_database: DatabaseWrapper) -> None:
    reserve.fill()
    fill_disk(file_database)
    before = log_bytes(file_database)
    assert before >= reserve.RESERVED_BYTES
    decide(file_database)
    assert log_bytes(file_database) == before


def test_without_a_reserve_they_would_not_be(file_database: DatabaseWrapper) -> None:
    fill_disk(file_database)
    with pytest.raises(OperationalError, match="full"):
        decide(file_database)


def test_reserve_is_renewed_once_half_of_it_is_used(file_database: DatabaseWrapper) -> None:
    reserve.fill()
    with file_database.cursor() as cursor:
        reserved = cursor.execute("PRAGMA freelist_count").fetchone()[0]
        cursor.execute("CREATE TABLE upload (content BLOB)")
        cursor.execute("INSERT INTO upload VALUES (zeroblob(%s))", [reserve.RESERVED_BYTES // 4])
        reserve.fill()
        assert cursor.execute("PRAGMA freelist_count").fetchone()[0] < reserved
        cursor.execute("INSERT INTO upload VALUES (zeroblob(%s))", [reserve.RESERVED_BYTES // 2])
        reserve.fill()
        assert cursor.execute("PRAGMA freelist_count").fetchone()[0] >= reserved


def test_start_on_a_full_disk_goes_on_without_a_reserve(file_database: DatabaseWrapper) -> None:
    fill_disk(file_database)
    reserve.fill()
    with file_database.cursor() as cursor:
        assert cursor.execute("PRAGMA freelist_count").fetchone()[0] == 0
