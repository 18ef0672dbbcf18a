"""What all workbook readers share: sheets, their rows as text, and merged cells."""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Protocol
from xml.etree.ElementTree import ParseError

from projects.readers.xml_parts import ForbiddenXml, forbidden_xml
from studio.engine.errors import DataProblem

SAVE_AGAIN = "Open it in a spreadsheet program, save it again and use that."
MAX_ROWS = 1_048_576  # of a sheet, by Excel's specification
MAX_MERGES = 500_000
# What the libraries raise for workbooks that do not keep to the format.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, ParseError, EOFError, RuntimeError,
    LookupError, ValueError, TypeError, AttributeError, ArithmeticError,
)  # fmt: skip
_MAX_EXACT_INTEGER = 2**53  # above it a float no longer holds every integer


@dataclass(frozen=True, slots=True)
class Sheet:
    title: str
    is_visible: bool


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of a sheet; `number` is 1-based, and a blank cell is an empty text."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True, order=True)
class Merge:
    """Merged cells: rows by 1-based number, columns by 0-based place, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


class Book(Protocol):
    """An opened workbook."""

    @property
    def sheets(self) -> Sequence[Sheet]:
        """All sheets with cells, in the order of the workbook."""

    def rows(self, title: str) -> Iterator[SheetRow]:
        """Yield all rows of a sheet from the first, including blank ones."""

    def merges(self, title: str) -> list[Merge]:
        """Return the merged cells of a sheet. Raises DataProblem if it cannot be read exactly."""


@contextmanager
def damage_explained() -> Iterator[None]:
    """Turn what libraries raise over a damaged workbook into DataProblem."""
    try:
        yield
    except ForbiddenXml as error:
        raise forbidden_xml() from error
    except _DAMAGE as error:
        raise _damaged(error) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # such as a seek before the start of the file
            raise
        raise _damaged(error) from error


def _damaged(error: Exception) -> DataProblem:
    return DataProblem(
        f"The workbook is damaged and cannot be read ({type(error).__name__}). {SAVE_AGAIN}"
    )


def number_text(value: float) -> str:
    """Return a number as a spreadsheet shows it: without a point if it is whole."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) <= _MAX_EXACT_INTEGER:
        return str(int(value))
    return repr(value)


def moment_text(value: datetime | date | time | timedelta, *, shows_time: bool = False) -> str:
    """Return a date or time in ISO format; midnight is left out unless the cell shows it."""
    if isinstance(value, datetime):
        has_time = shows_time or value.time() != time()
        return value.isoformat(sep=" ") if has_time else value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)
