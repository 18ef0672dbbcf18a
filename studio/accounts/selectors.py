"""Reads of the app: who may sign up, invitations, API keys, sessions."""

from __future__ import annotations

import base64

from django.conf import settings
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.crypto import salted_hmac

from studio.accounts.models import AccountSession, ApiKey, Invitation, User


def has_users() -> bool:
    """Return whether the studio has its first account, which the first visitor creates."""
    return User.objects.exists()


def needs_setup_code() -> bool:
    """Return whether the owner's account needs a code, as strangers may be the first to come."""
    return settings.NEEDS_SETUP_CODE and not has_users()


def setup_code() -> str:
    """Return the code with which the owner's account is created."""
    digest = salted_hmac("studio.setup-code", "owner", algorithm="sha256").digest()
    return base64.b32encode(digest[:10]).decode().lower()


def setup_url() -> str:
    """Return the address that fills in the code."""
    return f"{settings.PUBLIC_URL}{reverse('signup')}?code={setup_code()}"


def may_sign_up(invitation: Invitation | None) -> bool:
    """Return whether a visitor may create an account now, with this invitation or none."""
    if not has_users() or settings.SIGNUP_MODE == "open":
        return True
    if settings.SIGNUP_MODE == "closed" or invitation is None:
        return False
    is_usable = invitation.accepted_by_id is None and not invitation.is_expired
    return is_usable and invitation.invited_by_id is not None


def confirms_by_mail() -> bool:
    """Return whether whoever signs up without an invitation gets a link by e-mail first."""
    return bool(settings.EMAIL_HOST) and has_users()


def invitations_by(user: User) -> QuerySet[Invitation]:
    """Return the invitations that the user created, newest first."""
    return user.invitations.order_by("-created_at")


def api_keys_of(user: User) -> QuerySet[ApiKey]:
    """Return the user's API keys: valid ones first, then the newest."""
    return user.api_keys.order_by(F("revoked_at").asc(nulls_first=True), "-created_at")


def sessions_of(user: User) -> QuerySet[AccountSession]:
    """Return the browsers in which the user is logged in, the latest log-in first."""
    return AccountSession.alive().filter(user=user).order_by("-created_at")
