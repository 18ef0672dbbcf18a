"""Reads of the app: who may sign up, invitations, API keys, sessions."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from studio.accounts.models import AccountSession, ApiKey, Invitation, User


def has_users() -> bool:
    """Return whether the studio has its first account, which the first visitor creates."""
    return User.objects.exists()


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
    return user.sessions.filter(expire_date__gt=timezone.now()).order_by("-created_at")
