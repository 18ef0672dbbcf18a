"""Applies decisions from a file to a cleanset, as one action that can be undone."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.template.defaultfilters import pluralize

from cleansets import selectors
from cleansets.imports import decisions_import, decisions_in_file
from cleansets.models import Cleanset
from studio.engine.errors import DataProblem
from studio.engine.table.near_names import nearest_name
from studio.management.cleanset_ids import CLEANSET_ID_HELP, EXAMPLE_ID, finished_cleanset
from studio.management.command import StudioCommand
from studio.management.input_files import input_file


class Command(StudioCommand):
    """All decisions or none."""

    help = (
        "Apply the decisions in FILE, a CSV with the columns row_id, action and corrected_label or"
        " a JSON list of such objects, to a cleanset. row_id is 0 for the first row;"
        " cleanlab_row_ID, which is 1 for the first row as in exported files, may stand in its"
        " place. action is keep, exclude, label, auto-fix or needs-review; corrected_label is for"
        " the action label. All are applied, as one action that can be undone as a whole, or none;"
        " classes that are new are named."
    )
    example = f"decide {EXAMPLE_ID} decisions.csv"
    ending = "Exit status: 0, or 2 with a sentence that names the line; 130 if interrupted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cleanset", metavar="CLEANSET_ID", help=CLEANSET_ID_HELP)
        parser.add_argument("file", metavar="FILE", type=Path, help="the decisions: CSV or JSON")
        parser.add_argument(
            "--allow-older",
            action="store_true",
            help="decide in this version although a newer one, which will not have it, exists",
        )
        super().add_arguments(parser)

    def handle(self, *, cleanset: str, file: Path, allow_older: bool, **options: Any) -> None:
        """Apply the decisions; the counts go to standard output."""
        with self.terminal(options) as terminal:
            found = finished_cleanset(cleanset)
            if not allow_older:
                _refuse_older_version(found)
            decisions = decisions_in_file(file.name, input_file(file).read_bytes())
            result = decisions_import(cleanset=found, user=found.project.owner, decisions=decisions)
            read = f"{result.n_decisions:,} decision{pluralize(result.n_decisions)} read"
            changed = f"{result.n_changed:,} row{pluralize(result.n_changed)} changed"
            lines = [f"{read}, {changed}"]
            for name in result.new_classes:
                nearest = nearest_name(name, found.classes)
                question = "" if nearest is None else f" Did you mean {nearest}?"
                lines.append(f"The class {name} is new.{question}")
            terminal.say("\n".join(lines))


def _refuse_older_version(cleanset: Cleanset) -> None:
    newer = selectors.newer_version(cleanset)
    if newer is not None:
        problem = selectors.older_version_problem(newer)
        raise DataProblem(f"{problem} Give {newer.pk} as CLEANSET_ID, or add --allow-older.")
