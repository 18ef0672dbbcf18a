"""How the cells of a delimited text file are separated and quoted; see docs/decisions/csv.md."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from projects.readers.facts import FileFormat, ReadOptions

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", ";", "\t", "|")
_TSV_DELIMITERS = ("\t", ",", ";", "|")
_SAMPLE_CHARS = 512 * 1024
_SAMPLE_ROWS = 500
# Excel's way to declare the delimiter, on a line of its own.
_EXCEL_HINT = re.compile(r"sep=(.)(?:\r\n|\r|\n)")
_SHOWN = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to split the lines.

    `n_skipped` lines precede the header. `quote` is empty if quotation marks are ordinary
    characters. `skips_space` ignores the spaces after a delimiter, as in `1, "two, three"`.
    """

    delimiter: str
    quote: str = '"'
    n_skipped: int = 0
    skips_space: bool = False

    def reader(self, lines: Iterable[str], *, strict: bool = True) -> Reader:
        """Return a csv reader: quotes are doubled inside quotes, and nothing is an escape."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            quotechar=self.quote or None,
            doublequote=True,
            skipinitialspace=self.skips_space,
            strict=strict,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the user on what is unusual."""
        notes = []
        if self.delimiter != ",":
            shown = _SHOWN.get(self.delimiter, self.delimiter)
            notes.append(f"The cells are separated by {shown}.")
        if self.quote == "'":
            notes.append("The cells are quoted with single quotes (').")
        if self.skips_space:
            notes.append(
                "Spaces after a delimiter were left out, because quoted cells stand behind one."
            )
        return tuple(notes)


def find_dialect(path: Path, codec: str, file_format: FileFormat, asked: ReadOptions) -> Dialect:
    """Choose the delimiter that splits the first rows into equally many cells, most cells first."""
    with path.open(encoding=codec, newline="") as file:
        sample = file.read(_SAMPLE_CHARS)
        is_whole = not file.read(1)
    hint = _EXCEL_HINT.match(sample)
    n_skipped = 0
    if hint:
        n_skipped = 1
        sample = sample[hint.end() :]
    quote = asked.quotes
    if quote is None:
        quote = _quote(sample)
    if asked.delimiter is not None:
        delimiters: tuple[str, ...] = (asked.delimiter,)
    elif hint:
        delimiters = (hint[1],)
    elif file_format is FileFormat.TSV:
        delimiters = _TSV_DELIMITERS
    else:
        delimiters = DELIMITERS
    tried = [
        trial
        for delimiter in delimiters
        for trial in _trials(Dialect(delimiter, quote, n_skipped), sample, is_whole=is_whole)
    ]
    return max(tried, key=lambda trial: trial.rank).dialect


def _trials(dialect: Dialect, sample: str, *, is_whole: bool) -> Iterator[_Trial]:
    rows = _sample_rows(dialect, sample, is_whole=is_whole)
    yield _Trial.of(dialect, rows)
    if (
        dialect.quote
        and not dialect.delimiter.isspace()
        and _has_quote_after_space(dialect, rows, sample)
    ):
        without_spaces = replace(dialect, skips_space=True)
        yield _Trial.of(without_spaces, _sample_rows(without_spaces, sample, is_whole=is_whole))


def _has_quote_after_space(dialect: Dialect, rows: list[list[str]], sample: str) -> bool:
    # The cells alone do not tell: `" """` is a quoted cell whose text begins with a space.
    if not re.search(rf"{re.escape(dialect.delimiter)} +{dialect.quote}", sample):
        return False
    return any(
        cell.startswith(" ") and cell.lstrip(" ").startswith(dialect.quote)
        for row in rows
        for cell in row
    )


@dataclass(frozen=True, slots=True)
class _Trial:
    dialect: Dialect
    n_cells: int  # of the header
    is_even: bool  # whether the other rows have as many

    @classmethod
    def of(cls, dialect: Dialect, rows: list[list[str]]) -> _Trial:
        filled = [row for row in rows if row]
        lengths = {len(row) for row in filled}
        return cls(dialect, len(filled[0]) if filled else 0, len(lengths) == 1)

    @property
    def rank(self) -> tuple[bool, int, bool]:
        """Sort key, higher is better; skipping spaces only counts if it makes the rows even."""
        skips_space = self.dialect.skips_space
        n_cells = self.n_cells
        if skips_space and not self.is_even:
            n_cells = 0
        return (self.is_even and n_cells > 1, n_cells, skips_space)


def _sample_rows(dialect: Dialect, sample: str, *, is_whole: bool) -> list[list[str]]:
    """Return the first rows; none if spaces are skipped and text follows a quoted cell."""
    rows: list[list[str]] = []
    reader = dialect.reader(_lines(sample), strict=dialect.skips_space)
    try:
        for row in reader:
            rows.append(row)
            if len(rows) == _SAMPLE_ROWS:
                return rows
    except csv.Error as error:
        if "unexpected end" not in str(error):  # the sample may end inside a quoted cell
            return []
    if is_whole:
        return rows
    return rows[:-1] or rows  # the last row may be cut off


def _lines(text: str) -> Iterator[str]:
    # Not splitlines: that also splits at characters such as U+2028, which do not end lines here.
    return (match.group() for match in re.finditer(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", text))


def _quote(sample: str) -> str:
    """Return the quotation mark: single quotes only if they enclose every name of the header.

    Elsewhere they are apostrophes.
    """
    header = next(_lines(sample), "").rstrip("\r\n").lstrip("\ufeff")
    quoted = r"'(?:[^']|'')+'"
    if re.fullmatch(rf"{quoted}(?:[,;\t|]{quoted})*", header):
        return "'"
    return '"'
