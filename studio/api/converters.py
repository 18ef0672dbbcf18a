"""IDs in the public client's addresses: any spelling of a UUID that Python reads."""

from __future__ import annotations

import uuid

from django.urls import register_converter


class AnyUUID:
    """A UUID with or without hyphens, in lower or upper case."""

    regex = "[0-9a-fA-F-]{32,36}"

    def to_python(self, value: str) -> uuid.UUID:
        """Return the ID; a ValueError means that the address does not match."""
        return uuid.UUID(value)

    def to_url(self, value: uuid.UUID | str) -> str:
        """Return the usual spelling."""
        return str(value)


register_converter(AnyUUID, "anyuuid")
