"""Authentication of calls by the API key in the Authorization header; sessions do not count."""

from __future__ import annotations

from django.http import HttpRequest

from studio.accounts.models import ApiKey, User
from studio.accounts.services import api_key_used
from studio.api.problems import ApiProblem

READ = ApiKey.Scope.READ.value
WRITE = ApiKey.Scope.WRITE.value


def request_key(request: HttpRequest, *, scope: str) -> ApiKey:
    """Return the key of the request, and note its use.

    Raises ApiProblem: 401 for a missing, invalid or revoked key, 403 for a write with a read key
    and for an account that lacks a required second factor.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise ApiProblem(
            "No API key was sent. Create one on your account page and send it as 'Authorization:"
            " Bearer KEY'.",
            status=401,
            code="no_key",
        )
    key = api_key_used(secret.strip())
    if key is None:
        raise ApiProblem(
            "This API key is unknown or revoked. Create another one on your account page.",
            status=401,
            code="bad_key",
        )
    if key.owner.lacks_second_factor:
        raise ApiProblem(
            "This studio requires a second factor. Set it up on your account page; this API key"
            " works again then.",
            status=403,
            code="second_factor_required",
        )
    if scope == WRITE and key.scope != WRITE:
        raise ApiProblem(
            "This API key can only read. Create one that can also write.",
            status=403,
            code="read_only_key",
        )
    return key


def key_user(request: HttpRequest, *, scope: str) -> User:
    """Return the account whose key the request carries. Raises ApiProblem as `request_key` does."""
    return request_key(request, scope=scope).owner
