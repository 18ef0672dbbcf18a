"""Slows down guessing: counters per account and address in the database, shared by all processes.

An attempt is counted before the password is checked, so that attempts sent at the same time cannot
slip through. Someone who guesses at an account must not lock its user out: a browser in which the
user logged in before has a counter of its own, and others behind the same proxy keep theirs.

django-axes and allauth's limits were not taken: both lock an account or an address as a whole
(docs/decisions/log-in-limits.md).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_address

from django.conf import settings
from django.core.signing import BadSignature
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from studio.accounts.models import Attempts, User

KNOWN_BROWSER = "known_browser"  # the cookie that a log-in leaves
_KNOWN_FOR = timedelta(days=365)
_MAX_KNOWN = 5  # accounts of one browser


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `n` attempts `within` some time."""

    name: str
    n: int
    within: timedelta


LOG_IN = Limit("log-in", 10, timedelta(minutes=5))  # of an account from an address or browser
SPRAY = Limit("spray", 20, timedelta(minutes=5))  # accounts that an address tries
ACCOUNT = Limit("account", 100, timedelta(hours=1))  # of an account from any addresses
SIGN_UP = Limit("sign-up", 100, timedelta(hours=1))  # from an address, which a class may share
MAIL_TO = Limit("mail-to", 3, timedelta(hours=1))  # of one kind, to an e-mail address
MAIL_FROM = Limit("mail-from", 20, timedelta(hours=1))  # asked for by an address


def client_address(request: HttpRequest | None) -> str:
    """Return the IP address that a request comes from.

    Proxies append the address of whoever asks them to X-Forwarded-For; what stands before the
    entries of the trusted ones may be made up.
    """
    if request is None:
        return ""
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    n_proxies = settings.TRUSTED_PROXIES
    address = request.META.get("REMOTE_ADDR", "")
    if 0 < n_proxies <= len(hops):
        address = hops[-n_proxies]
    try:
        return str(ip_address(address.partition("%")[0]))
    except ValueError:
        return ""


def counted(limit: Limit, who: str) -> int:
    """Count an attempt, and return how many the window has seen with it."""
    name = _name(limit, who)
    now = timezone.now()
    with transaction.atomic():
        rows = Attempts.objects.filter(pk=name)
        if rows.filter(ends_at__gt=now).update(n=F("n") + 1):
            return int(rows.values_list("n", flat=True).get())
        if rows.filter(ends_at__lte=now).update(n=1, ends_at=now + limit.within):
            return 1
        try:
            with transaction.atomic():
                Attempts.objects.create(name=name, n=1, ends_at=now + limit.within)
        except IntegrityError:  # another process was faster
            rows.update(n=F("n") + 1)
            return int(rows.values_list("n", flat=True).get())
    return 1


def is_within(limit: Limit, who: str) -> bool:
    """Count an attempt, and return whether it is still allowed."""
    return counted(limit, who) <= limit.n


def _count(limit: Limit, who: str) -> int:
    rows = Attempts.objects.filter(pk=_name(limit, who), ends_at__gt=timezone.now())
    return rows.values_list("n", flat=True).first() or 0


def _uncount(limit: Limit, who: str) -> None:
    Attempts.objects.filter(pk=_name(limit, who), n__gt=0).update(n=F("n") - 1)


def _name(limit: Limit, who: str) -> str:
    return hashlib.sha256(f"{limit.name} {who}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class LogInAttempt:
    """One attempt to log in: the account that is named, the address, the browser if known."""

    email: str
    address: str
    browser: str = ""

    @classmethod
    def of(cls, request: HttpRequest | None, email: str) -> LogInAttempt:
        """Return the attempt that a request makes."""
        browser = ""
        if request is not None:
            browser = _known_browsers(request).get(_account_name(email), "")
        return cls(email, client_address(request), browser)

    @property
    def _who(self) -> str:
        return f"{self.email} {self.browser or self.address}"

    def of_code(self) -> LogInAttempt:
        """Return the attempt at the second factor, counted apart from those at the password."""
        return replace(self, email=f"{self.email} code")

    def is_allowed(self) -> bool:
        """Count the attempt, and return whether the password may be checked."""
        n = counted(LOG_IN, self._who)
        if n > LOG_IN.n or self.browser:
            return n <= LOG_IN.n
        # Each account counts once: attempts on one account do not hinder those on others.
        n_accounts = counted(SPRAY, self.address) if n == 1 else _count(SPRAY, self.address)
        # What is refused here is no attempt on the account, and must not use up those of others.
        return n_accounts <= SPRAY.n and is_within(ACCOUNT, self.email)

    def succeeded(self) -> None:
        """Forget the failures of this account here; those of other accounts stay counted."""
        Attempts.objects.filter(pk=_name(LOG_IN, self._who)).delete()
        if not self.browser:
            _uncount(SPRAY, self.address)
            _uncount(ACCOUNT, self.email)


def remember_browser(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Let the browser's next log-ins to this account be counted on their own."""
    known = _known_browsers(request)
    known.pop(_account_name(user.email), None)
    kept = dict(list(known.items())[-_MAX_KNOWN + 1 :])
    kept[_account_name(user.email)] = secrets.token_urlsafe(12)
    response.set_signed_cookie(
        KNOWN_BROWSER,
        json.dumps(kept),
        salt=KNOWN_BROWSER,
        max_age=int(_KNOWN_FOR.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _known_browsers(request: HttpRequest) -> dict[str, str]:
    """Return what the cookie holds: for each account that logged in here, a name of the browser."""
    try:
        cookie = request.get_signed_cookie(
            KNOWN_BROWSER, "", salt=KNOWN_BROWSER, max_age=int(_KNOWN_FOR.total_seconds())
        )
        return dict(json.loads(cookie or "{}"))
    except (BadSignature, ValueError):
        return {}


def _account_name(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()[:16]


def forget_expired() -> None:
    """Delete counters whose window is over."""
    Attempts.objects.filter(ends_at__lt=timezone.now()).delete()
