"""A reader under test: bytes in, the facts and the cells out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from projects.readers import ROW_ID, ReadLimits, ReadOptions, TableFacts, read_table
from studio.engine.errors import DataProblem
from studio.engine.progress import Silent


@dataclass(frozen=True)
class Reading:
    facts: TableFacts
    rows: list[tuple[str | None, ...]]
    row_ids: list[int]


@dataclass(frozen=True)
class Reader:
    folder: Path

    def __call__(
        self,
        content: bytes,
        filename: str = "table.csv",
        limits: ReadLimits | None = None,
        **options: Any,
    ) -> Reading:
        source, out = self.folder / "upload", self.folder / "out.parquet"
        source.write_bytes(content)
        facts = read_table(
            source,
            filename,
            out,
            progress=Silent(),
            limits=limits or ReadLimits(),
            options=ReadOptions(**options),
        )
        table = pq.read_table(out)
        assert table.column_names == [ROW_ID, *facts.columns]
        columns = [table.column(position).to_pylist() for position in range(table.num_columns)]
        assert sorted(path.name for path in self.folder.iterdir()) == ["out.parquet", "upload"]
        return Reading(facts, list(zip(*columns[1:], strict=True)), columns[0])

    def problem(
        self,
        content: bytes,
        filename: str = "table.csv",
        limits: ReadLimits | None = None,
        **options: Any,
    ) -> str:
        """The message that a file is refused with; nothing may be left behind."""
        with pytest.raises(DataProblem) as caught:
            self(content, filename, limits, **options)
        assert [path.name for path in self.folder.iterdir()] == ["upload"]
        return str(caught.value)


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    return Reader(tmp_path)
