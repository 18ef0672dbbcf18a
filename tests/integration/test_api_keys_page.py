"""API keys on the account page: created, shown once, listed with their last use, revoked."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from studio.accounts.models import ApiKey, User

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]


def made(client: Client, name: str = "notebook", scope: str = "write") -> str:
    response = client.post("/account/keys", {"key-name": name, "key-scope": scope})
    assert response.status_code == 200
    found = re.search(r'value="(cs_[\w-]{43})"', response.content.decode())
    assert found
    return found.group(1)


def account_of(secret: str) -> int:
    return (
        Client().get("/api/v1/account", headers={"Authorization": f"Bearer {secret}"}).status_code
    )


def test_key_is_shown_once_and_lets_a_program_in(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    secret = made(client)
    assert account_of(secret) == 200
    page = client.get("/account").content.decode()
    assert secret not in page
    assert f"{secret[:10]}…" in page


def test_page_with_the_key_is_not_kept_by_the_browser(alice: User, client_of: ClientOf) -> None:
    response = client_of(alice).post("/account/keys", {"key-name": "notebook", "key-scope": "read"})
    assert "no-store" in response["Cache-Control"]


def test_list_tells_the_last_use(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    secret = made(client)
    assert "never" in client.get("/account").content.decode()
    account_of(secret)
    assert "never" not in client.get("/account").content.decode()


def test_revoked_key_lets_nobody_in_and_stays_in_the_list(alice: User, client_of: ClientOf) -> None:
    client = client_of(alice)
    secret = made(client)
    response = client.post(f"/account/keys/{ApiKey.objects.get().pk}/revoke", follow=True)
    assert "The key notebook is revoked" in response.content.decode()
    assert "Revoked" in client.get("/account").content.decode()
    assert account_of(secret) == 401


def test_key_without_a_name_is_not_made(alice: User, client_of: ClientOf) -> None:
    response = client_of(alice).post("/account/keys", {"key-name": " ", "key-scope": "write"})
    assert "This field is required" in response.content.decode()
    assert not ApiKey.objects.exists()


def test_list_shows_only_ones_own_keys(alice: User, bob: User, client_of: ClientOf) -> None:
    made(client_of(alice), name="of alice")
    assert "of alice" not in client_of(bob).get("/account").content.decode()


def test_documentation_needs_no_account_and_lists_every_call(client: Client, alice: User) -> None:
    page = client.get("/api/docs").content.decode()
    schema = client.get("/api/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert all(f'id="{operation["operationId"]}"' in page for operation in operations)
