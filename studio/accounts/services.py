"""Writes of the app: making accounts, invitations and API keys, and changes to one's profile."""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from studio.accounts import selectors
from studio.accounts.models import ApiKey, Invitation, User
from studio.database import without_waiting
from studio.engine.errors import DataProblem

logger = logging.getLogger(__name__)

KEY_PREFIX_CHARS = 10  # of a key, what a list may show: "cs_" and seven of its 43 random characters
USE_NOTED_EVERY = timedelta(
    minutes=1
)  # so that a program's calls do not each write to the database


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
    user = User.objects.create_user(email, password, name=name, is_owner=not selectors.has_users())
    if invitation is not None:
        unused = Invitation.objects.filter(pk=invitation.pk, accepted_by=None)
        if not unused.update(accepted_by=user):
            raise DataProblem(
                "This invitation has already been used. Ask the owner of this studio for another"
                " one."
            )
    return user


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


def profile_update(*, user: User, name: str, email: str) -> None:
    """Change the name and the address of an account. Raises DataProblem where another account has
    the address.
    """
    try:
        with transaction.atomic():
            user.name, user.email = name, email.strip().lower()
            user.save(update_fields=["name", "email"])
    except IntegrityError as error:
        raise DataProblem("Another account already uses this e-mail address.") from error


def invitation_create(*, invited_by: User, email: str) -> Invitation:
    """Create a link that lets one person sign up."""
    return Invitation.objects.create(invited_by=invited_by, email=email.strip().lower())


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
    return key, secret


def api_key_revoke(*, key: ApiKey) -> None:
    """Refuse the key from now on; a key that was revoked stays so."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now())


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
