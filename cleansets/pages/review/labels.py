"""The labels of a row as the review page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cleansets.label_text import (
    ShownLabel,
    is_same_label,
    shown_label,
)
from cleansets.models import Cleanset


@dataclass(frozen=True, slots=True)
class RowLabels:
    """The labels of a row for a page; a missing one is None.

    `uploaded` is set only if the given label is a correction, and `now` only if the current label
    differs from the given one.
    """

    given: ShownLabel | None
    suggested: ShownLabel | None
    corrected: ShownLabel | None
    uploaded: ShownLabel | None
    now: ShownLabel | None
    is_given_corrected: bool


def row_labels(cleanset: Cleanset, row: Mapping[str, Any]) -> RowLabels:
    """Return the labels of a row, from the uploaded to the current one."""
    task = cleanset.task
    convention = cleanset.label_convention
    is_given_corrected = bool(row["is_given_corrected"])
    uploaded = None
    if is_given_corrected:
        uploaded = shown_label(task, row["uploaded_label"], convention, as_spelled=True)
    now = None
    if not is_same_label(task, row["given_label"], row["clean_label"], convention):
        now = shown_label(task, row["clean_label"], convention)
    return RowLabels(
        given=shown_label(task, row["given_label"], convention),
        suggested=shown_label(task, row["suggested_label"], convention),
        corrected=shown_label(task, row["corrected_label"], convention),
        uploaded=uploaded,
        now=now,
        is_given_corrected=is_given_corrected,
    )
