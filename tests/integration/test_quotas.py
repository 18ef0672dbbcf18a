"""What an account may use, and the room that is kept on the disk for reviews and exports."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from inference.models import PredictionBatch
from projects.models import Dataset
from studio import quotas, runs
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.engine.errors import DataProblem
from studio.runs import Status
from tests.factories import make_cleanset, make_dataset, make_model
from tests.reviewable import make_reviewable

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


def csv_file(n_bytes: int = 8) -> io.BytesIO:
    file = io.BytesIO(b"a,b\n" + b"1,2\n" * (n_bytes // 4))
    file.name = "new.csv"
    return file


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10 * 1024**2))


def test_account_page_shows_use_and_limits(
    alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.ACCOUNT_MAX_DATASETS = 7
    make_dataset(alice)
    page = " ".join(client_of(alice).get("/account").content.decode().split())
    assert "Uploaded files and models" in page
    assert '<td data-label="Used" class="nowrap">1</td>' in page
    assert '<td data-label="Limit" class="nowrap">7</td>' in page


def test_upload_beyond_the_bytes_of_an_account_is_refused(
    alice: User, bob: User, client_of: ClientOf, settings: Settings
) -> None:
    make_dataset(alice, size_bytes=2_000_000)
    settings.ACCOUNT_MAX_BYTES = 2_000_004
    response = client_of(alice).post("/datasets/upload", {"file": csv_file()})
    assert response.status_code == 422
    assert "Delete what you no longer need" in response.content.decode()
    assert client_of(bob).post("/datasets/upload", {"file": csv_file()}).status_code == 302


def test_large_upload_is_refused_before_it_is_stored(
    alice: User, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "django.core.files.uploadhandler.TemporaryFileUploadHandler.new_file",
        lambda *_, **__: pytest.fail("The body was stored."),
    )
    settings.ACCOUNT_MAX_BYTES = 100
    _, secret = api_key_create(owner=alice, name="test", scope="write")
    response = client.post(
        "/api/v1/datasets",
        {"file": csv_file(2_000_000)},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert (response.status_code, "an account has here" in response.json()["error"]) == (507, True)


def test_dataset_beyond_the_number_is_refused(
    alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.ACCOUNT_MAX_DATASETS = 1
    make_dataset(alice)
    browser = client_of(alice)
    for address in ("/datasets/upload", "/datasets/sample"):
        response = browser.post(address, {"file": csv_file()})
        assert "as a new version of one" in response.content.decode()
    assert Dataset.objects.count() == 1


def test_run_beyond_the_number_is_refused_until_one_has_ended(
    alice: User, bob: User, settings: Settings
) -> None:
    settings.ACCOUNT_MAX_RUNS = 1
    first = make_cleanset(alice, status=Status.QUEUED)
    runs.enqueue(first)
    second = make_cleanset(alice, status=Status.QUEUED)
    with pytest.raises(DataProblem, match="You already have 1 run waiting"):
        runs.enqueue(second)
    runs.enqueue(make_cleanset(bob, status=Status.QUEUED))
    runs.cancel(first)
    runs.enqueue(second)


def test_models_and_predictions_count(alice: User) -> None:
    model = make_model(alice, artifact_bytes=500)
    PredictionBatch.objects.create(
        deployed_model=model, created_by=alice, filename="x.csv", size_bytes=30, source_key="k"
    )
    with_dataset = quotas.stored_bytes(alice)
    make_dataset(alice, size_bytes=7)
    assert quotas.stored_bytes(alice) == with_dataset + 7
    assert with_dataset >= 530


def test_nearly_full_disk_takes_no_files_and_starts_no_work(
    alice: User, client_of: ClientOf, full_disk: None
) -> None:
    browser = client_of(alice)
    cleanset = make_reviewable(alice)
    for address, form in (
        ("/datasets/upload", {"file": csv_file()}),
        ("/datasets/upload", {"file": csv_file(2_000_000)}),
        ("/datasets/sample", {}),
        (reverse("model-deploy", args=[cleanset.pk]), {"name": "Mine"}),
    ):
        response = browser.post(address, form)
        assert response.status_code in (422, 507)
        assert "makes room" in response.content.decode()


def test_nearly_full_disk_lets_people_review_and_export(
    alice: User, client_of: ClientOf, full_disk: None
) -> None:
    browser = client_of(alice)
    cleanset = make_reviewable(alice)
    decide = reverse("cleanset-decide", args=[cleanset.pk, 0])
    assert browser.post(decide, {"choice": "keep", "next": "1"}).status_code == 302
    export = reverse("cleanset-export", args=[cleanset.pk])
    response = browser.get(export, {"mode": "default", "file_format": "csv"})
    assert response.status_code == 200
    assert b"".join(response.streaming_content)


def test_refused_upload_leaves_no_file(
    alice: User, client_of: ClientOf, settings: Settings
) -> None:
    default_storage.save("datasets/marker", ContentFile(b"x"))
    before = default_storage.listdir("datasets")
    settings.ACCOUNT_MAX_DATASETS = 1
    make_dataset(alice)
    client_of(alice).post("/datasets/upload", {"file": csv_file()})
    assert default_storage.listdir("datasets") == before
