"""What a request may touch; all else ends in 404."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from studio.accounts.models import AccountSession, ApiKey, Invitation, User


def account(request: HttpRequest) -> User:
    """Return the user who is logged in; the middleware lets nobody else through."""
    return cast(User, request.user)


def owner_or_404(request: HttpRequest) -> User:
    """Return the user where that is the owner of the studio, or end in 404."""
    user = account(request)
    if not user.is_owner:
        raise Http404("Only the owner has this page.")
    return user


def api_key_or_404(request: HttpRequest, key_id: int) -> ApiKey:
    """Return one of the user's API keys, or end in 404."""
    return get_object_or_404(account(request).api_keys, pk=key_id)


def invitation_or_404(token: str) -> Invitation:
    """Return the invitation that can still be used, or end in 404."""
    return get_object_or_404(Invitation.usable(), token=token)


def session_or_404(request: HttpRequest, public_id: str) -> AccountSession:
    """Return one of the user's sessions, or end in 404."""
    for session in account(request).sessions.all():
        if session.public_id == public_id:
            return session
    raise Http404("There is no such session.")


def other_account_or_404(request: HttpRequest, user_id: int) -> User:
    """Return another account, for the owner of the studio alone."""
    owner = owner_or_404(request)
    return get_object_or_404(User.objects.exclude(pk=owner.pk), pk=user_id)
