"""Guessing is slowed, and nobody is locked out by somebody else's guesses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from studio.accounts import throttling
from studio.accounts.models import Attempts, User
from studio.accounts.throttling import LOG_IN, MAIL_TO, SIGN_UP, SPRAY
from tests.cast import PASSWORD, make_user
from tests.programs import ROOT

pytestmark = pytest.mark.django_db

TOO_MANY = b"Too many failed attempts"
OFFICE, HOME = "192.0.2.7", "198.51.100.1"


def log_in(client: Client, user: User | str, password: str = PASSWORD) -> bool:
    """Return whether it worked."""
    email = user if isinstance(user, str) else user.email
    return client.post("/login", {"username": email, "password": password}).status_code == 302


def fail(client: Client, user: User | str, times: int = 1) -> None:
    for _ in range(times):
        assert not log_in(client, user, "wrong")


def test_guessing_at_one_account_is_slowed(alice: User, client: Client) -> None:
    fail(client, alice, LOG_IN.n)
    page = client.post("/login", {"username": alice.email, "password": PASSWORD})
    assert TOO_MANY in page.content


def test_guesses_hinder_neither_other_addresses_nor_other_accounts(alice: User, bob: User) -> None:
    fail(Client(REMOTE_ADDR=OFFICE), alice, 3 * LOG_IN.n)
    assert log_in(Client(REMOTE_ADDR=HOME), alice)
    assert log_in(Client(REMOTE_ADDR=OFFICE), bob)


def test_spraying_many_accounts_from_one_address_is_slowed(alice: User) -> None:
    office = Client(REMOTE_ADDR=OFFICE)
    for number in range(40):
        fail(office, f"person-{number}@example.org")
    page = Client(REMOTE_ADDR=OFFICE).post(
        "/login", {"username": alice.email, "password": PASSWORD}
    )
    assert TOO_MANY in page.content
    assert log_in(Client(REMOTE_ADDR=HOME), alice)


def test_refused_guesses_do_not_use_up_the_account(alice: User) -> None:
    office = Client(REMOTE_ADDR=OFFICE)
    for number in range(SPRAY.n + 1):
        fail(office, f"person-{number}@example.org")
    before = throttling.counted(throttling.ACCOUNT, alice.email)
    fail(office, alice, 5)
    assert throttling.counted(throttling.ACCOUNT, alice.email) == before + 1


def test_known_browser_logs_in_however_others_guess(alice: User) -> None:
    known = Client(REMOTE_ADDR=OFFICE)
    assert log_in(known, alice)
    known.post("/logout")
    stranger = Client(REMOTE_ADDR=OFFICE)
    fail(stranger, alice, 2 * LOG_IN.n)
    for number in range(2 * SPRAY.n):
        fail(stranger, f"person-{number}@example.org")
    assert log_in(known, alice)


def test_cookie_of_a_known_browser_cannot_be_made_up(alice: User) -> None:
    stranger = Client(REMOTE_ADDR=OFFICE)
    fail(stranger, alice, LOG_IN.n)
    stranger.cookies[throttling.KNOWN_BROWSER] = '{"a": "b"}:made:up'
    assert not log_in(stranger, alice)


def test_known_browser_is_slowed_too(alice: User) -> None:
    known = Client()
    assert log_in(known, alice)
    known.post("/logout")
    fail(known, alice, LOG_IN.n)
    assert not log_in(known, alice)


def test_right_password_is_no_failure(alice: User, client: Client) -> None:
    for _ in range(LOG_IN.n + SPRAY.n):
        browser = Client()
        assert log_in(browser, alice)


def test_window_ends(alice: User, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(client, alice, LOG_IN.n + 1)
    later = throttling.timezone.now() + LOG_IN.within
    monkeypatch.setattr(throttling.timezone, "now", lambda: later)
    assert log_in(client, alice)
    throttling.forget_expired()
    assert not Attempts.objects.filter(ends_at__lt=later).exists()


def test_address_is_what_the_trusted_proxy_says(settings: Settings) -> None:
    def address(forwarded: str) -> str:
        request = Client().get("/healthz", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=forwarded)
        return throttling.client_address(request.wsgi_request)

    assert address(OFFICE) == "127.0.0.1"
    settings.TRUSTED_PROXIES = 1
    assert address(f"1.2.3.4, {OFFICE}") == OFFICE
    assert address("not an address") == ""


def test_counter_loses_no_attempt_of_many_processes(tmp_path: Path) -> None:
    code = (
        "import sys, django; django.setup()\n"
        "from django.core.management import call_command\n"
        "if sys.argv[1:]: call_command('migrate', 'accounts', verbosity=0); sys.exit()\n"
        "from studio.accounts.throttling import LOG_IN, counted\n"
        "print(*(counted(LOG_IN, 'somebody') for _ in range(10)))"
    )
    environment = {"STUDIO_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "studio.settings"}

    def started(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )

    assert started("migrate").wait(60) == 0
    processes = [started() for _ in range(3)]
    totals = [int(word) for process in processes for word in process.communicate(60)[0].split()]
    assert sorted(totals) == list(range(1, 31))


def test_sign_ups_from_one_address_are_limited(alice: User, client: Client) -> None:
    throttling.counted(SIGN_UP, OFFICE)
    Attempts.objects.update(n=SIGN_UP.n - 3)
    for number in range(3):
        form = {"email": f"person-{number}@example.org", "password": "kind-of-a-long-one"}
        assert Client(REMOTE_ADDR=OFFICE).post("/signup", form).status_code == 302
    n_users = User.objects.count()
    form = {"email": "one-more@example.org", "password": "kind-of-a-long-one"}
    page = Client(REMOTE_ADDR=OFFICE).post("/signup", form)
    assert b"Try again in an hour" in page.content
    assert User.objects.count() == n_users
    assert Client(REMOTE_ADDR=HOME).post("/signup", form).status_code == 302


def test_mails_to_one_address_are_limited_without_a_word(
    alice: User, mailoutbox: list[EmailMessage]
) -> None:
    answers = {
        Client(REMOTE_ADDR=f"192.0.2.{number}")
        .post("/password-reset", {"email": alice.email})
        .status_code
        for number in range(2 * MAIL_TO.n)
    }
    assert answers == {302}
    assert len(mailoutbox) == MAIL_TO.n


def test_sign_ups_in_somebodys_name_leave_them_the_reset_of_their_password(
    alice: User, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    settings.SIGNUP_MODE = "open"
    for number in range(2 * MAIL_TO.n):
        stranger = Client(REMOTE_ADDR=f"192.0.2.{number}")
        assert stranger.post("/signup", {"email": alice.email}).status_code == 200
    Client(REMOTE_ADDR=HOME).post("/password-reset", {"email": alice.email})
    assert len(mailoutbox) == MAIL_TO.n + 1
    assert "asked to reset the password" in mailoutbox[-1].body


def test_mails_asked_for_from_one_address_are_limited(mailoutbox: list[EmailMessage]) -> None:
    make_user("alice", is_owner=True)
    office = Client(REMOTE_ADDR=OFFICE)
    for number in range(throttling.MAIL_FROM.n):
        office.post("/password-reset", {"email": f"person-{number}@example.org"})
    page = office.post("/password-reset", {"email": "alice@example.org"})
    assert b"Try again in an hour" in page.content
    assert not mailoutbox
