"""What happens at each log-in and log-out: a line in the log, and where the session comes from."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from studio.accounts.models import User
from studio.accounts.sessions import describe_session
from studio.accounts.throttling import client_address

logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def note_log_in(request: HttpRequest, user: User, **_: Any) -> None:
    """Describe the session, and log it."""
    address = client_address(request)
    describe_session(request, address)
    logger.info("Logged in user=%s address=%s", user.pk, address)


@receiver(user_logged_out)
def note_log_out(user: User | None, **_: Any) -> None:
    """Log it."""
    if user is not None:
        logger.info("Logged out user=%s", user.pk)


@receiver(user_login_failed)
def note_failure(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Log it with the account, but not with what else was typed, which may be a password."""
    email = str(credentials.get("username", ""))
    user_id = User.objects.filter(email=email).values_list("pk", flat=True).first()
    logger.warning("Log-in failed user=%s address=%s", user_id, client_address(request))
