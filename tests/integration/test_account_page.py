"""One's own account: name, address, sessions, keys; and the owner's page of all accounts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from projects.models import Dataset
from studio.accounts import services
from studio.accounts.models import AccountSession, ApiKey, Invitation, User
from studio.api.models import IdempotentCall
from tests.cast import PASSWORD
from tests.factories import make_dataset
from tests.things import make_things

pytestmark = pytest.mark.django_db

ClientOf = Callable[[User], Client]
NEW_PASSWORD = {"new_password1": "another-long-one", "new_password2": "another-long-one"}
SIGNUP = {"email": "dora@example.org", "name": "Dora", "password": "kind-of-a-long-one"}


def link_in(mail: EmailMessage, path: str) -> str:
    found = re.search(rf"https?://[^/\s]+({path}\S+)", str(mail.body))
    assert found, mail.body
    return found[1]


def without_tokens(response: HttpResponse) -> str:
    return re.sub(r"[A-Za-z0-9]{64}", "", response.content.decode())


def test_name_is_saved(alice: User, client_of: ClientOf) -> None:
    page = client_of(alice).post("/account", {"name": "Alice L."}, follow=True)
    assert b"Profile saved." in page.content
    alice.refresh_from_db()
    assert alice.name == "Alice L."


def test_new_address_is_confirmed_by_mail_and_the_old_one_is_told(
    alice: User, client_of: ClientOf, mailoutbox: list[EmailMessage]
) -> None:
    browser = client_of(alice)
    form = {"email-email": "New@example.org", "email-password": PASSWORD}
    assert b"We have sent a link" in browser.post("/account/email", form, follow=True).content
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    (mail,) = mailoutbox
    assert mail.to == ["new@example.org"]
    link = link_in(mail, "/account/email/")
    assert b"new@example.org" in browser.get(link).content
    browser.post(link)
    alice.refresh_from_db()
    assert alice.email == "new@example.org"
    assert (mailoutbox[1].to, "new@example.org" in mailoutbox[1].body) == (
        ["alice@example.org"],
        True,
    )
    assert browser.post(link).status_code == 404


def test_new_address_needs_the_password(
    alice: User, client_of: ClientOf, mailoutbox: list[EmailMessage]
) -> None:
    page = client_of(alice).post(
        "/account/email", {"email-email": "new@example.org", "email-password": "wrong"}
    )
    assert b"The password is wrong." in page.content
    assert not mailoutbox


def test_link_to_a_new_address_is_of_no_use_to_others(
    alice: User, bob: User, client_of: ClientOf
) -> None:
    token = services.email_change_token(user=alice, email="new@example.org")
    assert client_of(bob).post(f"/account/email/{token}").status_code == 404
    assert client_of(alice).get(f"/account/email/{token}x").status_code == 404


def test_change_of_address_does_not_tell_who_has_an_account(
    alice: User, bob: User, client_of: ClientOf, mailoutbox: list[EmailMessage]
) -> None:
    form = {"email-email": bob.email, "email-password": PASSWORD}
    page = client_of(alice).post("/account/email", form, follow=True)
    assert b"We have sent a link" in page.content
    assert "already has an account" in mailoutbox[0].body
    token = services.email_change_token(user=alice, email=bob.email)
    assert client_of(alice).post(f"/account/email/{token}").status_code == 422


def test_sessions_are_listed_and_ended(alice: User, client_of: ClientOf) -> None:
    here = client_of(alice)
    phone = Client(
        headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/605"}, REMOTE_ADDR="192.0.2.7"
    )
    phone.post("/login", {"username": alice.email, "password": PASSWORD})
    page = here.get("/account").content.decode()
    assert "Safari on iPhone" in page
    assert "192.0.2.7" in page
    other = AccountSession.objects.exclude(session_key=here.session.session_key).get()
    assert other.session_key not in page
    here.post(f"/account/sessions/{other.public_id}")
    assert phone.get("/account").status_code == 302
    assert here.get("/account").status_code == 200


def test_all_other_sessions_are_ended_at_once(alice: User, bob: User, client_of: ClientOf) -> None:
    here, there, bobs = client_of(alice), client_of(alice), client_of(bob)
    here.post("/account/sessions")
    assert there.get("/account").status_code == 302
    assert here.get("/account").status_code == 200
    assert bobs.get("/account").status_code == 200


def test_new_password_revokes_keys_only_if_asked(alice: User, client_of: ClientOf) -> None:
    services.api_key_create(owner=alice, name="notebook", scope="read")
    form = {"old_password": PASSWORD} | NEW_PASSWORD
    browser = client_of(alice)
    browser.post("/password-change", form)
    assert ApiKey.objects.filter(revoked_at=None).exists()
    form = {"old_password": "another-long-one", "revoke_keys": "on"}
    again = {"new_password1": "a-third-long-one", "new_password2": "a-third-long-one"}
    page = browser.post("/password-change", form | again, follow=True)
    assert b"Your API keys are revoked." in page.content
    assert not ApiKey.objects.filter(revoked_at=None).exists()
    assert AccountSession.objects.filter(user=alice).count() == 1


def test_password_reset_revokes_keys_and_ends_sessions(
    alice: User, client: Client, client_of: ClientOf, mailoutbox: list[EmailMessage]
) -> None:
    services.api_key_create(owner=alice, name="notebook", scope="read")
    thief = client_of(alice)
    client.post("/password-reset", {"email": alice.email})
    form = client.get(link_in(mailoutbox[0], "/password-reset/"), follow=True)
    client.post(form.redirect_chain[-1][0], NEW_PASSWORD)
    assert not ApiKey.objects.filter(revoked_at=None).exists()
    assert not AccountSession.objects.filter(user=alice).exists()
    assert thief.get("/account").status_code == 302


def test_expired_invitation_is_void(alice: User, client: Client, settings: Settings) -> None:
    settings.SIGNUP_MODE = "invitation"
    invitation = services.invitation_create(invited_by=alice)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.get(invitation.get_absolute_url()).status_code == 404


def test_invitation_is_for_its_address_alone(
    alice: User, client: Client, settings: Settings
) -> None:
    settings.SIGNUP_MODE = "invitation"
    invitation = services.invitation_create(invited_by=alice, email="dora@example.org")
    client.post(invitation.get_absolute_url(), SIGNUP | {"email": "eve@example.org"})
    assert not User.objects.filter(email="eve@example.org").exists()
    assert User.objects.filter(email="dora@example.org").exists()


def test_invitation_without_an_address_is_for_anyone_once(
    alice: User, client: Client, client_of: ClientOf, settings: Settings
) -> None:
    settings.SIGNUP_MODE = "invitation"
    client_of(alice).post("/account/invitations", {"email": ""})
    link = Invitation.objects.get().get_absolute_url()
    assert client.post(link, SIGNUP)["Location"] == "/"
    assert Client().get(link).status_code == 404


def test_sign_up_by_mail_does_not_tell_who_has_an_account(
    alice: User, client: Client, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    known = client.post("/signup", {"email": alice.email})
    unknown = client.post("/signup", {"email": "dora@example.org"})
    assert known.status_code == unknown.status_code
    assert without_tokens(known) == without_tokens(unknown)
    assert [mail.to for mail in mailoutbox] == [[alice.email], ["dora@example.org"]]
    assert "There is one already" in mailoutbox[0].body

    link = link_in(mailoutbox[1], "/signup/")
    client.post(link, {"name": "Dora", "password": "kind-of-a-long-one"})
    assert User.objects.filter(email="dora@example.org").exists()


def test_link_by_mail_is_void_once_sign_up_is_by_invitation(
    alice: User, client: Client, settings: Settings
) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    client.post("/signup", {"email": "dora@example.org"})
    settings.SIGNUP_MODE = "invitation"
    link = Invitation.objects.get().get_absolute_url()
    assert client.post(link, SIGNUP).status_code == 403


def test_owner_shuts_somebody_out_and_lets_them_in_again(
    alice: User, bob: User, client_of: ClientOf, client: Client
) -> None:
    owner, bobs = client_of(alice), client_of(bob)
    _, secret = services.api_key_create(owner=bob, name="notebook", scope="read")
    key = {"Authorization": f"Bearer {secret}"}
    assert bob.email in owner.get("/people").content.decode()
    owner.post(f"/people/{bob.pk}/deactivate")
    assert bobs.get("/account").status_code == 302
    assert client.get("/api/v1/account", headers=key).status_code == 401
    owner.post(f"/people/{bob.pk}/activate")
    assert client.get("/api/v1/account", headers=key).status_code == 200


def test_owner_cannot_be_shut_out(alice: User, client_of: ClientOf) -> None:
    assert client_of(alice).post(f"/people/{alice.pk}/deactivate").status_code == 404
    assert client_of(alice).post(f"/people/{alice.pk}/remove").status_code == 404


def test_removing_an_account_removes_its_data_and_nobody_elses(
    alice: User, bob: User, client_of: ClientOf, django_capture_on_commit_callbacks: object
) -> None:
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    alices = make_things(alice)
    things = make_things(bob)
    table = things.batch.table_key
    # An Idempotency-Key is text that a user chose, and no file of theirs.
    kept = default_storage.save("datasets/of-alice/source", ContentFile(b"x"))
    IdempotentCall.objects.create(owner=bob, idempotency_key=kept, fingerprint="f")
    owner = client_of(alice)
    refused = owner.post(f"/people/{bob.pk}/remove", {"email": "somebody"})
    assert (refused.status_code, User.objects.filter(pk=bob.pk).exists()) == (422, True)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        owner.post(f"/people/{bob.pk}/remove", {"email": bob.email})
    assert not User.objects.filter(pk=bob.pk).exists()
    assert not Dataset.objects.filter(owner_id=bob.pk).exists()
    assert not default_storage.exists(table)
    assert default_storage.exists(kept)
    assert default_storage.exists(alices.batch.table_key)


def test_people_page_asks_the_same_queries_for_more_people(
    alice: User, bob: User, client_of: ClientOf
) -> None:
    owner = client_of(alice)
    with CaptureQueriesContext(connection) as before:
        owner.get("/people")
    for number in range(20):
        make_dataset(User.objects.create_user(f"person-{number}@example.org"))
    with CaptureQueriesContext(connection) as after:
        owner.get("/people")
    assert len(after) == len(before)


def test_what_happens_to_accounts_is_logged(
    alice: User, bob: User, client: Client, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "studio")
    client.post("/login", {"username": alice.email, "password": "hidden-word"})
    client.post("/login", {"username": alice.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.7")
    key, secret = services.api_key_create(owner=alice, name="notebook", scope="read")
    services.api_key_revoke(key=key)
    services.account_set_active(user=bob, is_active=False)
    for line in (
        f"Log-in failed user={alice.pk} address=127.0.0.1",
        f"Logged in user={alice.pk} address=192.0.2.7",
        f"Key created key={key.pk} user={alice.pk} scope=read",
        f"Key revoked key={key.pk} user={alice.pk}",
        f"Account changed user={bob.pk} active=False",
    ):
        assert line in caplog.messages
    for hidden in ("hidden-word", PASSWORD, secret, alice.email):
        assert hidden not in caplog.text
