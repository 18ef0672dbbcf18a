"""Classes that are given together, as a matrix whose cells open rows."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from cleansets.analytics.class_pairs import ClassPairs, class_pairs
from cleansets.models import Cleanset
from cleansets.row_address import ALL_ROWS, CellFilter, RowQuery
from studio.engine.counted import counted
from studio.figures import percent

MAX_CLASSES = 15
N_SHADES = 9


@dataclass(frozen=True, slots=True)
class TogetherPanel:
    """The matrix: its sentence, the classes, and a line of cells for each."""

    title: str
    classes: list[str]
    rows: list[tuple[str, SafeString]]
    n_left_out: int


def classes_together(cleanset: Cleanset) -> TogetherPanel | None:
    """Build the matrix; None for other tasks, and if no row has two classes."""
    found = class_pairs(cleanset)
    if found is None or not found.n_together:
        return None
    classes = list(found.n_rows)[:MAX_CLASSES]
    return TogetherPanel(
        title=_title(found),
        classes=classes,
        rows=[(name, _cells(cleanset, found, name, classes)) for name in classes],
        n_left_out=len(found.n_rows) - len(classes),
    )


def _title(found: ClassPairs) -> str:
    (first, second), count = max(found.n_together.items(), key=lambda one: (one[1], one[0]))
    rows = counted(count, "row")
    return f"“{first}” and “{second}” are given together most often: in {rows}"


def _cells(cleanset: Cleanset, found: ClassPairs, name: str, classes: list[str]) -> SafeString:
    cells = []
    for other in classes:
        if other == name:
            cells.append(format_html('<td class="is-diagonal">{}</td>', f"{found.n_rows[name]:,}"))
            continue
        count = found.together(name, other)
        text = ""
        share = 0.0
        if count:
            share = count / min(found.n_rows[name], found.n_rows[other])
            text = _linked(cleanset, found, (name, other), f"{count:,}")
        cells.append(
            format_html(
                '<td class="heat-{}" title="{}">{}</td>',
                min(N_SHADES, 1 + int(share**0.5 * N_SHADES)) if count else 0,
                f"{name} and {other}: {counted(count, 'row')}, {percent(share)} of those of the"
                " rarer one",
                text,
            )
        )
    return mark_safe("".join(cells))  # noqa: S308  (format_html escapes the names)


def _linked(
    cleanset: Cleanset, found: ClassPairs, pair: tuple[str, str], text: str
) -> SafeString | str:
    """Link to the rows, where a filter finds exactly these.

    It looks for the second class in the cells as they were uploaded.
    """
    name, other = pair
    n_alike = sum(other.casefold() in one.casefold() for one in found.n_rows)
    if cleanset.base is not None or n_alike > 1:
        return text
    has = CellFilter(cleanset.project.label_column, "has", other)
    rows = RowQuery(issue=ALL_ROWS, given=name, cells=(has,)).params()
    return format_html(
        '<a href="{}?{}" aria-label="{}">{}</a>',
        cleanset.get_absolute_url(),
        rows,
        f"{counted(found.together(name, other), 'row')} with {name} and {other}",
        text,
    )
