"""Writes of the app: making accounts, invitations, and changes to one's profile."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from studio.accounts import selectors
from studio.accounts.models import Invitation, User
from studio.engine.errors import DataProblem


def account_sign_up(*, email: str, password: str, name: str = "", invitation: Invitation | None = None) -> User:
    """Create an account; the first one of the studio owns it.

    Two first visitors cannot both become owner: the database holds one owner at the most. Raises DataProblem where
    the visitor may not sign up, and for whoever comes second.
    """
    try:
        with transaction.atomic():
            return _sign_up(email, password, name, invitation)
    except IntegrityError as error:
        raise DataProblem(
            "Somebody was faster: this address or this studio has an account by now. Log in, or try again."
        ) from error


def _sign_up(email: str, password: str, name: str, invitation: Invitation | None) -> User:
    if not selectors.may_sign_up(invitation):
        raise DataProblem("No new account can be made here. Ask the owner of this studio for an invitation.")
    user = User.objects.create_user(email, password, name=name, is_owner=not selectors.has_users())
    if invitation is not None:
        unused = Invitation.objects.filter(pk=invitation.pk, accepted_by=None)
        if not unused.update(accepted_by=user):
            raise DataProblem("This invitation was used already. Ask the owner of this studio for another one.")
    return user


def profile_update(*, user: User, name: str, email: str) -> None:
    """Change the name and the address of an account. Raises DataProblem where another account has the address."""
    try:
        with transaction.atomic():
            user.name, user.email = name, email.strip().lower()
            user.save(update_fields=["name", "email"])
    except IntegrityError as error:
        raise DataProblem("Another account has this e-mail address.") from error


def invitation_create(*, invited_by: User, email: str) -> Invitation:
    """Create a link that lets one person sign up."""
    return Invitation.objects.create(invited_by=invited_by, email=email.strip().lower())
