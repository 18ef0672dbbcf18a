"""The noise matrix: given against estimated true classes, and what merging some would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.http import QueryDict
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from cleansets.analytics.classes import ClassNoise, NoiseMatrix, class_noise, noise_matrix
from cleansets.analytics.estimated_rows import among_cell, among_class
from cleansets.models import Cleanset
from cleansets.row_address import ALL_ROWS, MAX_SET_NAME, RowQuery
from studio.engine.counted import counted
from studio.figures import percent

MAX_MATRIX = 20
MODES = {"counts": "Rows", "rates": "Share of the label"}
N_SHADES = 9
MERGED = " + "


@dataclass(frozen=True, slots=True)
class MatrixPanel:
    """The noise matrix as rows of a table, with what merging some classes would change.

    `search` is the text by which classes were looked for, and `note` what it found.
    """

    mode: str
    title: str
    classes: list[str]
    rows: list[tuple[str, SafeString]]
    n_left_out: int
    can_search: bool
    search: str
    note: str
    choices: list[str]
    merged: list[str]
    effect: str


@dataclass(frozen=True, slots=True)
class ClassNoiseLine:
    """The matrix of one class, its four cells with shades and addresses."""

    name: str
    cells: list[tuple[str, str, str]]


def matrix_panels(cleanset: Cleanset, params: QueryDict) -> dict[str, object]:
    """Build the matrix of all classes, or, where rows have several, one per class."""
    lines = class_noise(cleanset)
    mode = params.get("matrix", "")
    if mode not in MODES:
        mode = "counts"
    return {
        "matrix": _matrix(cleanset, mode, params.getlist("merge"), params.get("classes", "")),
        "matrix_modes": MODES,
        "class_noise_title": _class_noise_title(lines),
        "class_noise": [_class_noise_line(cleanset, line, mode) for line in lines],
        "matrix_mode": mode,
    }


def _matrix(
    cleanset: Cleanset, mode: str, merged: Sequence[str], search: str
) -> MatrixPanel | None:
    found = noise_matrix(cleanset)
    if found is None or len(found.classes) < 2:
        return None
    names = [name for name in merged if name in found.classes]
    changed = found.merged(names)
    effect = ""
    if len(names) > 1:
        n_gone = found.n_differing - changed.n_differing
        effect = (
            f"If {' and '.join(f'“{name}”' for name in names)} were one class,"
            f" {n_gone:,} of the {counted(found.n_differing, 'row')} whose label differs would no"
            " longer do so."
        )
    search = search.strip()
    n_found = sum(_contains(name, search) for name in changed.classes)
    shown = shown_classes(changed, search)
    choices = found.classes
    if len(choices) > MAX_MATRIX:
        in_view = {name for place in shown for name in changed.classes[place].split(MERGED)}
        choices = [name for name in choices if name in names or name in in_view]
    return MatrixPanel(
        mode=mode,
        title=_matrix_title(found),
        classes=[changed.classes[place] for place in shown],
        rows=[(changed.classes[i], _cells(cleanset, changed, i, shown, mode)) for i in shown],
        n_left_out=len(changed.classes) - len(shown),
        can_search=len(found.classes) > MAX_MATRIX,
        search=search,
        note=_search_note(search, n_found),
        choices=choices,
        merged=names,
        effect=effect,
    )


def _contains(name: str, search: str) -> bool:
    return search.casefold() in name.casefold()


def _search_note(search: str, n_found: int) -> str:
    if not search:
        return ""
    if not n_found:
        return f"No class contains “{search}”; these are the ones confused the most."
    classes = counted(n_found, "class contains", "classes contain")
    return f"{classes} “{search}”, shown with the classes for which they are taken most often."


def shown_classes(found: NoiseMatrix, search: str) -> list[int]:
    """Return the places of the classes in view, in their order.

    These are the ones with the most differing rows. Of a search, they are the classes that match
    it, and then those with the most differing rows in common with them.
    """
    off = found.counts.copy()
    np.fill_diagonal(off, 0)
    is_match = np.array([_contains(name, search) for name in found.classes])
    if not search or not is_match.any():
        weight = off.sum(axis=0) + off.sum(axis=1)
        return sorted(np.argsort(-weight, kind="stable")[:MAX_MATRIX].tolist())
    shared = off[is_match].sum(axis=0) + off[:, is_match].sum(axis=1)
    order = np.lexsort((-shared, ~is_match))
    n_near = int((is_match | (shared > 0)).sum())
    return sorted(order[: min(n_near, MAX_MATRIX)].tolist())


def _matrix_title(found: NoiseMatrix) -> str:
    n_rows = int(found.counts.sum())
    have = "has" if found.n_differing == 1 else "have"
    return (
        f"{found.n_differing:,} of {counted(n_rows, 'row')} probably {have} another class than the"
        " given one"
    )


def _cells(
    cleanset: Cleanset, found: NoiseMatrix, i: int, shown: list[int], mode: str
) -> SafeString:
    n_given = max(int(found.counts[i].sum()), 1)
    given_name = found.classes[i]
    cells = []
    for j in shown:
        count = int(found.counts[i, j])
        share = count / n_given
        true_name = found.classes[j]
        text = _cell_text(count, share, mode)
        rows = counted(count, f"row given {given_name} is", f"rows given {given_name} are")
        says = escape(f"{rows} probably {true_name}, {percent(share)} of them")
        if count and i != j and MERGED not in given_name + true_name:
            rows = _rows(cleanset, among_cell(cleanset, given_name, true_name))
            if not rows:
                rows = RowQuery(given=given_name, suggested=true_name).params()
            address = escape(f"{cleanset.get_absolute_url()}?{rows}")
            text = f'<a href="{address}" aria-label="{says}">{text}</a>'
        diagonal = " is-diagonal" if i == j else ""
        cells.append(f'<td class="{_shade(share)}{diagonal}" title="{says}">{text}</td>')
    return mark_safe("".join(cells))  # noqa: S308  (names are escaped)


def _cell_text(count: int, share: float, mode: str) -> str:
    if not count:
        return ""
    return percent(share, 0) if mode == "rates" else f"{count:,}"


def _shade(share: float) -> str:
    if not share:
        return "heat-0"
    return f"heat-{min(N_SHADES, 1 + int(share**0.5 * N_SHADES))}"


def _rows(cleanset: Cleanset, among: str) -> str:
    """Return the address of a set of rows; empty if the names of its classes are too long."""
    if len(among) > MAX_SET_NAME:
        return ""
    return RowQuery(issue=ALL_ROWS, among=among).params(sort="label_issue_score")


def _class_noise_title(lines: list[ClassNoise]) -> str:
    if not lines:
        return ""
    first = lines[0]
    if not first.n_differing:
        return "No class probably is wrong or missing in any row"
    return (
        f"“{first.name}” differs the most: {counted(first.n_given_wrongly, 'row')} probably should"
        f" not have it, {counted(first.n_missing, 'lacks', 'lack')} it"
    )


def _class_noise_line(cleanset: Cleanset, line: ClassNoise, mode: str) -> ClassNoiseLine:
    n_given = max(1, line.n_both + line.n_given_wrongly)
    n_others = max(1, line.n_missing + line.n_neither)
    counts = (
        (line.n_both, n_given, True, True),
        (line.n_given_wrongly, n_given, True, False),
        (line.n_missing, n_others, False, True),
        (line.n_neither, n_others, False, False),
    )
    cells = []
    for count, n_rows, is_given, is_true in counts:
        share = count / n_rows
        rows = ""
        # The other two cells may be nearly all rows.
        if count and is_given != is_true:
            among = among_class(cleanset, line.name, is_given=is_given, is_true=is_true)
            rows = _rows(cleanset, among)
        text = percent(share) if mode == "rates" else f"{count:,}"
        cells.append((text, _shade(share), rows))
    return ClassNoiseLine(line.name, cells)
