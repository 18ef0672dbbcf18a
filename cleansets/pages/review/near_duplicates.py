"""The near-duplicate set of a row: its other rows, with differing words marked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from cleansets import row_query
from cleansets.label_text import ShownLabel, is_same_label, shown_label
from cleansets.models import Cleanset
from cleansets.row_query import RowSource
from cleansets.shown_text import with_line_breaks

N_SHOWN = 5
MAX_ROWS = 20  # beside the row itself; larger sets are not decided about as a whole
MAX_CHARS = 600  # of a row's text that are compared


@dataclass(frozen=True, slots=True)
class DifferingPart:
    """Some words of a row, and whether the row in the panel lacks them."""

    text: str
    is_different: bool


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Another row of the set."""

    row_id: int
    parts: list[DifferingPart]
    label: ShownLabel | None


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """The other rows of a near-duplicate set, nearest first.

    `row_ids` are those of all rows of the set, the row in the panel first; `labels_differ` tells
    whether their labels disagree, and `label` is that of the row in the panel.
    """

    rows: list[NearDuplicate]
    row_ids: list[int]
    labels_differ: bool
    label: str | None

    @property
    def shown(self) -> list[NearDuplicate]:
        """The rows that the panel lists."""
        return self.rows[:N_SHOWN]

    @property
    def n_more(self) -> int:
        """How many rows the panel does not list."""
        return len(self.rows) - len(self.shown)

    @property
    def other_ids(self) -> list[int]:
        """The rows of the set but for the one in the panel."""
        return self.row_ids[1:]

    @property
    def is_complete(self) -> bool:
        """Whether the set is small enough for one decision on all of it."""
        return len(self.rows) < MAX_ROWS


def near_duplicates(
    cleanset: Cleanset, cluster: int, row: Mapping[str, Any], source: RowSource
) -> NearDuplicates:
    """Return the other rows in the near-duplicate set of a row."""
    row_id = int(row["row_id"])
    label = row["clean_label"]
    found = row_query.fetch_near_duplicates(cluster, row_id, source, limit=MAX_ROWS)
    columns = cleanset.feature_columns
    text = _text_of(row, columns)
    return NearDuplicates(
        rows=[
            NearDuplicate(
                row_id=other["row_id"],
                parts=differing(text, _text_of(other, columns)),
                label=shown_label(cleanset.task, other["clean_label"], cleanset.label_convention),
            )
            for other in found
        ],
        row_ids=[row_id, *(other["row_id"] for other in found)],
        labels_differ=not all(
            is_same_label(cleanset.task, label, other["clean_label"], cleanset.label_convention)
            for other in found
        ),
        label=label,
    )


def _text_of(row: Mapping[str, Any], columns: list[str]) -> str:
    text = " · ".join(row["own"][name] or "–" for name in columns)
    return with_line_breaks(text)[:MAX_CHARS]


def differing(text: str, other: str) -> list[DifferingPart]:
    """Split `other` into the parts it shares with `text`, word by word, and those it does not."""
    words = re.findall(r"\s+|\w+|\W", text)
    other_words = re.findall(r"\s+|\w+|\W", other)
    matcher = SequenceMatcher(None, words, other_words, autojunk=False)
    return [
        DifferingPart("".join(other_words[start:end]), tag != "equal")
        for tag, _, _, start, end in matcher.get_opcodes()
        if start < end
    ]
