"""Lookup of a cleanset by a typed ID."""

from __future__ import annotations

import uuid

from cleansets.models import Cleanset
from studio.engine.errors import DataProblem
from studio.management.started import refuse_before_first_start

EXAMPLE_ID = "0b5f8a52-6f3c-4f0a-9d6e-2f1f4a3c7b11"
CLEANSET_ID_HELP = (
    "the id of a cleanset of this studio; `GET /api/v1/projects` lists them, and so do its web"
    " addresses"
)


def finished_cleanset(text: str) -> Cleanset:
    """Return a finished cleanset. Raises DataProblem if there is none with this ID."""
    try:
        cleanset_id = uuid.UUID(text)
    except ValueError as error:
        raise DataProblem(
            f"'{text}' is not the id of a cleanset. Expected one such as {EXAMPLE_ID}."
        ) from error
    refuse_before_first_start()
    cleanset = (
        Cleanset.objects.select_related("version", "project__owner").filter(pk=cleanset_id).first()
    )
    if cleanset is None:
        raise DataProblem(f"There is no cleanset {text}. Check the id.")
    if not cleanset.is_succeeded:
        raise DataProblem(
            f"The analysis of this cleanset is {cleanset.get_status_display().lower()}, not done."
        )
    return cleanset
