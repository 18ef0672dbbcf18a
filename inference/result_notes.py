"""Which column of a result has notes: its cells are sentences, not labels."""

from __future__ import annotations

import pyarrow as pa

_NOTE = {b"holds": b"note"}


def note_field(name: str) -> pa.Field:
    return pa.field(name, pa.string(), metadata=_NOTE)


def is_note(field: pa.Field) -> bool:
    return bool(field.metadata) and field.metadata.get(b"holds") == b"note"
