"""The world in which requests are tried: what alice and bob have, and who is logged in.

Making it takes half a second, so that a module makes it once; what a test changes is undone by
its transaction.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client

from inference.models import PredictionUpload
from projects.models import Upload
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from tests.cast import logged_in, make_user
from tests.things import make_things


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody with a browser that is logged in and two API keys."""

    user: User
    session_key: str
    secrets: dict[str, str]  # by scope
    ids: dict[str, Any] = field(default_factory=dict)  # what stands in addresses, by noun

    def browser(self, *, enforce_csrf_checks: bool = False) -> Client:
        """Return the browser, as it was when the person had just logged in."""
        client = Client(enforce_csrf_checks=enforce_csrf_checks)
        client.cookies[settings.SESSION_COOKIE_NAME] = self.session_key
        return client

    def program(self, scope: str = "write") -> Client:
        """Return a program that sends an API key."""
        return program(self.secrets[scope])


@dataclass(frozen=True, slots=True)
class World:
    """Alice owns the studio and what is asked for, bob has the same of his own, charlie nothing."""

    alice: Account
    bob: Account
    charlie: Account


def program(secret: str) -> Client:
    """Return a program that sends this API key."""
    return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})


def make_world() -> World:
    """Make it."""
    alice = make_user("alice", is_owner=True)
    bob = make_user("bob")
    return World(
        account_of(alice, make_ids(alice)),
        account_of(bob, make_ids(bob)),
        account_of(make_user("charlie"), {}),
    )


def make_ids(owner: User, *, rename: Callable[[str], str] = str) -> dict[str, Any]:
    """Make one thing of each sort, with the parts of files that the public client sends."""
    things = make_things(owner, rename=rename)
    upload = Upload.objects.create(owner=owner, filename="a.csv", size_bytes=1, part_bytes=10)
    rows = PredictionUpload.objects.create(deployed_model=things.model, created_by=owner)
    return things.ids | {"upload": upload.pk, "query": rows.pk}


def account_of(user: User, ids: dict[str, Any]) -> Account:
    """Log a user in."""
    session_key = logged_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    secrets = {
        scope: api_key_create(owner=user, name=scope, scope=scope)[1] for scope in ("read", "write")
    }
    return Account(user, session_key, secrets, ids)


def csv_file(content: str) -> io.BytesIO:
    """Return a file as a form sends it."""
    file = io.BytesIO(content.encode())
    file.name = "data.csv"
    return file
