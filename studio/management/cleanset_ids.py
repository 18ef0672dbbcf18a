"""A cleanset by the id that somebody typed."""

from __future__ import annotations

import uuid

from cleansets.models import Cleanset
from studio.engine.errors import DataProblem


def finished_cleanset(text: str) -> Cleanset:
    """Return the cleanset whose analysis is done. Raises DataProblem."""
    try:
        cleanset_id = uuid.UUID(text)
    except ValueError as error:
        raise DataProblem(f"'{text}' is no id of a cleanset. It stands in the address of the review page.") from error
    cleanset = Cleanset.objects.select_related("project__version", "project__owner").filter(pk=cleanset_id).first()
    if cleanset is None:
        raise DataProblem(f"There is no cleanset {text}. Its id stands in the address of the review page.")
    if not cleanset.is_succeeded:
        raise DataProblem(f"The analysis of this cleanset is {cleanset.get_status_display().lower()}, not done.")
    return cleanset
