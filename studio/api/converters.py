"""IDs in addresses of the public client: any spelling of a UUID, as Python reads it."""

from __future__ import annotations

import uuid

from django.urls import register_converter


class AnyUUID:
    """A UUID with or without hyphens, in lower or upper case."""

    regex = "[0-9a-fA-F-]{32,36}"

    def to_python(self, value: str) -> uuid.UUID:
        """Return the ID; a ValueError means that the address is another one."""
        return uuid.UUID(value)

    def to_url(self, value: uuid.UUID | str) -> str:
        """Return the usual spelling."""
        return str(value)


register_converter(AnyUUID, "anyuuid")
