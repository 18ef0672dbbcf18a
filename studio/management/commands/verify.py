"""Checks that every stored file is there and unchanged."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from studio import tables
from studio.engine.counted import counted
from studio.management.command import StudioCommand
from studio.management.started import refuse_before_first_start
from studio.management.stored_files import ORPHAN_AFTER, Found, check_files
from studio.management.terminal import Terminal

DAMAGED = 1  # exit status
SHOWN = 20


class Command(StudioCommand):
    """`manage.py verify`."""

    help = (
        "Compare every file in the storage with the digest that was noted when it was stored, and"
        " name those that are damaged, missing, or belong to nothing any more. May be run while"
        " the studio runs."
    )
    example = "verify"
    ending = (
        "Exit status: 0 if all files are whole, 1 if some are damaged or missing, 2 with a sentence"
        " if it cannot tell; 130 if interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--repair",
            action="store_true",
            help="remove the files that belong to nothing and are older than a day",
        )
        super().add_arguments(parser)

    def handle(self, *, repair: bool, **options: Any) -> None:
        """Check the files and list the problems."""
        with self.terminal(options) as terminal:
            refuse_before_first_start()
            found = check_files(terminal.progress)
            _report(found, terminal)
            if repair and found.orphans:
                tables.delete(found.orphans)
                terminal.say(
                    f"Removed {counted(len(found.orphans), 'file')} that belonged to nothing."
                )
        if found.missing or found.changed:
            sys.exit(DAMAGED)


def _report(found: Found, terminal: Terminal) -> None:
    terminal.say(f"{counted(found.n_whole, 'file is', 'files are')} whole.")
    _list(
        terminal,
        found.changed,
        "are damaged: they are not what was stored. Restore them from a backup, or upload the file,"
        " analyse or deploy again",
    )
    _list(terminal, found.missing, "are missing. Restore them from a backup, or do that work again")
    _list(terminal, found.unknown, "were stored by an earlier version, which noted no digest")
    hours = ORPHAN_AFTER.total_seconds() / 3600
    _list(
        terminal,
        found.orphans,
        f"belong to nothing and are older than {hours:.0f} hours; --repair removes them",
    )


def _list(terminal: Terminal, keys: Sequence[str], what: str) -> None:
    if not keys:
        return
    terminal.say(f"{counted(len(keys), 'file')} {what}:")
    for key in keys[:SHOWN]:
        terminal.say(f"  {key}")
    if len(keys) > SHOWN:
        terminal.say(f"  and {len(keys) - SHOWN:,} more")
