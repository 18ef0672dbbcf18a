"""Chooses the sheet of a workbook that holds the table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from projects.readers.sheets import Book, Sheet
from studio.engine.errors import DataProblem

_N_ROWS = 30  # filled rows from which a sheet is recognised as a table
_N_SHOWN = 5
_NOTES = re.compile(
    r"(?i)\s*(read[\s_-]*me|notes?|about|info(rmation)?|cover|instructions?|legend|contents|changelog|glossary|"
    r"description|documentation|data[\s_-]*dictionary|codebook)\s*"
)


@dataclass(frozen=True, slots=True)
class SheetChoice:
    """The chosen sheet, all sheets, and whether sheets before it were passed over."""

    title: str
    titles: tuple[str, ...]
    notes: tuple[str, ...] = ()
    is_doubtful: bool = False


def chosen_sheet(book: Book, asked: str | None) -> SheetChoice:
    """Return the requested sheet, or the first one that looks like a table."""
    titles = tuple(sheet.title for sheet in book.sheets)
    if not titles:
        raise DataProblem(
            "The workbook has no sheet with cells. Use a workbook with a table in it."
        )
    if asked is not None:
        return SheetChoice(_sheet_titled(asked, titles), titles)
    visible = [sheet for sheet in book.sheets if sheet.is_visible] or list(book.sheets)
    title = visible[0].title
    if len(visible) > 1:
        title = next((sheet.title for sheet in visible if _is_table(book, sheet)), title)
    if len(titles) == 1:
        return SheetChoice(title, titles)
    visible_titles = [sheet.title for sheet in visible]
    passed_over = visible_titles[: visible_titles.index(title)]
    note = f"The workbook has {len(titles)} sheets ({_shown(titles)}); only '{title}' was read"
    if passed_over:
        note += f", because {_shown(passed_over, quoted=True)} does not look like a table"
    return SheetChoice(title, titles, (f"{note}.",), is_doubtful=bool(passed_over))


def _sheet_titled(name: str, titles: tuple[str, ...]) -> str:
    if name in titles:
        return name
    folded = name.strip().casefold()
    for title in titles:
        if title.strip().casefold() == folded:
            return title
    raise DataProblem(
        f"The workbook has no sheet '{name[:100]}'. Its sheets are: {_shown(titles)}."
    )


def _is_table(book: Book, sheet: Sheet) -> bool:
    """Say whether a sheet looks like a table: its first rows, or most, have two cells or more.

    Sheets named like documentation do not count.
    """
    if _NOTES.fullmatch(sheet.title):
        return False
    rows = (sum(map(bool, row.cells)) for row in book.rows(sheet.title))
    widths = list(islice((width for width in rows if width), _N_ROWS))
    is_wide = [width > 1 for width in widths]
    return len(is_wide) > 1 and (all(is_wide[:2]) or 2 * sum(is_wide) > len(is_wide))


def _shown(titles: tuple[str, ...] | list[str], *, quoted: bool = False) -> str:
    names = [f"'{title}'" if quoted else title for title in titles[:_N_SHOWN]]
    return ", ".join(names) + (", …" if len(titles) > _N_SHOWN else "")
