"""API keys: who a call is from, what it may do, and what is kept of a key."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from studio.accounts.models import ApiKey, User
from studio.accounts.services import api_key_create, api_key_revoke
from studio.api.errors import ApiProblem, client_view
from studio.engine.errors import DataProblem

pytestmark = pytest.mark.django_db


@client_view("GET", scope="read")
def who(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"email": request.user.email})  # type: ignore[union-attr]


@client_view("POST", scope="write")
def change(request: HttpRequest) -> JsonResponse:
    raise DataProblem("The file is empty. Upload another one.")


@client_view("GET", scope=None)
def anybody(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"is_known": request.user.is_authenticated})


def get(secret: str, scheme: str = "Bearer") -> HttpRequest:
    return RequestFactory().get("/api/x", headers={"Authorization": f"{scheme} {secret}"})


def test_key_is_shown_once_and_kept_as_a_hash(alice: User) -> None:
    key, secret = api_key_create(owner=alice, name=" notebook ", scope="write")
    assert key.name == "notebook"
    assert secret.startswith(key.prefix)
    stored = ApiKey.objects.filter(pk=key.pk).values().get()
    assert all(secret not in str(value) for value in stored.values())


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_call_is_from_the_owner_of_its_key(alice: User, scheme: str) -> None:
    _, secret = api_key_create(owner=alice, name="a", scope="read")
    assert json.loads(who(get(secret, scheme)).content) == {"email": alice.email}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YWxpY2U6cGFzcw==", "Bearer nonsense", "cs_x"]
)
def test_call_without_a_valid_key_is_refused(alice: User, header: str) -> None:
    response = who(RequestFactory().get("/api/x", headers={"Authorization": header}))
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"


def test_revoked_key_is_refused(alice: User) -> None:
    key, secret = api_key_create(owner=alice, name="a", scope="write")
    api_key_revoke(key=key)
    assert who(get(secret)).status_code == 401


def test_key_of_an_account_that_was_closed_is_refused(alice: User) -> None:
    _, secret = api_key_create(owner=alice, name="a", scope="write")
    User.objects.update(is_active=False)
    assert who(get(secret)).status_code == 401


def test_read_key_may_not_write(alice: User) -> None:
    _, secret = api_key_create(owner=alice, name="a", scope="read")
    response = change(
        RequestFactory().post("/api/x", headers={"Authorization": f"Bearer {secret}"})
    )
    assert response.status_code == 403


def test_anticipated_failure_is_a_sentence_in_json(alice: User) -> None:
    _, secret = api_key_create(owner=alice, name="a", scope="write")
    response = change(
        RequestFactory().post("/api/x", headers={"Authorization": f"Bearer {secret}"})
    )
    assert (response.status_code, json.loads(response.content)) == (  # type: ignore[attr-defined]
        422,
        {"error": "The file is empty. Upload another one."},
    )


def test_other_method_is_refused_before_the_key_is_looked_at(alice: User) -> None:
    response = who(RequestFactory().delete("/api/x"))
    assert (response.status_code, response["Allow"]) == (405, "GET")


def test_view_without_a_key_does_not_know_the_browser_that_is_logged_in(alice: User) -> None:
    request = RequestFactory().get("/api/x")
    request.user = alice
    assert json.loads(anybody(request).content) == {"is_known": False}  # type: ignore[attr-defined]


def test_use_is_noted_once_a_minute(alice: User) -> None:
    key, secret = api_key_create(owner=alice, name="a", scope="read")
    who(get(secret))
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    who(get(secret))
    key.refresh_from_db()
    assert key.last_used_at == first
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    who(get(secret))
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_at >= first


@pytest.mark.parametrize(("name", "scope"), [("", "read"), ("x" * 101, "read"), ("a", "admin")])
def test_key_needs_a_name_and_a_scope_that_exists(alice: User, name: str, scope: str) -> None:
    with pytest.raises(DataProblem):
        api_key_create(owner=alice, name=name, scope=scope)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/v1/nothing/here"])
def test_unknown_address_below_api_is_answered_in_json(client: Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert response.json()["error"].endswith("Check the address.")


def test_body_that_is_too_large_is_refused_in_json(client: Client, settings: object) -> None:
    settings.MAX_UPLOAD_BYTES = 10  # type: ignore[attr-defined]
    response = client.post("/api/x", b"x" * 2_000_000, content_type="text/csv")
    assert response.status_code == 413
    assert "Split the file" in response.json()["error"]


def test_pages_keep_their_own_errors(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/nothing")["Content-Type"].startswith("text/html")


def test_problem_tells_when_to_come_again() -> None:
    @client_view("GET", scope=None)
    def busy(request: HttpRequest) -> HttpResponse:
        raise ApiProblem("Too many calls.", status=429, code="slow_down", retry_after_s=7)

    response = busy(RequestFactory().get("/api/x"))
    assert (response.status_code, response["Retry-After"]) == (429, "7")
