"""Public addresses, and signed ones that work without a key for a while."""

from __future__ import annotations

import time
from collections.abc import Mapping

from django.conf import settings
from django.core.signing import Signer
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from studio.api.problems import ApiProblem

_SALT = "studio.api.signed-url"


def public_url(request: HttpRequest, path: str) -> str:
    """Return the absolute URL of a path, below STUDIO_PUBLIC_URL if set, else the caller's host."""
    if settings.HAS_PUBLIC_URL:
        return f"{settings.PUBLIC_URL}{path}"
    return request.build_absolute_uri(path)


def signed_url(
    request: HttpRequest, name: str, *, kwargs: Mapping[str, object], max_age_s: int
) -> str:
    """Return the absolute URL of a view with a token for this path alone, until it expires."""
    path = reverse(name, kwargs=dict(kwargs))
    expires_at = str(int(time.time()) + max_age_s)
    return f"{public_url(request, path)}?token={expires_at}.{_signature(path, expires_at)}"


def check_token(request: HttpRequest) -> None:
    """Raise ApiProblem (403) unless the address has a valid token for its path."""
    expires_at, _, signature = request.GET.get("token", "").partition(".")
    if not constant_time_compare(signature, _signature(request.path, expires_at)):
        raise ApiProblem(
            "The token of this address is missing or wrong. Ask for the address again.", status=403
        )
    if int(expires_at) < time.time():
        raise ApiProblem("This address has expired. Ask for it again.", status=403)


def _signature(path: str, expires_at: str) -> str:
    return Signer(salt=_SALT).signature(f"{path}\n{expires_at}")
