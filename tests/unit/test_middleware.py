"""What every response passes through."""

from __future__ import annotations

import errno
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.database import without_waiting
from tests.programs import ROOT

UPLOAD = "/datasets/upload"


def test_a_body_beyond_the_limit_is_refused_with_both_sizes(
    alice: User, client_of: Callable[[User], Client], settings: Settings
) -> None:
    settings.MAX_UPLOAD_BYTES = 10
    response = client_of(alice).post(
        UPLOAD, b"x" * 2_000_000, content_type="application/octet-stream"
    )
    assert response.status_code == 413
    assert "1.9" in response.content.decode()
    assert "gzip" in response.content.decode()


@pytest.mark.django_db
def test_nobody_uploads_before_the_log_in() -> None:
    unchecked = Client(enforce_csrf_checks=True)
    assert unchecked.post(UPLOAD, {"file": "x"}).status_code == 302


def test_a_form_from_another_site_is_refused(alice: User) -> None:
    other_site = Client(enforce_csrf_checks=True)
    other_site.force_login(alice)
    assert other_site.post("/datasets/sample").status_code == 403


def test_no_page_allows_scripts_of_others(alice: User, client_of: Callable[[User], Client]) -> None:
    policy = client_of(alice).get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy


def test_an_unknown_host_name_is_refused_with_the_remedy(client: Client) -> None:
    page = client.get("/login", headers={"Host": "studio.local:8000"})
    assert page.status_code == 400
    for words in ("“studio.local:8000”", "STUDIO_ALLOWED_HOSTS", "STUDIO_PUBLIC_URL"):
        assert words in page.content.decode()
    answer = client.get("/api/v1/account", headers={"Host": "studio.local:8000"})
    assert (answer.status_code, "STUDIO_ALLOWED_HOSTS" in answer.json()["error"]) == (400, True)


LARGE = b"x" * 2_000_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [("/login", 413), (UPLOAD, 413), ("/signup", 413), ("/api/v1/datasets", 401)],
)
def test_large_body_of_a_stranger_is_refused_before_it_is_stored(
    address: str, status: int, alice: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "django.core.files.uploadhandler.TemporaryFileUploadHandler.new_file",
        lambda *_, **__: pytest.fail("The body was stored."),
    )
    file = io.BytesIO(LARGE)
    file.name = "large.csv"
    assert client.post(address, {"file": file}).status_code == status
    file.seek(0)
    wrong_key = {"Authorization": "Bearer cs_wrong"}
    assert client.post(address, {"file": file}, headers=wrong_key).status_code == status


@pytest.mark.parametrize("length", ["9" * 30, "9" * 5_000])
def test_length_of_any_number_of_digits_is_too_large(length: str, client: Client) -> None:
    assert client.post("/login", CONTENT_LENGTH=length).status_code == 413


def test_large_body_with_a_wrong_signature_is_refused(alice: User, client: Client) -> None:
    address = reverse("client-batch", args=["0b5f8a52-6f3c-4f0a-9d6e-2f1f4a3c7b11"])
    response = client.post(f"{address}?token=99999999999.wrong", {"file": io.BytesIO(LARGE)})
    assert (response.status_code, "token" in response.json()["error"]) == (403, True)


def test_large_body_is_taken_from_who_is_logged_in_and_from_a_key(
    alice: User, client: Client, client_of: Callable[[User], Client]
) -> None:
    file = io.BytesIO(b"a,b\n" + b"1,2\n" * 400_000)
    file.name = "large.csv"
    assert client_of(alice).post(UPLOAD, {"file": file}).status_code == 302
    file.seek(0)
    _, secret = api_key_create(owner=alice, name="test", scope="write")
    key = {"Authorization": f"Bearer {secret}"}
    assert client.post("/api/v1/datasets", {"file": file}, headers=key).status_code == 201


def test_pages_of_who_is_logged_in_are_kept_in_no_cache(
    alice: User, client: Client, client_of: Callable[[User], Client]
) -> None:
    assert client_of(alice).get("/")["Cache-Control"] == "no-store"
    assert client_of(alice).get("/no-such-page")["Cache-Control"] == "no-store"
    assert "Cache-Control" not in client.get("/healthz")


@pytest.mark.parametrize(
    ("url", "host", "expected"),
    [
        ("https://a.example", "127.0.0.1", "31536000 True"),
        ("", "0.0.0.0", "0 True"),
        ("", "", "0 False"),
    ],
)
def test_public_studio_keeps_browsers_to_tls_and_asks_its_owner_for_a_code(
    url: str, host: str, expected: str, tmp_path: Path
) -> None:
    code = "from django.conf import settings as s; print(s.SECURE_HSTS_SECONDS, s.NEEDS_SETUP_CODE)"
    environment = {
        "DJANGO_SETTINGS_MODULE": "studio.settings",
        "STUDIO_DATA_DIR": str(tmp_path),
        "STUDIO_PUBLIC_URL": url,
        "STUDIO_HOST": host,
    }
    run = subprocess.run(
        [sys.executable, "-c", code],
        check=True, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60,
    )  # fmt: skip
    assert run.stdout.strip() == expected


class GermanDiskFull(Exception):
    """What psycopg raises; a server may speak any language."""

    sqlstate = "53100"


def _german_disk_full() -> OperationalError:
    error = OperationalError("konnte Datei nicht erweitern")
    error.__cause__ = GermanDiskFull()
    return error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (OperationalError("database is locked"), 503, "busy"),
        (OperationalError("connection refused"), 503, "cannot be reached"),
        (OperationalError("database or disk is full"), 507, "disk is full"),
        (_german_disk_full(), 507, "disk is full"),
        (OSError(errno.ENOSPC, "No space left on device"), 507, "disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 507, "disk is full"),
        (duckdb.IOException("Could not write: No space left on device"), 507, "disk is full"),
    ],
)
def test_what_cannot_be_written_now_is_explained(
    error: Exception,
    status: int,
    words: str,
    alice: User,
    client_of: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("studio.accounts.services.profile_update", fail)
    response = client_of(alice).post("/account", {"name": "A", "email": alice.email})
    assert (response.status_code, response["Retry-After"]) == (status, "5")
    assert words in response.content.decode()


def test_busy_session_store_is_not_reported_as_a_bug(
    alice: User, client_of: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = client_of(alice)
    browser.raise_request_exception = False

    def fail(*_: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail)
    response = browser.get("/")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.django_db
def test_writes_that_need_not_wait_give_up_at_once() -> None:
    def busy_timeout() -> int:
        with connection.cursor() as cursor:
            return int(cursor.execute("PRAGMA busy_timeout").fetchone()[0])

    with without_waiting():
        assert busy_timeout() == 0
    assert busy_timeout() == 30_000
