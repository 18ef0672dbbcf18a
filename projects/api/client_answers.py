"""Answers to the public client about datasets: why reading failed, and column types."""

from __future__ import annotations

from projects.models import DatasetVersion
from studio.engine.table.columns import ColumnKind
from studio.runs import Status

# Data type and feature type, as the client's schema files spell them.
SCHEMA_TYPES = {
    ColumnKind.TEXT: ("string", "text"),
    ColumnKind.CATEGORICAL: ("string", "categorical"),
    ColumnKind.INTEGER: ("integer", "numeric"),
    ColumnKind.NUMBER: ("float", "numeric"),
    ColumnKind.BOOLEAN: ("boolean", "boolean"),
    ColumnKind.DATETIME: ("string", "datetime"),
    ColumnKind.IDENTIFIER: ("string", "identifier"),
    ColumnKind.URL: ("string", "text"),
}


def reading_failed(version: DatasetVersion) -> tuple[str, str]:
    """Return why a file was not read, as a short title and a sentence."""
    if version.status == Status.CANCELLED:
        return "Cancelled", "The reading of this file was cancelled. Upload it again."
    return "File not read", version.error_message
