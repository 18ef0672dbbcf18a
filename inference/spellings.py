"""How a file to predict writes numbers, dates and categories, found from all its rows first."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from projects.readers.profile import found_conventions
from studio import tables
from studio.engine.conventions import Conventions, FoundConvention
from studio.engine.recipes.predict import NewSpelling, meant_spellings
from studio.engine.recipes.trained import TrainedModel
from studio.engine.table.levels import MAX_LEVELS, spelling_note
from studio.engine.table.required_columns import RequiredColumns
from studio.sql import quoted


@dataclass(frozen=True, slots=True)
class FileSpelling:
    """The conventions of the columns, and the categories that the file's spellings stand for."""

    conventions: dict[str, FoundConvention]
    meant: dict[str, dict[str, str]]

    @property
    def settled(self) -> NewSpelling:
        """How every row is read."""
        conventions = {name: found.convention for name, found in self.conventions.items()}
        return NewSpelling(conventions, self.meant)

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes on respelled categories."""
        return tuple(spelling_note(name, meant) for name, meant in self.meant.items())


def file_spelling(
    model: TrainedModel, table: Path, required: RequiredColumns, chosen: Conventions
) -> FileSpelling:
    """Return how a table is read: as chosen, else as its cells show, else as in training."""
    present = set(pq.read_schema(table).names)
    sources = {
        name: required.source(name) for name in required.names if required.source(name) in present
    }
    kinds = {source: model.spec.column_kinds[name] for name, source in sources.items()}
    by_source = found_conventions(table, kinds)
    conventions = {
        name: by_source[source].or_as_trained(model.spec.conventions.get(name))
        for name, source in sources.items()
        if source in by_source
    }
    for name, convention in chosen.items():
        found = conventions.get(name, FoundConvention(convention))
        conventions[name] = found.as_chosen(convention)
    values = {name: _values(table, sources[name]) for name in model.levels if name in sources}
    return FileSpelling(conventions, meant_spellings(model, values))


def _values(table: Path, column: str) -> set[str]:
    """Return the distinct values of a column, none if there are too many for categories."""
    query = (
        f"SELECT DISTINCT {quoted(column)} AS cell FROM read_parquet(?) WHERE cell IS NOT"
        " NULL LIMIT ?"
    )
    with closing(tables.connect()) as connection:
        rows = connection.execute(query, [str(table), MAX_LEVELS + 1]).fetchall()
    if len(rows) > MAX_LEVELS:
        return set()
    return {str(cell).strip() for (cell,) in rows}
