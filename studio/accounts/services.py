"""Writes of the app: accounts, invitations, API keys, sessions, and changes of one's own."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.forms import PasswordResetForm
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from studio.accounts import selectors
from studio.accounts.mail import send, send_later
from studio.accounts.models import AccountSession, ApiKey, Invitation, User
from studio.accounts.review_keys import chosen_keys
from studio.accounts.throttling import MAIL_TO, is_within
from studio.database import without_waiting
from studio.engine.errors import DataProblem

logger = logging.getLogger(__name__)

KEY_PREFIX_CHARS = 10  # of a key, what a list may show: "cs_" and seven of its 43 random characters
USE_NOTED_EVERY = timedelta(minutes=1)  # so that not each call writes to the database
SIGN_UP_VALID_FOR = timedelta(days=1)
EMAIL_CHANGE_VALID_FOR = timedelta(days=1)
_EMAIL_CHANGE = "studio.accounts.email-change"


def account_sign_up(
    *, email: str, password: str, name: str = "", invitation: Invitation | None = None
) -> User:
    """Create an account; the first one of the studio owns it.

    Two first visitors cannot both become owner: the database holds one owner at the most. Raises
    DataProblem where the visitor may not sign up, and for whoever comes second.
    """
    try:
        with transaction.atomic():
            return _sign_up(email, password, name, invitation)
    except IntegrityError as error:
        raise DataProblem(
            "Someone else has just signed up with this address or as the owner. Log in, or try"
            " again."
        ) from error


def _sign_up(email: str, password: str, name: str, invitation: Invitation | None) -> User:
    if not selectors.may_sign_up(invitation):
        raise DataProblem(
            "You cannot create an account here. Ask the owner of this studio for an invitation."
        )
    if invitation is not None and invitation.email:
        email = invitation.email
    user = User.objects.create_user(email, password, name=name, is_owner=not selectors.has_users())
    if invitation is not None:
        unused = Invitation.usable().filter(pk=invitation.pk)
        if not unused.update(accepted_by=user):
            raise DataProblem(
                "This invitation has already been used. Ask the owner of this studio for another"
                " one."
            )
    logger.info("Account created user=%s owner=%s", user.pk, user.is_owner)
    return user


def sign_up_ask(*, email: str) -> None:
    """Send a link to sign up, or to log in where the address has an account.

    Whoever asked learns nothing about the address: the answer is the same, and it is not delayed.
    """
    email = email.strip().lower()
    if is_within(MAIL_TO, f"sign-up {email}"):
        send_later(lambda: _send_sign_up(email))


def _send_sign_up(email: str) -> None:
    user = User.objects.filter(email=email).first()
    if user is not None:
        send("sign_up_known", "You already have an account", email, {"user": user})
        return
    invitation = Invitation.objects.create(
        email=email, expires_at=timezone.now() + SIGN_UP_VALID_FOR
    )
    send("sign_up_email", "Finish creating your account", email, {"invitation": invitation})


def account_create(*, email: str) -> User:
    """Create an account without a password, for whoever runs the studio's commands; the first one
    owns the studio.
    """
    try:
        validate_email(email)
    except ValidationError as error:
        raise DataProblem(
            f"'{email}' is not an e-mail address. Expected one such as alice@example.org."
        ) from error
    with transaction.atomic():
        return User.objects.create_user(email, is_owner=not selectors.has_users())


def profile_update(*, user: User, name: str) -> None:
    """Change the name of an account."""
    user.name = name
    user.save(update_fields=["name"])


def review_keys_save(*, user: User, keys: dict[str, str]) -> None:
    """Save the person's keys of the review page; a blank one restores the default.

    Raises DataProblem for a key that cannot be used, or that two actions would have.
    """
    user.review_keys = chosen_keys(keys)
    user.save(update_fields=["review_keys"])


def email_change_ask(*, user: User, email: str) -> None:
    """Send a link to the new address, which makes the change; an address that is taken gets none.

    As for sign-up, the answer does not tell which addresses have an account.
    """
    email = email.strip().lower()
    if is_within(MAIL_TO, f"change {email}"):
        send_later(lambda: _send_email_change(user, email))


def _send_email_change(user: User, email: str) -> None:
    if User.objects.filter(email=email).exists():
        send("email_change_taken", "This address has an account already", email, {"user": user})
        return
    context = {"user": user, "token": email_change_token(user=user, email=email)}
    send("email_change", "Confirm your new e-mail address", email, context)


def email_change_token(*, user: User, email: str) -> str:
    """Return what stands in the link; it is void once the address has changed."""
    return signing.dumps([user.pk, user.email, email], salt=_EMAIL_CHANGE)


def email_of_token(*, user: User, token: str) -> str | None:
    """Return the new address in the link of a change of this user's address; None if not valid."""
    try:
        user_id, before, email = signing.loads(
            token, salt=_EMAIL_CHANGE, max_age=EMAIL_CHANGE_VALID_FOR
        )
    except signing.BadSignature:
        return None
    return str(email) if (user_id, before) == (user.pk, user.email) else None


