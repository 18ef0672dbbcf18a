"""A stored file that changed since it was published is noticed wherever it is opened."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.test import Client

from cleansets.mapped_results import mapped_table
from cleansets.models import Cleanset
from models_app.tasks import train_model
from studio import integrity, tables
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.integrity import DamagedFile
from studio.model_runs import services
from studio.model_runs.tasks import evaluate_run
from studio.runs import Status
from tests.factories import make_model
from tests.reviewable import make_reviewable

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]

REVIEW = "/cleansets/{id}"
EXPORT = "/cleansets/{id}/export?mode=default&file_format=csv"
API_ROWS = "/api/v1/cleansets/{id}/rows"
API_EXPORT = "/api/v1/cleansets/{id}/export"


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    return make_reviewable(alice)


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def damage(key: str) -> None:
    flip_a_bit(Path(settings.MEDIA_ROOT) / key)


def published(text: str, key: str) -> Path:
    with tables.scratch() as folder:
        (folder / "file").write_text(text)
        tables.publish(folder / "file", key)
    return Path(settings.MEDIA_ROOT) / key


@pytest.fixture
def visit(alice: User, client_of: ClientOf, cleanset: Cleanset) -> Callable[[str], tuple[int, str]]:
    """Open an address, after the results were seen whole once; return status and text."""
    browser = client_of(alice)
    _, secret = api_key_create(owner=alice, name="test", scope="read")
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    assert browser.get(REVIEW.format(id=cleanset.pk)).status_code == 200

    def opened(address: str) -> tuple[int, str]:
        client = program if address.startswith("/api") else browser
        response = client.get(address.format(id=cleanset.pk))
        return response.status_code, response.getvalue().decode()

    return opened


@pytest.mark.parametrize("address", [REVIEW, EXPORT, API_ROWS, API_EXPORT])
def test_damaged_results_end_in_a_sentence_with_the_way_out(
    address: str, cleanset: Cleanset, visit: Callable[[str], tuple[int, str]]
) -> None:
    damage(cleanset.issues_key)
    status, text = visit(address)
    assert status == 422
    assert f"The stored file {cleanset.issues_key} is damaged" in text
    assert "Restore it from a backup, or analyse the data again." in text


@pytest.mark.parametrize("address", [REVIEW, EXPORT, API_ROWS])
def test_damaged_rows_end_in_a_sentence_with_the_way_out(
    address: str, cleanset: Cleanset, visit: Callable[[str], tuple[int, str]]
) -> None:
    key = cleanset.project.version.table_key
    damage(key)
    status, text = visit(address)
    assert status == 422
    assert f"The stored file {key} is damaged" in text
    assert "upload the file again as a new version" in text


def test_missing_results_are_named(
    cleanset: Cleanset, visit: Callable[[str], tuple[int, str]]
) -> None:
    (Path(settings.MEDIA_ROOT) / cleanset.issues_key).unlink()
    status, text = visit(REVIEW)
    assert status == 422
    assert f"The stored file {cleanset.issues_key} is missing" in text


def test_restored_file_is_used_again(
    cleanset: Cleanset, visit: Callable[[str], tuple[int, str]]
) -> None:
    damage(cleanset.issues_key)
    assert visit(EXPORT)[0] == 422
    damage(cleanset.issues_key)
    assert visit(EXPORT)[0] == 200


def test_run_on_damaged_predictions_fails_with_the_sentence(cleanset: Cleanset) -> None:
    run = services.analysis_record(cleanset)
    damage(cleanset.pred_probs_key)
    evaluate_run(run_id=str(run.pk))
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert f"{cleanset.pred_probs_key} is damaged" in run.error_message


def test_training_on_a_damaged_table_fails_with_the_sentence(
    alice: User, cleanset: Cleanset
) -> None:
    model = make_model(alice, cleanset=cleanset, status=Status.QUEUED)
    damage(cleanset.project.version.table_key)
    train_model(run_id=str(model.pk))
    model.refresh_from_db()
    assert model.status == Status.FAILED
    assert f"{cleanset.project.version.table_key} is damaged" in model.error_message


def test_file_is_read_once_and_again_only_after_it_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = published("content", "tests/read-once")
    read: list[Path] = []

    def digest_of(path: Path) -> str:
        read.append(path)
        return read_digest(path)

    read_digest = integrity.digest_of
    monkeypatch.setattr(integrity, "digest_of", digest_of)
    tables.local_path("tests/read-once")
    tables.local_path("tests/read-once")
    assert read == [path]
    path.write_text("Content")
    with pytest.raises(DamagedFile):
        tables.local_path("tests/read-once")


class Remote(FileSystemStorage):
    """A storage whose files have no local path."""

    def path(self, name: str) -> str:
        raise NotImplementedError

    def open(self, name: str, mode: str = "rb") -> object:
        return (Path(settings.MEDIA_ROOT) / name).open(mode)


def test_damaged_copy_of_a_remote_file_is_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    published("content", "tests/copied")
    monkeypatch.setattr(tables, "default_storage", Remote())
    copy = tables.local_path("tests/copied")
    flip_a_bit(copy)
    assert tables.local_path("tests/copied").read_text() == "content"


def test_damaged_remote_file_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    flip_a_bit(published("content", "tests/far"))
    monkeypatch.setattr(tables, "default_storage", Remote())
    for _ in range(2):
        with pytest.raises(DamagedFile, match="tests/far is damaged"):
            tables.local_path("tests/far")


@pytest.mark.parametrize("left", [None, 20, 0])
def test_damaged_mapped_results_are_written_again(cleanset: Cleanset, left: int | None) -> None:
    expected = mapped_table(cleanset.issues_key).to_pylist()
    path = settings.CACHE_DIR / tables.MAPPED / cleanset.issues_key
    if left is None:
        flip_a_bit(path)
    else:
        path.write_bytes(path.read_bytes()[:left])
    assert mapped_table(cleanset.issues_key).to_pylist() == expected


def test_mapped_results_are_made_in_memory_on_a_full_disk(
    cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = mapped_table(cleanset.issues_key).to_pylist()
    path = settings.CACHE_DIR / tables.MAPPED / cleanset.issues_key
    path.unlink()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pa, "OSFile", full)
    assert mapped_table(cleanset.issues_key).to_pylist() == expected
    assert not list(path.parent.iterdir())
