"""Files by storage key: published whole, replaced by a second attempt; scratch space that does not
pile up.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from studio import tables
from studio.sql import quoted

pytestmark = pytest.mark.django_db


def published(text: str, key: str) -> Path:
    with tables.scratch() as folder:
        (folder / "file").write_text(text)
        assert tables.publish(folder / "file", key) == key
        assert not (folder / "file").exists()
    return tables.local_path(key)


def test_second_attempt_replaces_the_file_of_the_first() -> None:
    published("first", "tests/replaced")
    assert published("second", "tests/replaced").read_text() == "second"


def test_deleted_file_is_gone() -> None:
    path = published("text", "tests/deleted")
    tables.delete(["tests/deleted", "tests/never-there"])
    assert not path.exists()


def test_file_of_a_remote_storage_is_fetched_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    class Remote(FileSystemStorage):
        def path(self, name: str) -> str:
            raise NotImplementedError

        def open(self, name: str, mode: str = "rb") -> object:
            fetched.append(name)
            return (settings.MEDIA_ROOT / name).open(mode)

    published("text", "tests/remote")
    monkeypatch.setattr(tables, "default_storage", Remote())
    assert tables.local_path("tests/remote").read_text() == "text"
    assert tables.local_path("tests/remote").read_text() == "text"
    assert fetched == ["tests/remote"]


def test_scratch_folder_is_removed_whatever_happens() -> None:
    def fail_in(folder: Path) -> None:
        (folder / "file").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), tables.scratch() as folder:
        fail_in(folder)
    assert not folder.exists()


def test_only_what_was_left_long_ago_is_cleared() -> None:
    old, new = settings.SCRATCH_DIR / "old", settings.SCRATCH_DIR / "new"
    (old / "inside").mkdir(parents=True)
    new.touch()
    os.utime(old, (time.time() - 90_000,) * 2)
    tables.clear_scratch()
    assert (old.exists(), new.exists()) == (False, True)
    new.unlink()


def test_identifiers_may_hold_quotes() -> None:
    with tables.connect() as duck:
        duck.execute("SELECT 1 AS " + quoted('a"b'))
        assert duck.description[0][0] == 'a"b'


def test_duckdb_cannot_fetch_extensions() -> None:
    with tables.connect() as duck:
        value = duck.execute("SELECT current_setting('autoinstall_known_extensions')").fetchone()
    assert value == (False,)
