"""Options for how a file writes numbers and dates, where this is ambiguous."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from studio.engine.conventions import DATE_ORDERS, DECIMALS, Convention
from studio.engine.errors import DataProblem
from studio.engine.table.columns import MEASURED, ColumnKind

ADVICE = "If that is wrong, say so with --decimal or --dates."


def add_convention_options(parser: ArgumentParser) -> None:
    """Declare `--decimal` and `--dates`."""
    parser.add_argument(
        "--decimal",
        action="append",
        default=[],
        metavar="[COL=]MARK",
        help=(
            "the decimal mark of numbers, point or comma, of every column or of COL; found from"
            " each column if not given. May be repeated"
        ),
    )
    parser.add_argument(
        "--dates",
        action="append",
        default=[],
        metavar="[COL=]ORDER",
        help=(
            "the order of dates such as 01/02/2023: day-first, month-first or year-first, in every"
            " column or in COL; found from each column if not given. May be repeated"
        ),
    )


def chosen_conventions(
    options: Mapping[str, Any], kinds: Mapping[str, ColumnKind]
) -> dict[str, Convention]:
    """Return the conventions that the options set for these columns; an option for one column
    overrides one for all.
    """
    dates = [name for name, kind in kinds.items() if kind is ColumnKind.DATETIME]
    numbers = [name for name, kind in kinds.items() if kind in MEASURED and name not in dates]
    return {
        **_chosen("--decimal", options["decimal"], DECIMALS, numbers, kinds),
        **_chosen("--dates", options["dates"], DATE_ORDERS, dates, kinds),
    }


def _chosen(
    option: str,
    values: Sequence[str],
    allowed: Sequence[Convention],
    every: Iterable[str],
    known: Iterable[str],
) -> dict[str, Convention]:
    for_all: dict[str, Convention] = {}
    for_one: dict[str, Convention] = {}
    for value in values:
        name, _, wanted = value.rpartition("=")
        if wanted not in allowed:
            raise DataProblem(
                f"{option} {value}: “{wanted}” is not known. Give one of {', '.join(allowed)}."
            )
        if not name:
            for_all = dict.fromkeys(every, Convention(wanted))
        elif name in set(known):
            for_one[name] = Convention(wanted)
        else:
            raise DataProblem(f"{option} {value}: there is no column {name} that is read.")
    return for_all | for_one
