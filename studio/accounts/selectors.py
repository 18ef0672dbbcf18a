"""Reads of the app: who may sign up, which invitations are out, and which API keys there are."""

from __future__ import annotations

from django.conf import settings
from django.db.models import F, QuerySet

from studio.accounts.models import ApiKey, Invitation, User


def has_users() -> bool:
    """Return whether the studio was set up; the first visitor does that."""
    return User.objects.exists()


def may_sign_up(invitation: Invitation | None) -> bool:
    """Return whether a visitor may make an account now, with this invitation or none."""
    if not has_users() or settings.SIGNUP_MODE == "open":
        return True
    return (
        settings.SIGNUP_MODE == "invitation"
        and invitation is not None
        and invitation.accepted_by_id is None
    )


def invitations_by(user: User) -> QuerySet[Invitation]:
    """Return the invitations that the user made, newest first."""
    return user.invitations.order_by("-created_at")


def api_keys_of(user: User) -> QuerySet[ApiKey]:
    """Return the user's API keys: those that hold first, then the newest."""
    return user.api_keys.order_by(F("revoked_at").asc(nulls_first=True), "-created_at")
