"""Rows by given and suggested label, from which all figures of classes are summed.

The results never change, so a million rows are counted once; after a decision only the decided rows
are.
"""

from __future__ import annotations

from dataclasses import dataclass

from cleansets import selectors
from cleansets.analytics.kept import kept, kept_for_good
from cleansets.models import Action, Cleanset


@dataclass(frozen=True, slots=True)
class LabelCount:
    """Rows with these labels; `suggested` is None where a row is not flagged."""

    given: str | None
    is_flagged: bool
    suggested: str | None
    n_rows: int

    @property
    def estimated(self) -> str | None:
        """The label that the rows probably should have."""
        return self.given if self.suggested is None else self.suggested


@dataclass(frozen=True, slots=True)
class DecidedCount:
    """Rows of a `LabelCount` on which people acted; `label` is the one that they have now."""

    before: LabelCount
    action: str | None
    label: str | None

    @property
    def is_excluded(self) -> bool:
        """Whether the rows are left out."""
        return self.action == Action.EXCLUDE


def label_counts(cleanset: Cleanset) -> list[LabelCount]:
    """Count all rows, whatever was decided."""
    return kept_for_good(cleanset, "label_counts", lambda: _label_counts(cleanset))


def _label_counts(cleanset: Cleanset) -> list[LabelCount]:
    source = selectors.row_source(cleanset)
    labels = _labels_sql(source.result_columns)
    found = source.fetch(f"SELECT {labels}, count(*) FROM issues GROUP BY ALL")
    return [LabelCount(*row) for row in found]


def decided_counts(cleanset: Cleanset) -> list[DecidedCount]:
    """Count the rows on which people acted."""
    return kept(cleanset, "decided_counts", lambda: _decided_counts(cleanset))


def _decided_counts(cleanset: Cleanset) -> list[DecidedCount]:
    source = selectors.row_source(cleanset)
    labels = _labels_sql(source.result_columns)
    found = source.fetch(
        f"""WITH touched AS (SELECT * FROM issues SEMI JOIN reviews USING (row_id))
        SELECT {labels}, action, clean_label::VARCHAR, count(*)
        FROM ({source.rows_sql("touched")}) GROUP BY ALL"""
    )
    return [
        DecidedCount(LabelCount(given, is_flagged, suggested, n_rows), action, label)
        for given, is_flagged, suggested, action, label, n_rows in found
    ]


def _labels_sql(columns: tuple[str, ...]) -> str:
    if "is_label_issue" not in columns:
        return "given_label::VARCHAR, false, NULL::VARCHAR"
    suggested = "CASE WHEN is_label_issue THEN suggested_label END::VARCHAR"
    return f"given_label::VARCHAR, is_label_issue, {suggested}"
