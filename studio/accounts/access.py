"""What only some may touch: invitations by their link, the owner's things by the owner."""

from __future__ import annotations

from typing import cast

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from studio.accounts.models import ApiKey, Invitation, User


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
    """Return the invitation that is still to be used, or end in 404."""
    return get_object_or_404(Invitation, token=token, accepted_by=None)