def email_change(*, user: User, email: str) -> None:
    """Change the address of an account and tell the old one. Raises DataProblem if it is taken."""
    before = user.email
    try:
        with transaction.atomic():
            user.email = email
            user.save(update_fields=["email"])
    except IntegrityError as error:
        user.email = before
        raise DataProblem("Another account already uses this e-mail address.") from error
    logger.info("E-mail changed user=%s", user.pk)
    send_later(
        lambda: send("email_changed", "Your e-mail address was changed", before, {"user": user})
    )


def password_reset_ask(*, form: PasswordResetForm, options: Mapping[str, Any]) -> None:
    """Send the link to choose a new password, if the address has an account."""
    email = form.cleaned_data["email"].strip().lower()
    if is_within(MAIL_TO, f"reset {email}"):
        send_later(lambda: form.save(**options))


def invitation_create(*, invited_by: User, email: str = "") -> Invitation:
    """Create a link that lets one person sign up; with an address, only under that address."""
    invitation = Invitation.objects.create(invited_by=invited_by, email=email.strip().lower())
    logger.info("Invitation created invitation=%s user=%s", invitation.pk, invited_by.pk)
    return invitation


def session_end(*, session: AccountSession) -> None:
    """Log a browser out."""
    session.delete()
    logger.info("Session ended user=%s", session.user_id)


def sessions_end(*, user: User, but_key: str | None) -> int:
    """Log out every browser of the user but one; return how many it was."""
    n_ended, _ = user.sessions.exclude(session_key=but_key).delete()
    logger.info("Sessions ended user=%s n=%s", user.pk, n_ended)
    return n_ended


def account_set_active(*, user: User, is_active: bool) -> None:
    """Let somebody in or shut them out; their data stays. Raises DataProblem for the owner."""
    if user.is_owner:
        raise DataProblem("The owner's account cannot be deactivated.")
    User.objects.filter(pk=user.pk).update(is_active=is_active)
    if not is_active:
        user.sessions.all().delete()
    logger.info("Account changed user=%s active=%s", user.pk, is_active)


def api_key_create(*, owner: User, name: str, scope: str) -> tuple[ApiKey, str]:
    """Create an API key; return it with its secret, which nobody can be told again."""
    if scope not in ApiKey.Scope.values:
        raise DataProblem(
            f"There is no scope '{scope}'; choose one of {', '.join(ApiKey.Scope.values)}."
        )
    if not name.strip() or len(name.strip()) > 100:
        raise DataProblem(
            "A key needs a name of 1 to 100 characters. Name it after the program that uses it."
        )
    secret = f"cs_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        owner=owner,
        name=name.strip(),
        prefix=secret[:KEY_PREFIX_CHARS],
        hash=_key_hash(secret),
        scope=scope,
    )
    logger.info("Key created key=%s user=%s scope=%s", key.pk, owner.pk, scope)
    return key, secret


def api_key_revoke(*, key: ApiKey) -> None:
    """Refuse the key from now on; a key that was revoked stays so."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())
    logger.info("Key revoked key=%s user=%s", key.pk, key.owner_id)


def api_keys_revoke(*, owner: User) -> int:
    """Refuse all keys of an account from now on; return how many it was."""
    n_revoked = ApiKey.objects.filter(owner=owner, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    logger.info("Keys revoked user=%s n=%s", owner.pk, n_revoked)
    return n_revoked


def api_key_used(secret: str) -> ApiKey | None:
    """Return a valid key with its owner, and note its use; None for an unknown or revoked key."""
    valid = ApiKey.objects.filter(hash=_key_hash(secret), revoked_at=None, owner__is_active=True)
    key = valid.select_related("owner").first()
    if key is not None:
        _note_use(key)
    return key


def _note_use(key: ApiKey) -> None:
    """Store when the key was used, once a minute at most, unless another write is under way."""
    now = timezone.now()
    if key.last_used_at is not None and key.last_used_at >= now - USE_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    try:
        with without_waiting(), transaction.atomic():
            ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    except OperationalError as error:
        logger.info("Use of a key not noted key=%s: %s", key.pk, error)


def _key_hash(secret: str) -> str:
    """Hash a key for storage.

    A plain SHA-256: 256 random bits cannot be guessed from it, unlike a password; a slow hash with
    a salt would only cost every call its time, and could not be looked up.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
