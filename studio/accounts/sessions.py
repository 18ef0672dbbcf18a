"""Sessions that know whose they are, so that people can see and end theirs."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import OperationalError, transaction
from django.http import HttpRequest
from django.utils import timezone

from studio.accounts.models import AccountSession
from studio.database import without_waiting

logger = logging.getLogger(__name__)

NOTED_EVERY = timedelta(minutes=1)

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


class SessionStore(DatabaseStore):
    """Django's sessions in the database, with their user in a column."""

    seen_at: datetime | None = None  # as it was loaded

    @classmethod
    def get_model_class(cls) -> type[AccountSession]:
        """Return the model of a session."""
        return AccountSession

    def _get_session_from_db(self) -> AccountSession | None:
        """Return the row of this session; None if it ended, or was idle for too long."""
        found = AccountSession.alive().filter(session_key=self.session_key).first()
        if found is None:
            self._session_key = None
        else:
            self.seen_at = found.seen_at
        return found

    def note_use(self) -> None:
        """Store that the browser is in use, once a minute, unless another write is under way."""
        now = timezone.now()
        if self.seen_at is None or now - self.seen_at < NOTED_EVERY:
            return
        try:
            with without_waiting(), transaction.atomic():
                AccountSession.objects.filter(pk=self.session_key).update(seen_at=now)
        except OperationalError as error:
            logger.info("Use of a session not noted: %s", error)

    def create_model_instance(self, data: dict[str, Any]) -> AccountSession:
        """Return the row of a session with this content."""
        session: AccountSession = super().create_model_instance(data)  # type: ignore[assignment]
        session.user_id = data.get(SESSION_KEY)
        session.address = data.get("address", "")
        session.browser = data.get("browser", "")
        if "logged_in_at" in data:
            session.created_at = datetime.fromisoformat(data["logged_in_at"])
        return session


def describe_session(request: HttpRequest, address: str) -> None:
    """Note in the session of a log-in where it comes from."""
    request.session["address"] = address
    request.session["browser"] = browser_name(request.headers.get("User-Agent", ""))
    request.session["logged_in_at"] = timezone.now().isoformat()


def browser_name(user_agent: str) -> str:
    """Return what people call a browser, such as “Firefox on Linux”.

    >>> browser_name("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox on Linux'
    >>> browser_name("curl/8.5.0")
    'Another program'
    """
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if not browser:
        return "Another program"
    return f"{browser} on {system}" if system else browser
