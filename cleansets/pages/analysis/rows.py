"""The rows that a finding about the whole dataset is about, as addresses of the review table."""

from __future__ import annotations

import re

from cleansets.models import Cleanset
from cleansets.row_address import CellFilter, RowQuery
from studio.engine.schema.health import Leak

_RANGE = re.compile(r"from (\S+) to (\S+)")


def group_rows(cleanset: Cleanset, description: str) -> str:
    """Return the address of a group's label issues; empty if the group is no filter of a column.

    Groups are described by the engine: `region = north`, `age is empty`, `age from 20 to 30`.
    Topics of texts have no filter; analyses list their rows.
    """
    names = [column["name"] for column in cleanset.version.columns]
    for name in sorted(names, key=len, reverse=True):
        if not description.startswith(f"{name} "):
            continue
        cells = _cells(name, description[len(name) + 1 :])
        if cells:
            return RowQuery(cells=cells).params()
    return ""


def _cells(name: str, condition: str) -> tuple[CellFilter, ...]:
    if condition == "is empty":
        return (CellFilter(name, "missing"),)
    if condition.startswith("= "):
        return (CellFilter(name, "is", condition[2:]),)
    found = _RANGE.fullmatch(condition)
    if found is None:
        return ()
    return (CellFilter(name, "min", found[1]), CellFilter(name, "max", found[2]))


def leak_rows(leak: Leak) -> list[tuple[str, str]]:
    """Return for each part of the data its name and the address of its near duplicates."""
    links = []
    for side in leak.sides:
        if not side.n_exact + side.n_near:
            continue
        kind = "is" if side.value else "missing"
        cells = (CellFilter(leak.column, kind, side.value),)
        links.append((side.value or "(empty)", RowQuery("near_duplicate", cells=cells).params()))
    return links
