"""What a file of corrections says and would change, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import pyarrow.parquet as pq

from cleansets import row_query, selectors
from cleansets.corrections import file_columns
from cleansets.decision_rows import Change
from cleansets.label_text import ShownLabel, shown_label
from cleansets.models import Cleanset, CorrectionsFile
from cleansets.pages.review.history import decision_text
from studio import tables

N_LINES = 3


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A row that would change: its label now, its decision now, and the one after."""

    row_id: int
    label: ShownLabel | None
    before: str
    after: str


def change_lines(cleanset: Cleanset, changes: Sequence[Change]) -> list[ChangeLine]:
    """Return changes as a page shows them."""
    source = selectors.row_source(cleanset)
    rows = row_query.fetch_decidable([row_id for row_id, *_ in changes], source)
    return [
        ChangeLine(
            row_id,
            shown_label(cleanset.task, rows[row_id]["clean_label"], cleanset.label_convention),
            decision_text(cleanset, before),
            decision_text(cleanset, after),
        )
        for row_id, before, after in changes
    ]


def sample_lines(file: CorrectionsFile) -> list[list[str | None]]:
    """Return the first lines of the file."""
    columns = file_columns(file)
    with pq.ParquetFile(tables.local_path(file.table_key)) as table:
        batch = next(table.iter_batches(N_LINES, columns=columns), None)
    if batch is None:
        return []
    cells = [column.to_pylist() for column in batch.columns]
    return [list(line) for line in islice(zip(*cells, strict=True), N_LINES)]
