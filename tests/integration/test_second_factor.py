"""A log-in with a second factor, from the account page to the recovery codes."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from studio.accounts import second_factor
from studio.accounts.models import Authenticator, RecoveryCode, User
from studio.accounts.services import api_key_create
from studio.sealing import BrokenSealError
from tests.cast import PASSWORD, make_user

ClientOf = Callable[[User], Client]


def code_now(user: User, *, is_wrong: bool = False) -> str:
    """Return the code that the app shows; the studio forgets which one was used last."""
    TOTPDevice.objects.filter(user=user).update(last_t=-1, drift=0)
    code = totp(Authenticator.objects.get(user=user).bin_key)
    return f"{(code + int(is_wrong)) % 1_000_000:06}"


@pytest.fixture
def codes(alice: User) -> list[str]:
    """The recovery codes of alice, whose second factor is on."""
    second_factor.new_device(alice)
    found = second_factor.turn_on(alice, code_now(alice))
    assert found is not None
    return found


def password_given(user: User, *, next_page: str = "") -> Client:
    browser = Client()
    answer = browser.post(
        reverse("login"), {"username": user.email, "password": PASSWORD, "next": next_page}
    )
    assert answer.url == reverse("login-code")
    return browser


def is_logged_in(browser: Client) -> bool:
    return browser.get(reverse("account")).status_code == 200


def test_it_is_turned_on_with_a_first_code_and_shows_recovery_codes_once(
    alice: User, client_of: ClientOf
) -> None:
    elsewhere = client_of(alice)
    browser = client_of(alice)
    address = reverse("second-factor")
    page = browser.get(address).text
    key = re.search(r'id="key">[A-Z2-7 ]+<', page)
    assert key is not None
    assert "data:image/svg+xml" in page
    wrong = {"password": PASSWORD, "code": code_now(alice, is_wrong=True)}
    assert "This code is wrong" in browser.post(address, wrong).text
    assert not second_factor.is_on(alice)
    right = {"password": PASSWORD, "code": code_now(alice)}
    shown = browser.post(address, right).text
    codes = re.findall(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){5}\b", shown)
    assert len(codes) == second_factor.N_RECOVERY_CODES
    assert not any(code in browser.get(address).text for code in codes)
    assert is_logged_in(browser)
    assert not is_logged_in(elsewhere)


def test_wrong_password_does_not_turn_it_on(alice: User, client_of: ClientOf) -> None:
    browser = client_of(alice)
    browser.get(reverse("second-factor"))
    sent = {"password": "not the password", "code": code_now(alice)}
    assert "The password is wrong" in browser.post(reverse("second-factor"), sent).text
    assert not second_factor.is_on(alice)


def test_log_in_needs_the_code_and_leads_where_it_was_meant_to(
    alice: User, codes: list[str]
) -> None:
    browser = password_given(alice, next_page=reverse("account"))
    assert not is_logged_in(browser)
    wrong = {"code": code_now(alice, is_wrong=True)}
    assert "This code is wrong" in browser.post(reverse("login-code"), wrong).text
    assert not is_logged_in(browser)
    answer = browser.post(reverse("login-code"), {"code": code_now(alice)})
    assert answer.url == reverse("account")
    assert is_logged_in(browser)


def test_code_that_was_seen_is_not_taken_twice(alice: User, codes: list[str]) -> None:
    code = code_now(alice)
    password_given(alice).post(reverse("login-code"), {"code": code})
    spy = password_given(alice)
    spy.post(reverse("login-code"), {"code": code})
    assert not is_logged_in(spy)


def test_recovery_code_logs_in_once(alice: User, codes: list[str]) -> None:
    typed = codes[3].upper().replace("-", " ")
    browser = password_given(alice)
    browser.post(reverse("login-code"), {"code": typed})
    assert is_logged_in(browser)
    again = password_given(alice)
    again.post(reverse("login-code"), {"code": typed})
    assert not is_logged_in(again)
    assert second_factor.n_recovery_codes(alice) == len(codes) - 1
    assert not RecoveryCode.objects.filter(hash__in=codes).exists()


def test_guessing_codes_is_slowed_even_for_who_knows_the_password(
    alice: User, codes: list[str]
) -> None:
    for _ in range(10):
        browser = password_given(alice)
        browser.post(reverse("login-code"), {"code": "wrong"})
    answer = password_given(alice).post(reverse("login-code"), {"code": code_now(alice)})
    assert "Too many wrong codes" in answer.text


@pytest.mark.parametrize("since_s", [0, 700])
def test_password_alone_is_remembered_for_ten_minutes(
    alice: User, codes: list[str], since_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = password_given(alice)
    session = browser.session
    session["second_factor"] |= {"at": time.time() - since_s}
    session.save()
    answer = browser.get(reverse("login-code"))
    assert answer.status_code == (302 if since_s else 200)


def test_new_password_ends_a_log_in_that_waits_for_its_code(alice: User, codes: list[str]) -> None:
    browser = password_given(alice)
    alice.set_password("another long password")
    alice.save()
    browser.post(reverse("login-code"), {"code": code_now(alice)})
    assert not is_logged_in(browser)


def test_programs_go_on_by_their_key(alice: User, codes: list[str]) -> None:
    _, secret = api_key_create(owner=alice, name="test", scope="read")
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    assert program.get("/api/v1/datasets").status_code == 200


def test_it_is_turned_off_with_the_password(
    alice: User, codes: list[str], client_of: ClientOf
) -> None:
    browser = client_of(alice)
    browser.post(reverse("second-factor-off"), {"password": "not the password"})
    assert second_factor.is_on(alice)
    browser.post(reverse("second-factor-off"), {"password": PASSWORD})
    assert not second_factor.is_on(alice)
    answer = Client().post(reverse("login"), {"username": alice.email, "password": PASSWORD})
    assert answer.url == reverse("dashboard")


def test_new_recovery_codes_replace_the_old_ones(
    alice: User, codes: list[str], client_of: ClientOf
) -> None:
    client_of(alice).post(reverse("recovery-codes-renew"), {"password": PASSWORD})
    assert not second_factor.is_right(alice, codes[0])
    assert second_factor.n_recovery_codes(alice) == second_factor.N_RECOVERY_CODES


def test_whoever_runs_the_studio_can_turn_it_off(alice: User, codes: list[str]) -> None:
    call_command("second_factor_off", alice.email)
    assert not second_factor.is_on(alice)


def test_key_of_the_app_is_encrypted_in_the_database(alice: User, bob: User) -> None:
    key = second_factor.new_device(alice).bin_key
    stored = TOTPDevice.objects.get(user=alice)
    assert key not in bytes.fromhex(stored.key)
    stored.user = bob
    stored.save()
    with pytest.raises(BrokenSealError):
        _ = Authenticator.objects.get(user=bob).bin_key


def test_key_that_was_stored_as_it_is_gets_encrypted_by_the_upgrade(alice: User) -> None:
    upgrade = import_module("studio.accounts.migrations.0008_second_factor_for_everybody")
    plain = bytes(range(20))
    TOTPDevice.objects.create(user=alice, name="Authenticator app", key=plain.hex())
    for _ in range(2):
        upgrade.encrypt(apps, None)
    assert Authenticator.objects.get(user=alice).bin_key == plain
    upgrade.decrypt(apps, None)
    assert TOTPDevice.objects.get(user=alice).key == plain.hex()


def test_changed_secret_key_is_told_with_the_way_out(
    alice: User, codes: list[str], settings: Settings
) -> None:
    code = {"code": code_now(alice)}
    settings.SECRET_KEY = "another secret key, of more than 32 characters"
    page = password_given(alice).post(reverse("login-code"), code).text
    assert f"manage.py second_factor_off {alice.email}" in html.unescape(page)
    browser = password_given(alice)
    browser.post(reverse("login-code"), {"code": codes[0]})
    assert is_logged_in(browser)
    call_command("second_factor_off", alice.email)
    assert not second_factor.is_on(alice)


@pytest.fixture
def required(alice: User, codes: list[str], client_of: ClientOf) -> None:
    """The owner, who has a second factor, requires one of everybody."""
    answer = client_of(alice).post(reverse("second-factor-require"), {"required": "1"})
    assert answer.url == reverse("people")


@pytest.mark.usefixtures("required")
def test_whoever_lacks_a_required_one_can_only_set_it_up(bob: User, client_of: ClientOf) -> None:
    _, secret = api_key_create(owner=bob, name="test", scope="read")
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    browser = client_of(bob)
    for page in ("dashboard", "account", "dataset-upload", "no such page"):
        path = "/nothing" if " " in page else reverse(page)
        assert browser.get(path).url == reverse("second-factor")
    assert program.get("/api/v1/datasets").json()["code"] == "second_factor_required"
    assert "owner of this studio requires" in browser.get(reverse("second-factor")).text
    sent = {"password": PASSWORD, "code": code_now(bob)}
    browser.post(reverse("second-factor"), sent)
    assert browser.get(reverse("dashboard")).status_code == 200
    assert program.get("/api/v1/datasets").status_code == 200


@pytest.mark.usefixtures("required")
def test_new_accounts_and_those_that_turn_it_off_are_led_there(
    alice: User, client_of: ClientOf
) -> None:
    new = make_user("dora")
    assert client_of(new).get(reverse("dashboard")).url == reverse("second-factor")
    browser = client_of(alice)
    answer = browser.post(reverse("second-factor-off"), {"password": PASSWORD})
    assert answer.url == reverse("second-factor")
    assert browser.get(reverse("dashboard")).url == reverse("second-factor")


@pytest.mark.usefixtures("required")
def test_owner_can_stop_requiring_it(alice: User, bob: User, client_of: ClientOf) -> None:
    owner = client_of(alice)
    assert "No longer require it" in owner.get(reverse("people")).text
    owner.post(reverse("second-factor-require"), {"required": "0"})
    assert client_of(bob).get(reverse("dashboard")).status_code == 200
