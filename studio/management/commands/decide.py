"""Applies decisions from a file to a cleanset, as one action that can be undone."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cleansets.imports import decisions_import, decisions_in_file
from studio.management.cleanset_ids import CLEANSET_ID_HELP, EXAMPLE_ID, finished_cleanset
from studio.management.command import StudioCommand
from studio.management.input_files import input_file


class Command(StudioCommand):
    """All decisions or none."""

    help = (
        "Apply the decisions in FILE, a CSV with the columns row_id, action and corrected_label or a JSON list of such "
        "objects, to a cleanset. row_id is 0 for the first row; action is keep, exclude, label, auto-fix or "
        "needs-review; corrected_label is for the action label. All are applied, as one action that Undo takes back, "
        "or none."
    )
    example = f"decide {EXAMPLE_ID} decisions.csv"
    ending = "Exit status: 0, or 2 with a sentence that names the line; 130 if interrupted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what may be given."""
        parser.add_argument("cleanset", metavar="CLEANSET_ID", help=CLEANSET_ID_HELP)
        parser.add_argument("file", metavar="FILE", type=Path, help="the decisions: CSV or JSON")
        super().add_arguments(parser)

    def handle(self, *, cleanset: str, file: Path, **options: Any) -> None:
        """Do it; the counts go to standard output."""
        with self.terminal(options) as terminal:
            found = finished_cleanset(cleanset)
            decisions = decisions_in_file(file.name, input_file(file).read_bytes())
            result = decisions_import(cleanset=found, user=found.project.owner, decisions=decisions)
            terminal.say(f"{result.n_decisions:,} decisions read, {result.n_changed:,} rows changed")
