"""Who may become the owner of a studio that other machines can reach; sessions that idle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from studio.accounts import selectors
from studio.accounts.models import AccountSession, User

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
SIGNUP = {"email": "dora@example.org", "password": "kind-of-a-long-one"}


@pytest.fixture
def reachable(settings: Settings) -> None:
    settings.NEEDS_SETUP_CODE = True


@pytest.mark.usefixtures("reachable")
@pytest.mark.parametrize("code", [None, "", "a" * 16])
def test_first_visitor_without_the_code_is_refused(code: str | None, client: Client) -> None:
    sent = SIGNUP if code is None else {**SIGNUP, "setup_code": code}
    page = client.post("/signup", sent)
    assert page.status_code == 200
    assert not User.objects.exists()


@pytest.mark.usefixtures("reachable")
def test_printed_address_fills_in_the_code(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("setup_code")
    address = urlsplit(capsys.readouterr().out.split()[-1])
    page = client.get(f"{address.path}?{address.query}")
    assert f'value="{selectors.setup_code()}"' in page.text
    client.post("/signup", {**SIGNUP, "setup_code": selectors.setup_code()})
    assert User.objects.get().is_owner


@pytest.mark.usefixtures("reachable")
def test_later_visitors_need_no_code(
    alice: User, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "setup_code" not in client.get("/signup").text
    client.post("/signup", SIGNUP)
    assert not User.objects.get(email=SIGNUP["email"]).is_owner
    call_command("setup_code")
    assert "no set-up code is needed" in capsys.readouterr().out


def session_of(browser: Client) -> AccountSession:
    return AccountSession.objects.get(pk=browser.session.session_key)


@pytest.mark.parametrize(("limit", "status"), [(30, 302), (0, 200)])
def test_browser_that_is_not_used_is_logged_out(
    limit: int, status: int, alice: User, client_of: ClientOf, settings: Settings
) -> None:
    settings.IDLE_MINUTES = limit
    browser = client_of(alice)
    idle_since = timezone.now() - timedelta(minutes=31)
    AccountSession.objects.filter(user=alice).update(seen_at=idle_since)
    assert browser.get("/account").status_code == status


def test_browser_that_is_used_stays_logged_in(alice: User, client_of: ClientOf) -> None:
    browser = client_of(alice)
    AccountSession.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    browser.get("/account")
    assert timezone.now() - session_of(browser).seen_at < timedelta(minutes=1)
