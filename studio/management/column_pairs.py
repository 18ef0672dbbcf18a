"""`--map COLUMN=FILE_COLUMN`: columns that have another name in the file."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence

from studio.engine.errors import DataProblem


def add_map_option(parser: ArgumentParser, owner: str) -> None:
    """Add the option; `owner` is what has the names that differ, such as “model”."""
    parser.add_argument(
        "--map",
        dest="column_pairs",
        action="append",
        default=[],
        metavar="COLUMN=FILE_COLUMN",
        help=(
            f"read FILE_COLUMN of the file as the {owner}'s COLUMN, where their names differ; may"
            " be repeated"
        ),
    )


def column_map(names: Sequence[str], pairs: Sequence[str], owner: str) -> dict[str, str]:
    """Return the column of the file by the name that `owner`, such as “model”, has for it.

    Names may contain =.
    """
    columns: dict[str, str] = {}
    for pair in pairs:
        name = _mapped_name(names, pair, owner)
        if name in columns:
            raise DataProblem(f"--map names “{name}” twice. Give one column of the file for it.")
        columns[name] = pair.removeprefix(f"{name}=")
    return columns


def _mapped_name(names: Sequence[str], pair: str, owner: str) -> str:
    """Return the name that `pair` begins with; if none, the text before its "="."""
    if "=" not in pair:
        raise DataProblem(
            f"--map {pair} has no “=”. Write --map COLUMN=FILE_COLUMN, the {owner}'s column first."
        )
    known = [name for name in names if pair.startswith(f"{name}=")]
    return max(known, key=len, default=pair.partition("=")[0])
