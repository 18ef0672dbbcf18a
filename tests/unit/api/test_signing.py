"""Signed addresses open one path, for a while, without a key."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from studio.api.errors import ApiProblem
from studio.api.signing import check_token, public_url, signed_url

HOST = "localhost:8330"


def asked(path: str = "/") -> HttpRequest:
    return RequestFactory().get(path, headers={"Host": HOST})


def signed(max_age_s: int = 60) -> str:
    return signed_url(asked(), "signup-invited", kwargs={"token": "abc"}, max_age_s=max_age_s)


def test_signed_address_is_absolute_and_opens_its_path() -> None:
    url = signed()
    assert url.startswith(f"http://{HOST}/signup/abc?token=")
    parts = urlsplit(url)
    check_token(asked(f"{parts.path}?{parts.query}"))


@pytest.mark.parametrize("token", ["", ".", "1", "99999999999.", "x.y", "99999999999.é"])
def test_address_without_the_right_token_stays_closed(token: str) -> None:
    with pytest.raises(ApiProblem, match="missing or wrong") as caught:
        check_token(RequestFactory().get("/signup/abc", {"token": token}))
    assert caught.value.status == 403


def test_token_opens_no_other_path() -> None:
    query = urlsplit(signed()).query
    with pytest.raises(ApiProblem, match="missing or wrong"):
        check_token(asked(f"/signup/other?{query}"))


def test_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = urlsplit(signed(max_age_s=60))
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(ApiProblem, match="expired"):
        check_token(asked(f"{parts.path}?{parts.query}"))


def test_expiry_cannot_be_moved() -> None:
    parts = urlsplit(signed())
    expires_at, _, signature = parts.query.removeprefix("token=").partition(".")
    with pytest.raises(ApiProblem, match="missing or wrong"):
        check_token(asked(f"{parts.path}?token={int(expires_at) + 9}.{signature}"))


def test_public_address_is_the_one_of_the_settings_where_it_is_set(settings: object) -> None:
    assert public_url(asked(), "/x") == f"http://{HOST}/x"
    settings.HAS_PUBLIC_URL, settings.PUBLIC_URL = True, "https://studio.example.org"  # type: ignore[attr-defined]
    assert public_url(asked(), "/x") == "https://studio.example.org/x"
