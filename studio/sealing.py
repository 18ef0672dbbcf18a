"""Encrypts small secrets of the database with the studio's secret key."""

from __future__ import annotations

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from django.conf import settings

_NONCE_BYTES = 12
_TAG_BYTES = 8  # with nonce and tag, a key of 20 bytes fits into the 80 characters of a device


class BrokenSealError(Exception):
    """A secret was encrypted with another secret key, for somebody else, or was changed."""


def seal(secret: bytes, *, owner: str) -> str:
    """Return the secret encrypted, in hexadecimal digits; only the same owner can open it."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return (nonce + _cipher().encrypt(nonce, secret, owner.encode())).hex()


def unseal(sealed: str, *, owner: str) -> bytes:
    """Return the secret. Raises BrokenSealError."""
    try:
        content = bytes.fromhex(sealed)
        nonce = content[:_NONCE_BYTES]
        return _cipher().decrypt(nonce, content[_NONCE_BYTES:], owner.encode())
    except (InvalidTag, ValueError) as error:
        raise BrokenSealError("The secret was not encrypted with this secret key.") from error


def _cipher() -> AESCCM:
    key = hashlib.sha256(b"studio.sealing\0" + settings.SECRET_KEY.encode()).digest()
    return AESCCM(key, tag_length=_TAG_BYTES)
