"""Commands called as a terminal would, without a database."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command

from tests.reading import commands_read_files_here


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str


def run(command: str, *arguments: object) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    try:
        with commands_read_files_here():
            call_command(command, *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as end:
        return Ended(int(end.code or 0), out.getvalue(), err.getvalue())
    return Ended(0, out.getvalue(), err.getvalue())


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
