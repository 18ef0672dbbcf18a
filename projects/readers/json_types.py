"""Finds the columns of a JSON file whose values are texts, a type that the table does not keep."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TextIO

from projects.readers.facts import FileFormat, ReadLimits, TableFacts
from projects.readers.json_records import records_of_list
from projects.readers.source import GZIP_MAGIC, ZIP_MAGICS

_START_CHARS = 4096
N_RECORDS = 1_000  # records whose types stand for the whole column


def text_columns(source: Path, facts: TableFacts, limits: ReadLimits) -> tuple[str, ...]:
    """Return the columns of a list of records whose first values are all texts.

    Empty for other formats, other forms and archives.
    """
    if facts.format is not FileFormat.JSON or _is_packed(source):
        return ()
    texts: dict[str, bool] = {}
    with source.open(encoding=facts.encoding, newline="\n") as file:
        if not _is_list(file):
            return ()
        for record in islice(records_of_list(file, max_chars=limits.max_value_bytes), N_RECORDS):
            for name, value in record.items():
                if value is not None:  # a number is kept as a kind of str, so that its digits stay
                    texts[name] = texts.get(name, True) and type(value) is str
    return tuple(name for name in facts.columns if texts.get(name))


def _is_list(file: TextIO) -> bool:
    """Whether the document is a list of records, as the public client sends it."""
    start = file.read(_START_CHARS).lstrip()
    file.seek(0)
    return start.startswith("[") and start[1:].lstrip().startswith("{")


def _is_packed(source: Path) -> bool:
    with source.open("rb") as file:
        magic = file.read(4)
    return magic.startswith(GZIP_MAGIC) or magic in ZIP_MAGICS
