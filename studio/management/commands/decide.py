"""Applies decisions from a file to a cleanset, as one action that can be undone."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand

from cleansets.imports import decisions_import, decisions_in_file
from studio.management.cleanset_ids import finished_cleanset
from studio.management.terminal import input_file, problems_end_in_status_2


class Command(BaseCommand):
    """All decisions or none."""

    help = (
        "Apply the decisions in FILE, a CSV with the columns row_id, action and corrected_label or a JSON list of such "
        "objects, to a cleanset. row_id is 0 for the first row; action is keep, exclude, label, auto-fix or "
        "needs-review; corrected_label is for the action label. All are applied, as one action that Undo takes back, "
        "or none. Exit status: 0, or 2 with a sentence that names the line."
    )
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what may be given."""
        parser.add_argument("cleanset", metavar="CLEANSET_ID")
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *, cleanset: str, file: Path, **options: Any) -> None:
        """Do it; the counts go to standard output."""
        errors: TextIO = options.get("stderr") or sys.stderr
        with problems_end_in_status_2(errors):
            found = finished_cleanset(cleanset)
            decisions = decisions_in_file(file.name, input_file(file).read_bytes())
            result = decisions_import(cleanset=found, user=found.project.owner, decisions=decisions)
        self.stdout.write(f"{result.n_decisions:,} decisions read, {result.n_changed:,} rows changed")
