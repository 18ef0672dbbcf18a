"""A write with an `Idempotency-Key` is carried out once; sent again, it gets the first answer.

Why not a package: docs/decisions/idempotency.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from studio.accounts.models import User
from studio.api.models import IdempotentCall
from studio.api.problems import ApiProblem

KEPT_FOR = timedelta(hours=24)
MAX_KEY_CHARS = 255
ANSWER_LOST = 0  # the status until the answer is stored
_FILE_CHUNK_BYTES = 1024 * 1024


@dataclass(slots=True)
class _KeyedCall:
    """The call that is being answered; `call` is its row if it is carried out in parts."""

    owner: User
    name: str
    fingerprint: str
    is_in_parts: bool = False
    call: IdempotentCall | None = None


class _ShortTransactionsNeeded(Exception):
    """The act is too long for one transaction."""


_keyed: ContextVar[_KeyedCall | None] = ContextVar("keyed", default=None)


def answer_once(
    request: HttpRequest, owner: User, act: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """Return the answer of `act`, or the answer to the same call if it was carried out before.

    The key is stored in the transaction of the write itself, so that a web process that is killed
    leaves both behind or neither. The same call sent meanwhile waits for the first to end. Raises
    ApiProblem (409) if the key was used for another call.

    An act that calls `needs_short_transactions` is started again outside a transaction. It stores
    the key by `note_carried_out`.
    """
    name = request.headers.get("Idempotency-Key", "")
    if not name:
        return act()
    if len(name) > MAX_KEY_CHARS:
        raise ApiProblem(
            f"The Idempotency-Key has {len(name)} characters; at most {MAX_KEY_CHARS} are allowed."
        )
    fingerprint = _fingerprint(request)
    _forget_old(owner)
    token = _keyed.set(_KeyedCall(owner, name, fingerprint))
    try:
        with transaction.atomic():
            _limit_waiting()
            call = _registered(owner, name, fingerprint)
            if call is not None:
                response = act()
                _keep(call, response)
                return response
    except _ShortTransactionsNeeded:
        return _answer_of_parts(request, act)
    finally:
        _keyed.reset(token)
    return _replayed(_earlier_call(owner, name, fingerprint))


def needs_short_transactions() -> None:
    """Leave the transaction of the call, before anything is written: others would wait for it."""
    keyed = _keyed.get()
    if keyed is not None and not keyed.is_in_parts:
        raise _ShortTransactionsNeeded


def note_carried_out() -> None:
    """Store the key of the call in the transaction that puts what it wrote in force."""
    keyed = _keyed.get()
    if keyed is not None and keyed.is_in_parts:
        keyed.call = _registered(keyed.owner, keyed.name, keyed.fingerprint)
        if keyed.call is None:
            raise ApiProblem("The same call has been carried out meanwhile.", status=409)
        keyed.call.status = ANSWER_LOST
        keyed.call.save(update_fields=["status"])


def _answer_of_parts(request: HttpRequest, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    keyed = _keyed.get()
    assert keyed is not None
    keyed.is_in_parts = True
    for file in request.FILES.values():
        assert isinstance(file, UploadedFile)
        file.seek(0)  # the first start has read it
    response = act()
    if keyed.call is not None:
        _keep(keyed.call, response)
    return response


def _forget_old(owner: User) -> None:
    """Delete expired answers, and calls without one, which only earlier versions stored."""
    expired = Q(created_at__lt=timezone.now() - KEPT_FOR)
    IdempotentCall.objects.filter(expired | Q(status=None), owner=owner).delete()


def _limit_waiting() -> None:
    """Let PostgreSQL wait for the same call as long as SQLite does."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{settings.DATABASE_WAIT_S}s'")


def _registered(owner: User, name: str, fingerprint: str) -> IdempotentCall | None:
    """Return a new call; None if the key is taken."""
    try:
        with transaction.atomic():
            return IdempotentCall.objects.create(
                owner=owner, idempotency_key=name, fingerprint=fingerprint
            )
    except IntegrityError:
        return None


def _earlier_call(owner: User, name: str, fingerprint: str) -> IdempotentCall:
    call = IdempotentCall.objects.get(owner=owner, idempotency_key=name)
    if call.fingerprint != fingerprint:
        raise ApiProblem(
            "This Idempotency-Key was used for another call. Use a new one for each call.",
            status=409,
            code="idempotency_key_reused",
        )
    if call.status == ANSWER_LOST:
        raise ApiProblem(
            "This call was carried out, but its answer was lost when the studio stopped. Look at"
            " the result before you send anything again.",
            status=409,
            code="answer_lost",
        )
    return call


def _replayed(call: IdempotentCall) -> HttpResponse:
    response = HttpResponse(
        call.body, status=call.status, content_type="application/json; charset=utf-8"
    )
    response["Idempotent-Replayed"] = "true"
    return response


def _keep(call: IdempotentCall, response: HttpResponseBase) -> None:
    """Keep the answer; a call that failed in the studio itself may be sent again."""
    if response.status_code >= 500 or not isinstance(response, HttpResponse):
        transaction.set_rollback(True)
        return
    call.status = response.status_code
    call.body = response.content.decode()
    call.save(update_fields=["status", "body"])


def _fingerprint(request: HttpRequest) -> str:
    """Return a digest of the request; of a form, of its fields and the content of its files."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}".encode())
    if request.content_type != "multipart/form-data":
        digest.update(request.body)
        return digest.hexdigest()
    for name, values in sorted(request.POST.lists()):
        digest.update(repr((name, values)).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            digest.update(repr((name, file.name, file.size)).encode())
            _add_file(digest, file)
    return digest.hexdigest()


def _add_file(digest: hashlib._Hash, file: UploadedFile[bytes]) -> None:
    for chunk in file.chunks(_FILE_CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
