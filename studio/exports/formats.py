"""Tables as files, in the format that the file name implies; cells are not altered."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from studio.engine.errors import DataProblem
from studio.exports.cells import Batches
from studio.exports.parquet import write_parquet
from studio.exports.streams import (
    stream_exact_csv,
    stream_exact_tsv,
    stream_json,
    stream_json_lines,
)
from studio.exports.workbook import refuse_beyond_sheet, write_xlsx

_STREAMS = {
    "csv": stream_exact_csv,
    "tsv": stream_exact_tsv,
    "json": stream_json,
    "jsonl": stream_json_lines,
}
_WRITERS = {"parquet": write_parquet, "xlsx": write_xlsx}
_KNOWN = ", ".join(f".{name}" for name in (*_STREAMS, *_WRITERS))
_GZIP = ".gz"


@dataclass(frozen=True, slots=True)
class TableFormat:
    """The format of a table file."""

    name: str
    is_gzipped: bool = False


CSV = TableFormat("csv")


def known_format(filename: str) -> TableFormat | None:
    """Return the format that a file name implies; None if unknown."""
    path = PurePath(filename.lower())
    is_gzipped = path.suffix == _GZIP
    name = PurePath(path.stem).suffix[1:] if is_gzipped else path.suffix[1:]
    if name in _STREAMS or (name in _WRITERS and not is_gzipped):
        return TableFormat(name, is_gzipped)
    return None


def format_of(filename: str) -> TableFormat:
    """Return the format that a file name implies. Raises DataProblem if unknown."""
    found = known_format(filename)
    if found is None:
        ending = PurePath(filename).suffix
        stated = f"ends in “{ending}”" if ending else "has no ending"
        raise DataProblem(
            f"The name {filename} {stated}, which is not a format that can be written. "
            f"Use one of {_KNOWN}; the first four also with {_GZIP}."
        )
    return found


def refuse_unwritable(table_format: TableFormat, n_columns: int, batches: Batches) -> None:
    """Raise DataProblem if a file of this format cannot hold the batches."""
    if table_format.name == "xlsx":
        refuse_beyond_sheet(n_columns, batches)


def write_table(
    path: Path, table_format: TableFormat, columns: Sequence[str], batches: Batches
) -> None:
    """Write the batches to a file. Raises DataProblem if a workbook cannot hold them."""
    if table_format.name in _WRITERS:
        _WRITERS[table_format.name](path, columns, batches)
        return
    stream = _STREAMS[table_format.name](columns, batches)
    if table_format.is_gzipped:
        with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
            file.writelines(stream)
    else:
        with path.open("wb") as file:
            file.writelines(stream)
