"""A write with an `Idempotency-Key` header is carried out once: sent again, it gets the first
answer again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from studio.accounts.models import User
from studio.api.models import IdempotentCall
from studio.api.problems import ApiProblem

KEPT_FOR = timedelta(hours=24)
LOST_AFTER = timedelta(hours=1)  # a call that has no answer by then died with its web process
MAX_KEY_CHARS = 255
_FILE_CHUNK_BYTES = 1024 * 1024


def answer_once(
    request: HttpRequest, owner: User, act: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    """Return the answer of `act`, or the one that it gave when the same call came before.

    Raises ApiProblem (409) where the first call is still at work, or was another one.
    """
    name = request.headers.get("Idempotency-Key", "")
    if not name:
        return act()
    if len(name) > MAX_KEY_CHARS:
        raise ApiProblem(
            f"The Idempotency-Key has {len(name)} characters; at most {MAX_KEY_CHARS} are allowed."
        )
    call, is_new = _registered(owner, name, _fingerprint(request))
    if not is_new:
        return _replayed(call)
    try:
        response = act()
    except BaseException:
        call.delete()
        raise
    _keep(call, response)
    return response


def _registered(owner: User, name: str, fingerprint: str) -> tuple[IdempotentCall, bool]:
    now = timezone.now()
    IdempotentCall.objects.filter(owner=owner, created_at__lt=now - KEPT_FOR).delete()
    IdempotentCall.objects.filter(
        owner=owner, status=None, created_at__lt=now - LOST_AFTER
    ).delete()
    try:
        with transaction.atomic():
            call = IdempotentCall.objects.create(
                owner=owner, idempotency_key=name, fingerprint=fingerprint
            )
    except IntegrityError:
        call = IdempotentCall.objects.get(owner=owner, idempotency_key=name)
    else:
        return call, True
    if call.fingerprint != fingerprint:
        raise ApiProblem(
            "This Idempotency-Key was used for another call. Use a new one for each call.",
            status=409,
            code="idempotency_key_reused",
        )
    if call.status is None:
        raise ApiProblem(
            "The first call with this Idempotency-Key is still being processed. Send it again in a"
            " moment.",
            status=409,
            code="call_at_work",
            retry_after_s=1,
        )
    return call, False


def _replayed(call: IdempotentCall) -> HttpResponse:
    response = HttpResponse(
        call.body, status=call.status, content_type="application/json; charset=utf-8"
    )
    response["Idempotent-Replayed"] = "true"
    return response


def _keep(call: IdempotentCall, response: HttpResponseBase) -> None:
    """Keep the answer; a call that failed in the studio itself may be tried again."""
    if response.status_code >= 500 or not isinstance(response, HttpResponse):
        call.delete()
        return
    call.status, call.body = response.status_code, response.content.decode()
    call.save(update_fields=["status", "body"])


def _fingerprint(request: HttpRequest) -> str:
    """Return a digest of what is asked; of a form, of its fields and the content of its files."""
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
