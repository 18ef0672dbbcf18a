"""How the set of classes of a multi-label row is written in one cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable


def split_labels(cell: str | None) -> tuple[str, ...]:
    """Return the classes in a cell, each once, in the order in which they are written.

    A cell is one CSV record; spaces around names do not count. An empty or missing cell means that no class applies.

    >>> split_labels('red, "a, b",red')
    ('red', 'a, b')
    >>> split_labels(None)
    ()
    """
    if not cell or not cell.strip():
        return ()
    if '"' not in cell:
        parts = cell.replace("\n", ",").split(",")
    else:
        parts = [name for record in csv.reader(io.StringIO(cell), skipinitialspace=True) for name in record]
    return tuple(dict.fromkeys(name for part in parts if (name := part.strip())))


def join_labels(names: Iterable[str]) -> str:
    """Return the cell of a set of classes, in the order given; empty when no class applies.

    >>> join_labels(["red", "a, b"])
    'red,"a, b"'
    """
    return ",".join(_quoted(name) for name in names)


def _quoted(name: str) -> str:
    if any(mark in name for mark in ',"\r\n') or name != name.strip():
        return '"' + name.replace('"', '""') + '"'
    return name
