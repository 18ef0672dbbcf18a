"""Accounts: who may sign up, logging in, the account page, passwords by e-mail."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from studio.accounts import selectors, services
from studio.accounts.models import Invitation, User
from studio.engine.errors import DataProblem
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db

SIGNUP = {"email": "Dora@Example.org", "name": "Dora", "password": "kind-of-a-long-one"}


def test_first_visitor_is_led_to_sign_up_and_owns_the_studio(client: Client) -> None:
    first = client.get("/", follow=True)
    assert first.redirect_chain[-1][0] == "/signup"
    assert b"it will own the studio" in first.content

    response = client.post("/signup", SIGNUP)
    assert response["Location"] == "/"
    user = User.objects.get()
    assert (user.email, user.is_owner) == ("dora@example.org", True)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_later_visitors_make_ordinary_accounts(alice: User, client: Client) -> None:
    assert client.get("/", follow=True).redirect_chain[-1][0] == "/login?next=/"
    client.post("/signup", SIGNUP)
    assert not User.objects.get(email="dora@example.org").is_owner


def test_two_first_visitors_cannot_both_become_owner(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        selectors, "has_users", lambda: False
    )  # what the slower of the two read before alice came
    with pytest.raises(DataProblem, match="Someone else has just signed up"):
        services.account_sign_up(email="dora@example.org", password="kind-of-a-long-one")
    assert list(User.objects.values_list("email", "is_owner")) == [("alice@example.org", True)]


@pytest.mark.parametrize("mode", ["invitation", "closed"])
def test_sign_up_is_refused_where_the_setting_says_so(
    mode: str, alice: User, client: Client, settings: Settings
) -> None:
    settings.SIGNUP_MODE = mode
    page = client.get("/signup")
    assert page.status_code == 403
    assert b'name="password"' not in page.content
    assert client.post("/signup", SIGNUP).status_code == 403
    assert User.objects.count() == 1


def test_first_visitor_signs_up_even_where_sign_up_is_closed(
    client: Client, settings: Settings
) -> None:
    settings.SIGNUP_MODE = "closed"
    client.post("/signup", SIGNUP)
    assert User.objects.get().is_owner


def test_invitation_lets_one_person_in(
    alice: User, client: Client, client_of: Callable[[User], Client], settings: Settings
) -> None:
    settings.SIGNUP_MODE = "invitation"
    page = client_of(alice).post("/account/invitations", {"email": "dora@example.org"}, follow=True)
    link = Invitation.objects.get().get_absolute_url()
    assert link in page.content.decode()
    assert b"dora@example.org" in client.get(link).content

    assert client.post(link, SIGNUP)["Location"] == "/"
    assert Invitation.objects.get().accepted_by == User.objects.get(email="dora@example.org")
    assert Client().get(link).status_code == 404


def test_used_invitation_makes_no_second_account(
    alice: User, bob: User, settings: Settings
) -> None:
    settings.SIGNUP_MODE = "invitation"
    invitation = services.invitation_create(invited_by=alice, email="dora@example.org")
    Invitation.objects.update(accepted_by=bob)  # while the second person's form was open
    with pytest.raises(DataProblem, match="already been used"):
        services.account_sign_up(
            email="dora@example.org", password="kind-of-a-long-one", invitation=invitation
        )
    assert not User.objects.filter(email="dora@example.org").exists()


def test_only_the_owner_invites(
    alice: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    assert (
        client_of(bob).post("/account/invitations", {"email": "x@example.org"}).status_code == 404
    )
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"email": "ALICE@example.org"}, "An account with this e-mail address already exists."),
        ({"password": "short"}, "too short"),
        ({"password": "dora@example.org"}, "too similar"),
        ({"email": "dora"}, "valid email"),
    ],
)
def test_bad_sign_up_says_why(
    change: dict[str, str], message: str, alice: User, client: Client
) -> None:
    page = client.post("/signup", SIGNUP | change)
    assert message in page.content.decode()
    assert User.objects.count() == 1


def test_log_in_leads_to_the_page_that_was_asked_for(alice: User, client: Client) -> None:
    page = client.get("/account", follow=True)
    assert page.redirect_chain[-1][0] == "/login?next=/account"
    response = client.post(
        "/login?next=/account", {"username": "ALICE@Example.org", "password": PASSWORD}
    )
    assert response["Location"] == "/account"


def test_log_in_leads_to_no_other_host(alice: User, client: Client) -> None:
    response = client.post(
        "/login?next=https://evil.example", {"username": alice.email, "password": PASSWORD}
    )
    assert response["Location"] == "/"


def test_log_out_needs_a_post(alice: User, client_of: Callable[[User], Client]) -> None:
    browser = client_of(alice)
    assert browser.get("/logout").status_code == 405
    assert browser.post("/logout")["Location"] == "/login"
    assert "_auth_user_id" not in browser.session


def test_problem_of_a_password_is_shown_once(alice: User, client: Client) -> None:
    page = client.post("/signup", SIGNUP | {"password": "short"}).content.decode()
    assert page.count("at least 8 characters") == 1
    assert 'aria-invalid="true"' in page


def test_changing_the_password_logs_out_other_browsers(
    alice: User, client_of: Callable[[User], Client]
) -> None:
    here, there = client_of(alice), client_of(alice)
    new = {"new_password1": "another-long-one", "new_password2": "another-long-one"}
    page = here.post("/password-change", {"old_password": PASSWORD} | new, follow=True)
    assert b"Password changed." in page.content
    assert there.get("/account").status_code == 302


def test_password_is_reset_by_e_mail(
    alice: User, client: Client, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://studio.example.org"
    client.post("/password-reset", {"email": "Alice@example.org"}, HTTP_HOST="localhost")
    (mail,) = mailoutbox
    assert mail.to == ["alice@example.org"]
    link = re.search(r"https://studio\.example\.org(/password-reset/\S+)", mail.body)
    assert link, mail.body

    form = client.get(link[1], follow=True)
    new = {"new_password1": "another-long-one", "new_password2": "another-long-one"}
    done = client.post(form.redirect_chain[-1][0], new, follow=True)
    assert b"Password saved" in done.content
    alice.refresh_from_db()
    assert alice.check_password("another-long-one")
    assert b"no longer works" in Client().get(link[1], follow=True).content


def test_password_reset_does_not_tell_who_has_an_account(
    alice: User, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    known = client.post("/password-reset", {"email": alice.email})
    unknown = client.post("/password-reset", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert len(mailoutbox) == 1
