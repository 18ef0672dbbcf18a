"""The distinct cells of a label column, in a table that `read_table` wrote."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from studio import tables
from studio.engine.labels.reading import ClassCounts, class_counts, read_labels
from studio.engine.labels.spellings import Spellings, classes_spelled_variously
from studio.engine.ml_task import MLTask
from studio.engine.schema import CleansetSpec
from studio.sql import quoted

MAX_CELLS = 50_000  # distinct cells that are read; a column with more does not hold labels
SAMPLE_ROWS = 20_000  # rows from which a column of sets is recognised


@dataclass(frozen=True, slots=True)
class LabelCells:
    """The distinct cells of a label column with their numbers of rows, most frequent first.

    `n_more` distinct cells are not listed.
    """

    counts: tuple[tuple[str | None, int], ...]
    n_more: int

    @classmethod
    def of(cls, table: Path, column: str) -> LabelCells:
        """Read the distinct cells of a column, at most `MAX_CELLS` of them."""
        query = (
            f"SELECT {quoted(column)} AS cell, count(*) AS n_rows, count(*) OVER () FROM"
            f" read_parquet(?) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MAX_CELLS}"
        )
        with closing(tables.connect()) as connection:
            found = connection.execute(query, [str(table)]).fetchall()
        n_cells = found[0][2] if found else 0
        return cls(tuple((cell, n_rows) for cell, n_rows, _ in found), n_cells - len(found))

    def classes(self, spec: CleansetSpec) -> ClassCounts:
        """Return how often each class occurs, the cells read as the analysis reads them."""
        labels = read_labels([cell for cell, _ in self.counts], spec)
        counted = class_counts(zip(labels, [n for _, n in self.counts], strict=True), spec.task)
        return replace(counted, n_more=self.n_more)

    def spellings(self, spec: CleansetSpec) -> list[Spellings]:
        """Return the classes that are spelled in several ways."""
        if spec.task not in (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL) or self.n_more:
            return []
        return classes_spelled_variously(self.classes(spec.as_spelled()).classes)


def sample_cells(table: Path, column: str) -> list[tuple[str, int]]:
    """Return the distinct filled cells of the first rows with their counts, most frequent first."""
    sample = f"SELECT {quoted(column)} AS cell FROM read_parquet(?) LIMIT {SAMPLE_ROWS}"
    query = (
        f"SELECT cell, count(*) FROM ({sample}) WHERE trim(cell) != ''"
        " GROUP BY 1 ORDER BY 2 DESC, 1"
    )
    with closing(tables.connect()) as connection:
        return connection.execute(query, [str(table)]).fetchall()
