"""What every response passes through."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from studio.accounts.models import User

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


def test_a_name_that_is_not_the_studios_own_is_told_with_the_remedy(client: Client) -> None:
    page = client.get("/login", headers={"Host": "studio.local:8000"})
    assert page.status_code == 400
    for words in ("“studio.local:8000”", "STUDIO_ALLOWED_HOSTS", "STUDIO_PUBLIC_URL"):
        assert words in page.content.decode()
    answer = client.get("/api/v1/account", headers={"Host": "studio.local:8000"})
    assert (answer.status_code, "STUDIO_ALLOWED_HOSTS" in answer.json()["error"]) == (400, True)
