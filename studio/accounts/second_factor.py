"""The second factor of a log-in: a code from an authenticator app (TOTP), or a recovery code."""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets

import segno
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp.plugins.otp_totp.models import TOTPDevice

from studio.accounts.models import Authenticator, RecoveryCode, User
from studio.sealing import BrokenSealError, seal

logger = logging.getLogger(__name__)

N_RECOVERY_CODES = 10
_KEY_BYTES = 20  # as the standard recommends for SHA-1
_CODE_BYTES = 15  # of a recovery code
_GROUP = 4  # characters between two hyphens or blanks
_PENDING = "second_factor"  # in the session of a browser that has given the password alone
_PENDING_FOR_S = 600


def is_on(user: User) -> bool:
    """Return whether a log-in of the user needs a code."""
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def new_device(user: User) -> Authenticator:
    """Return the device that the user may confirm; it stays the same until then."""
    device: Authenticator | None = Authenticator.objects.filter(user=user, confirmed=False).first()
    if device is None or not _is_readable(device):
        Authenticator.objects.filter(user=user, confirmed=False).delete()
        key = seal(secrets.token_bytes(_KEY_BYTES), owner=str(user.pk))
        device = Authenticator.objects.create(
            user=user, confirmed=False, name="Authenticator app", key=key
        )
    return device


def _is_readable(device: Authenticator) -> bool:
    try:
        return bool(device.bin_key)
    except BrokenSealError:
        return False


def qr_code(device: Authenticator) -> str:
    """Return the picture that an app reads, as an address for an image."""
    code = segno.make(device.config_url, error="m")
    return str(code.svg_data_uri(scale=4, border=4, light="white"))


def key_text(device: Authenticator) -> str:
    """Return the key as people type it."""
    return _grouped(base64.b32encode(device.bin_key).decode(), " ")


@transaction.atomic
def turn_on(user: User, code: str) -> list[str] | None:
    """Turn the second factor on and return the recovery codes; None for a wrong code."""
    device = Authenticator.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None or not device.verify_token(_plain(code)):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    User.objects.filter(pk=user.pk).update(lacks_second_factor=False)
    logger.info("Second factor turned on user=%s", user.pk)
    return renew_recovery_codes(user)


def is_required() -> bool:
    """Return whether the owner requires a second factor of everybody."""
    return User.objects.filter(is_owner=True, requires_second_factor=True).exists()


@transaction.atomic
def require(owner: User, *, is_required: bool) -> None:
    """Require a second factor of everybody, or of nobody any more."""
    User.objects.filter(pk=owner.pk).update(requires_second_factor=is_required)
    User.objects.update(lacks_second_factor=False)
    if is_required:
        with_one = TOTPDevice.objects.filter(confirmed=True).values("user")
        User.objects.exclude(pk__in=with_one).update(lacks_second_factor=True)
    logger.warning("Second factor required=%s by user=%s", is_required, owner.pk)


@transaction.atomic
def turn_off(user: User) -> None:
    """Let the password alone log in again."""
    TOTPDevice.objects.filter(user=user).delete()
    user.recovery_codes.all().delete()
    User.objects.filter(pk=user.pk).update(lacks_second_factor=is_required())
    logger.warning("Second factor turned off user=%s", user.pk)


@transaction.atomic
def renew_recovery_codes(user: User) -> list[str]:
    """Replace all recovery codes, and return the new ones, which nobody can read again."""
    user.recovery_codes.all().delete()
    codes = [
        _grouped(base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower(), "-")
        for _ in range(N_RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, hash=_hash(code)) for code in codes)
    logger.info("Recovery codes created user=%s", user.pk)
    return codes


@transaction.atomic
def is_right(user: User, code: str) -> bool:
    """Return whether the code is right now; each works only once.

    Raises BrokenSealError if no recovery code was given and the app's key cannot be read.
    """
    n_used, _ = user.recovery_codes.filter(hash=_hash(code)).delete()
    if n_used:
        logger.warning("Recovery code used user=%s", user.pk)
        return True
    device = Authenticator.objects.select_for_update().filter(user=user, confirmed=True).first()
    return device is not None and bool(device.verify_token(_plain(code)))


def n_recovery_codes(user: User) -> int:
    """Return how many recovery codes are left."""
    return user.recovery_codes.count()


def _grouped(text: str, mark: str) -> str:
    return mark.join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def _plain(code: str) -> str:
    return code.replace(" ", "").replace("-", "")


def _hash(code: str) -> str:
    """Hash a recovery code; it has 120 random bits, so that no slow hash is needed."""
    return hashlib.sha256(_plain(code).lower().encode("utf-8", "replace")).hexdigest()


def begin(request: HttpRequest, user: User, next_page: str) -> None:
    """Note in the session that the user gave the right password."""
    request.session[_PENDING] = {
        "user": user.pk,
        "hash": user.get_session_auth_hash(),
        "at": timezone.now().timestamp(),
        "next": next_page,
    }


def pending_user(request: HttpRequest) -> User | None:
    """Return whose password this browser gave a moment ago."""
    pending = request.session.get(_PENDING)
    if pending is None or timezone.now().timestamp() - pending["at"] > _PENDING_FOR_S:
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    if user is None or not constant_time_compare(user.get_session_auth_hash(), pending["hash"]):
        return None
    return user


def finish(request: HttpRequest) -> str:
    """Forget that a code was asked for, and return the page to go to."""
    return str(request.session.pop(_PENDING)["next"])
