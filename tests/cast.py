"""Who is in the tests: alice owns what is tested, bob has his own things, charlie has nothing."""

from __future__ import annotations

from django.test import Client

from studio.accounts.models import User

PASSWORD = "correct-horse-battery"


def make_user(name: str, *, is_owner: bool = False) -> User:
    """Return a user named `name` with the address name@example.org and the password of everybody
    here.
    """
    return User.objects.create_user(
        f"{name}@example.org", PASSWORD, name=name.title(), is_owner=is_owner
    )


def logged_in(user: User) -> Client:
    """Return a browser without JavaScript in which the user is logged in."""
    client = Client()
    client.force_login(user)
    return client
