"""Which classes of multi-label rows are given wrongly, and which are missing."""

from __future__ import annotations

from dataclasses import dataclass

from cleansets.row_address import RowQuery
from studio.engine.counted import counted
from studio.engine.schema.health import ClassNoise, Health

N_SHOWN = 15


@dataclass(frozen=True, slots=True)
class ClassErrors:
    """A class with two bars, to the left and to the right of a common zero.

    The addresses are those of flagged rows that have the class, and of flagged rows for which it
    is suggested; the latter is empty if there are none.
    """

    noise: ClassNoise
    text: str
    wrong_bar: float
    missing_bar: float
    rows: str
    rows_lacking: str


@dataclass(frozen=True, slots=True)
class WrongSets:
    """The picture: a sentence, and the classes with the most errors."""

    title: str
    lines: list[ClassErrors]


def wrong_sets(found: Health) -> WrongSets | None:
    """Draw the estimated errors of each class; None if there are none, or for other tasks."""
    classes = [] if found.noise is None else list(found.noise.classes)
    classes = [row for row in classes if row.n_given_wrongly + row.n_missing]
    if not classes:
        return None
    most = max(max(row.n_given_wrongly, row.n_missing) for row in classes)
    is_suggested = {row.name for row in found.classes if row.inverse_noise}
    lines = []
    for row in classes[:N_SHOWN]:
        lacking = ""
        if row.name in is_suggested:
            lacking = RowQuery(suggested=row.name).params()
        lines.append(
            ClassErrors(
                row,
                text=_sentence(row),
                wrong_bar=row.n_given_wrongly / most,
                missing_bar=row.n_missing / most,
                rows=RowQuery(given=row.name).params(),
                rows_lacking=lacking,
            )
        )
    worst = classes[0]
    title = (
        f"“{worst.name}” is wrong most often: about {counted(worst.n_given_wrongly, 'row')} should"
        f" not have it, about {counted(worst.n_missing, 'lacks', 'lack')} it"
    )
    return WrongSets(title, lines)


def _sentence(row: ClassNoise) -> str:
    return (
        f"{row.name}: {row.n_given_wrongly:,} of {counted(row.n_given, 'row')} should not have it,"
        f" {counted(row.n_missing, 'lacks', 'lack')} it"
    )
