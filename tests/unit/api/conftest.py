"""Programs that call the API in this process."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from cleansets.models import Cleanset
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from tests.reviewable import make_reviewable

ProgramOf = Callable[..., Client]


@pytest.fixture
def program_of() -> ProgramOf:
    """Return a client with a key of the user; like a program, it has no cookies and no CSRF
    token.
    """

    def program(user: User, scope: str = "write") -> Client:
        _, secret = api_key_create(owner=user, name="test", scope=scope)
        return Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {secret}"})

    return program


@pytest.fixture
def program(alice: User, program_of: ProgramOf) -> Client:
    """A program of alice's that may write."""
    return program_of(alice)


@pytest.fixture
def cleanset(alice: User) -> Cleanset:
    """A cleanset of alice's, ready to review."""
    return make_reviewable(alice)
