"""Backing up, restoring and checking the files of a studio."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

from projects.models import DatasetVersion
from studio import tables
from studio.accounts.models import User
from studio.management import stored_files
from studio.models import StoredFile
from studio.runs import Status
from tests.integration.services_stack import postgres
from tests.programs import manage, program, studio_environment
from tests.things import Things, make_things

MAKE_STUDIO = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from tests.cast import make_user
from tests.things import make_things
make_things(make_user("alice", is_owner=True))
"""


def run(folder: Path, *arguments: str) -> CompletedProcess[str]:
    return manage(*arguments, environment=studio_environment(folder))


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder / "files")): path.read_bytes()
        for path in (folder / "files").rglob("*")
        if path.is_file()
    }


def rows_of(folder: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "studio.sqlite3")) as database:
        return sorted(database.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio")
    made = run(folder, "shell", "-v", "0", "-c", MAKE_STUDIO)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def backup(studio: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backup") / "studio.tar"
    made = run(studio, "backup", str(file))
    assert made.returncode == 0, made.stderr
    return file


def test_restored_studio_is_the_one_that_was_backed_up(
    studio: Path, backup: Path, tmp_path: Path
) -> None:
    restored = run(tmp_path, "restore", str(backup))
    assert restored.returncode == 0, restored.stderr
    assert files_of(tmp_path) == files_of(studio) != {}
    for table in ("accounts_user", "accounts_apikey", "cleansets_cleanset", "studio_storedfile"):
        assert rows_of(tmp_path, table) == rows_of(studio, table) != []
    assert (tmp_path / "secret_key").read_text() == (studio / "secret_key").read_text()
    verified = run(tmp_path, "verify")
    assert verified.returncode in (0, 1), verified.stderr
    assert "are damaged" not in verified.stdout


def test_studio_on_postgresql_is_backed_up_and_restored(tmp_path: Path) -> None:
    with postgres(tmp_path) as address:
        secret = "a-secret-that-all-processes-share-for-this-test-only"

        def on(folder: str, database: str, *arguments: str) -> CompletedProcess[str]:
            environment = studio_environment(
                tmp_path / folder, DATABASE_URL=database, STUDIO_SECRET_KEY=secret
            )
            return manage(*arguments, environment=environment)

        server = address.rpartition("/")[0]
        created = subprocess.run(
            [program("createdb"), "--maintenance-db", address, "copy"],
            capture_output=True,
            text=True,
        )
        assert created.returncode == 0, created.stderr
        made = on("old", address, "shell", "-v", "0", "-c", MAKE_STUDIO)
        assert made.returncode == 0, made.stderr
        file = tmp_path / "studio.tar"
        backed_up = on("old", address, "backup", str(file))
        assert backed_up.returncode == 0, backed_up.stderr
        restored = on("new", f"{server}/copy", "restore", str(file))
        assert restored.returncode == 0, restored.stderr
        count = "from studio.accounts.models import User; print(User.objects.get(is_owner=True))"
        found = on("new", f"{server}/copy", "shell", "-v", "0", "-c", count)
        assert found.stdout.strip() == "alice@example.org"
        assert files_of(tmp_path / "new") == files_of(tmp_path / "old") != {}
        assert on("new", f"{server}/copy", "restore", str(file)).returncode == 2


def test_backup_is_for_its_owner_alone(backup: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0


def test_backup_of_an_older_version_is_brought_up_to_date(studio: Path, tmp_path: Path) -> None:
    older, newer, file = tmp_path / "older", tmp_path / "newer", tmp_path / "older.tar"
    shutil.copytree(studio, older)
    assert run(older, "migrate", "studio", "zero").returncode == 0
    assert run(older, "migrate", "inference", "0004").returncode == 0
    assert run(older, "backup", str(file)).returncode == 0
    restored = run(newer, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert run(newer, "migrate", "--check").returncode == 0
    assert rows_of(newer, "accounts_user") == rows_of(older, "accounts_user")


def test_restore_takes_no_used_studios_place(studio: Path, backup: Path) -> None:
    before = rows_of(studio, "accounts_user")
    refused = run(studio, "restore", str(backup))
    assert (refused.returncode, "already has accounts" in refused.stderr) == (2, True)
    assert rows_of(studio, "accounts_user") == before


@pytest.mark.parametrize("damage", ["cut", "flipped", "no backup"])
def test_damaged_backup_is_refused_before_anything_is_changed(
    damage: str, backup: Path, tmp_path: Path
) -> None:
    content = bytearray(backup.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        with tarfile.open(backup) as archive:
            member = next(entry for entry in archive if entry.name.startswith("files/"))
        content[member.offset_data + member.size // 2] ^= 1
    else:
        content = bytearray(b"a,b\n1,2\n")
    file = tmp_path / "damaged.tar"
    file.write_bytes(bytes(content))
    refused = run(tmp_path / "new", "restore", "--quiet", str(file))
    assert refused.returncode == 2
    assert refused.stderr.strip().count("\n") == 0
    assert not (tmp_path / "new" / "files").exists()


def link(target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo("files/link")
    entry.type = tarfile.SYMTYPE
    entry.linkname = target
    return entry


@pytest.mark.parametrize(
    "entry",
    [
        tarfile.TarInfo("../outside"),
        tarfile.TarInfo("/tmp/outside/of/it"),
        tarfile.TarInfo("files/one-more"),
        link("/etc/passwd"),
        link("../secret_key"),
    ],
    ids=lambda entry: f"{entry.name} {entry.linkname}",
)
def test_backup_with_entries_of_somebody_else_is_refused(
    entry: tarfile.TarInfo, backup: Path, tmp_path: Path
) -> None:
    file = tmp_path / "crafted.tar"
    file.write_bytes(backup.read_bytes())
    with tarfile.open(file, "a") as archive:
        archive.addfile(entry)
    refused = run(tmp_path / "new", "restore", "--quiet", str(file))
    assert (refused.returncode, refused.stderr.strip().count("\n")) == (2, 0)
    assert rows_of(tmp_path / "new", "sqlite_schema") == []
    assert not (tmp_path / "new" / "files").exists()
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("digests", ["[1]", "{}"])
def test_backup_without_digests_of_its_files_is_refused(
    digests: str, backup: Path, tmp_path: Path
) -> None:
    file = tmp_path / "crafted.tar"
    file.write_bytes(backup.read_bytes())
    with tarfile.open(file, "a") as archive:
        entry = tarfile.TarInfo("sha256.json")
        entry.size = len(digests)
        archive.addfile(entry, BytesIO(digests.encode()))
    refused = run(tmp_path / "new", "restore", "--quiet", str(file))
    assert (refused.returncode, refused.stderr.strip().count("\n")) == (2, 0)
    assert rows_of(tmp_path / "new", "sqlite_schema") == []
    assert not (tmp_path / "new" / "files").exists()


def test_backup_says_what_it_is(backup: Path) -> None:
    with tarfile.open(backup) as archive:
        names = archive.getnames()
        about = archive.extractfile("backup.json")
        assert about is not None
        assert json.load(about)["database"] == "sqlite"
    assert (names[0], names[-1]) == ("backup.json", "sha256.json")


@pytest.fixture
def things(db: None, alice: User) -> Things:
    things = make_things(alice)
    for key in stored_files.referred_keys() - set(stored_files.stored_keys()):
        default_storage.save(key, ContentFile(b"made up"))
    return things


def verify(*options: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify", *options, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_whole_files_are_whole(things: Things) -> None:
    status, text = verify()
    assert status == 0
    assert "files are whole" in text
    assert "damaged" not in text


def test_flipped_bit_is_noticed(things: Things) -> None:
    path = tables.local_path(things.batch.table_key)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    status, text = verify()
    assert status == 1
    assert "are damaged: they are not what was stored" in text
    assert f"  {things.batch.table_key}\n" in text


def test_missing_file_is_named(things: Things) -> None:
    tables.local_path(things.batch.result_key).unlink()
    status, text = verify()
    assert (status, f"  {things.batch.result_key}\n" in text) == (1, True)


def test_files_of_model_runs_are_checked_too(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_files, "ORPHAN_AFTER", timedelta(seconds=-60))
    run = things.evaluation
    leftover = default_storage.save(f"model_runs/{run.pk}/9/rows.parquet", ContentFile(b"x"))
    tables.local_path(run.evaluation_key).unlink()
    status, text = verify("--repair")
    assert (status, f"  {run.evaluation_key}\n" in text) == (1, True)
    assert default_storage.exists(run.rows_key)
    assert not default_storage.exists(leftover)


def test_orphans_are_removed_only_if_asked_and_old(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = default_storage.save(
        "cleansets/0b5f8a52-6f3c-4f0a-9d6e-2f1f4a3c7b11/1/issues.parquet", ContentFile(b"x")
    )
    leftover = default_storage.save(f"cleansets/{things.cleanset.pk}/9/x.npy", ContentFile(b"x"))
    foreign = default_storage.save("something/of/others", ContentFile(b"x"))
    assert gone not in verify()[1].partition("belong to nothing")[2]
    monkeypatch.setattr(stored_files, "ORPHAN_AFTER", timedelta(seconds=-60))
    assert gone in verify()[1].partition("belong to nothing")[2]
    verify("--repair")
    assert not default_storage.exists(gone)
    assert not default_storage.exists(leftover)
    assert default_storage.exists(foreign)
    assert default_storage.exists(things.batch.table_key)


def test_files_of_work_under_way_are_no_orphans(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_files, "ORPHAN_AFTER", timedelta(seconds=-60))
    cleanset = things.cleanset
    type(cleanset).objects.filter(pk=cleanset.pk).update(status=Status.QUEUED)
    unfinished = default_storage.save(f"cleansets/{cleanset.pk}/2/x.npy", ContentFile(b"x"))
    verify("--repair")
    assert default_storage.exists(unfinished)


def test_upload_that_was_not_taken_in_yet_is_not_missing(things: Things) -> None:
    version = DatasetVersion.objects.get()
    DatasetVersion.objects.update(sha256="")
    default_storage.delete(version.source_key)
    assert verify()[0] == 0


def test_deleted_file_leaves_no_digest(things: Things) -> None:
    key = things.batch.table_key
    assert StoredFile.objects.filter(key=key).exists()
    tables.delete([key])
    assert not StoredFile.objects.filter(key=key).exists()
