"""Input files of the commands: checking that they are readable, and reading their table."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings

from projects.readers import ReadLimits, ReadOptions, TableFacts
from projects.readers.subprocess_reader import read_in_subprocess
from studio.engine.errors import DataProblem
from studio.engine.table.required_columns import RequiredColumns
from studio.management.read_options import ADVICE, add_read_options
from studio.management.terminal import Terminal

NO_COLUMNS = RequiredColumns()


def add_table_argument(parser: ArgumentParser) -> None:
    """Add FILE and the options for reading it."""
    parser.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="CSV, TSV, JSON, JSON Lines, XLSX, XLS, XLSB, ODS or Parquet; also gzipped or zipped",
    )
    add_read_options(parser)


def input_file(path: Path) -> Path:
    """Return the path if the file is readable. Raises DataProblem otherwise."""
    if not path.exists():
        raise DataProblem(f"There is no file {path}. Check the path.")
    if path.is_dir():
        raise DataProblem(f"{path} is a folder; expected a data file.")
    if not path.is_file():
        raise DataProblem(
            f"{path} is a pipe or a device, which can be read only once; expected a file."
        )
    try:
        path.open("rb").close()
    except OSError as error:
        raise DataProblem(f"{path} cannot be read: {error.strerror}.") from error
    return path


def read_input(
    file: Path,
    table: Path,
    terminal: Terminal,
    required: RequiredColumns = NO_COLUMNS,
    *,
    reading: ReadOptions,
) -> TableFacts:
    """Write the rows of the file to a Parquet table, and note what was assumed and how to change
    it.

    Raises MissingColumnsProblem at the header if the file lacks a column.
    """
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES, required=required)
    facts = read_in_subprocess(
        file, file.name, table, progress=terminal.progress, limits=limits, options=reading
    )
    for line in (*facts.notes, *(ADVICE[doubt] for doubt in facts.doubts)):
        terminal.note(line)
    return facts


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, which identifies the file that was analysed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
