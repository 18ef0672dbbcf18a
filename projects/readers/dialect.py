"""How the cells of a delimited text file are separated and quoted."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from projects.readers.facts import FileFormat

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 512 * 1024
_SAMPLE_ROWS = 500
_EXCEL_HINT = re.compile(r"sep=(.)(?:\r\n|\r|\n)")  # Excel's own way to name the delimiter, on a line of its own
_SHOWN = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to split the lines; `n_skipped` lines stand before the header."""

    delimiter: str
    quote: str = '"'
    n_skipped: int = 0

    def reader(self, lines: Iterable[str], *, strict: bool = True) -> Reader:
        """A reader that alters nothing: quotes doubled inside quotes, no escape character, no trimming."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            doublequote=True,
            skipinitialspace=False,
            strict=strict,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about it."""
        notes = (
            []
            if self.delimiter == ","
            else [f"The cells are separated by {_SHOWN.get(self.delimiter, self.delimiter)}."]
        )
        if self.quote != '"':
            notes.append("The cells are quoted with single quotes (').")
        return tuple(notes)


def find_dialect(path: Path, codec: str, file_format: FileFormat) -> Dialect:
    """Choose the delimiter that splits the first rows into equally many cells, most cells first."""
    with path.open(encoding=codec, newline="") as file:
        sample = file.read(_SAMPLE_CHARS)
        is_whole = not file.read(1)
    hint = _EXCEL_HINT.match(sample)
    if hint:
        return Dialect(hint[1], n_skipped=1)
    preferred = ("\t", ",", ";", "|") if file_format is FileFormat.TSV else DELIMITERS
    quote = _quote(sample)
    tried = [_Trial.of(Dialect(delimiter, quote), sample, is_whole) for delimiter in preferred]
    return max(tried, key=lambda trial: (trial.is_even and trial.n_cells > 1, trial.n_cells)).dialect


@dataclass(frozen=True, slots=True)
class _Trial:
    dialect: Dialect
    n_cells: int  # of the header
    is_even: bool  # whether the other rows have as many

    @classmethod
    def of(cls, dialect: Dialect, sample: str, is_whole: bool) -> _Trial:  # noqa: FBT001 (a fact, not a switch)
        rows = [row for row in _sample_rows(dialect, sample, is_whole=is_whole) if row]
        lengths = {len(row) for row in rows}
        return cls(dialect, len(rows[0]) if rows else 0, len(lengths) == 1)


def _sample_rows(dialect: Dialect, sample: str, *, is_whole: bool) -> list[list[str]]:
    rows: list[list[str]] = []
    reader = dialect.reader(_lines(sample), strict=False)
    for row in reader:
        rows.append(row)
        if len(rows) == _SAMPLE_ROWS:
            return rows
    return rows if is_whole else rows[:-1] or rows  # the last row may be cut off


def _lines(text: str) -> Iterator[str]:
    # Not splitlines: that also splits at characters, such as U+2028, which do not end a line of a file.
    return (match.group() for match in re.finditer(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text))


def _quote(sample: str) -> str:
    """Single quotes only where every name of the header stands in them: elsewhere they are apostrophes."""
    header = next(_lines(sample), "").rstrip("\r\n").lstrip("\ufeff")
    quoted = r"'(?:[^']|'')+'"
    return "'" if re.fullmatch(rf"{quoted}(?:[,;\t|]{quoted})*", header) else '"'
