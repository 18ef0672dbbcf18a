"""Which sheet of a workbook holds the table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from projects.readers.sheets import Book, Sheet
from studio.engine.errors import DataProblem

_N_ROWS = 30  # looked at
_N_SHOWN = 5
_NOTES = re.compile(
    r"(?i)\s*(read[\s_-]*me|notes?|about|info(rmation)?|cover|instructions?|legend|contents|changelog|glossary|"
    r"description|documentation|data[\s_-]*dictionary|codebook)\s*"
)


@dataclass(frozen=True, slots=True)
class SheetChoice:
    """The sheet that is read, all that could be, and whether others were passed over."""

    title: str
    titles: tuple[str, ...]
    notes: tuple[str, ...] = ()
    is_doubtful: bool = False


def chosen_sheet(book: Book, asked: str | None) -> SheetChoice:
    """Take the sheet that was asked for, or the first one that looks like a table."""
    titles = tuple(sheet.title for sheet in book.sheets)
    if not titles:
        raise DataProblem(
            "The workbook has no sheet with cells. Use a workbook with a table in it."
        )
    if asked is not None:
        return SheetChoice(_named(asked, titles), titles)
    visible = [sheet for sheet in book.sheets if sheet.is_visible] or list(book.sheets)
    title = visible[0].title
    if len(visible) > 1:
        title = next((sheet.title for sheet in visible if _is_table(book, sheet)), title)
    if len(titles) == 1:
        return SheetChoice(title, titles)
    passed_over = [
        sheet.title for sheet in visible[: [sheet.title for sheet in visible].index(title)]
    ]
    note = f"The workbook has {len(titles)} sheets ({_shown(titles)}); only '{title}' was read"
    if passed_over:
        note += f", because {_shown(passed_over, quoted=True)} does not look like a table"
    return SheetChoice(title, titles, (f"{note}.",), is_doubtful=bool(passed_over))


def _named(asked: str, titles: tuple[str, ...]) -> str:
    wanted = asked.strip().casefold()
    found = [title for title in titles if title == asked] or [
        title for title in titles if title.strip().casefold() == wanted
    ]
    if not found:
        raise DataProblem(
            f"The workbook has no sheet '{asked[:100]}'. Its sheets are: {_shown(titles)}."
        )
    return found[0]


def _is_table(book: Book, sheet: Sheet) -> bool:
    """A table has two columns or more, in its first rows or in most; some sheets' names say that
    they hold none.
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
