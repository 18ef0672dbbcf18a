"""Appends the rows of a file to a dataset; its projects score the new rows at once."""

from __future__ import annotations

import csv
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.template.defaultfilters import pluralize

from cleansets import pipeline as analyses
from cleansets.models import Cleanset, CleansetOrigin
from projects import appends, selectors
from projects import pipeline as datasets
from projects.appending.choice import AppendChoice
from projects.models import Dataset, DatasetVersion, Project
from studio.engine.errors import DataProblem
from studio.management.cleanset_ids import EXAMPLE_ID
from studio.management.column_pairs import add_map_option, column_map
from studio.management.command import StudioCommand
from studio.management.input_files import add_table_argument, input_file
from studio.management.queued_runs import carry_out
from studio.management.read_options import read_options_of
from studio.management.started import refuse_before_first_start
from studio.management.terminal import Terminal
from studio.runs import Status


class Command(StudioCommand):
    """The same service as the page and the API."""

    help = (
        "Append the rows of FILE to a dataset as a new version: its rows keep their numbers and"
        " decisions, and the new rows come after them. ID is that of a dataset, whose projects all"
        " get the new rows, or of a project, which alone gets them. Their current models score the"
        " new rows at once. Rows that the dataset already has are recognised by the column of"
        " --key, or by all their cells."
    )
    example = f"append {EXAMPLE_ID} july.csv --key request_id"
    ending = (
        "Exit status: 0; 2 with a sentence that says what to do, also if the dataset has all rows"
        " already; 130 if interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "target",
            metavar="ID",
            help="the id of a dataset or of a project of this studio, as in its web address",
        )
        add_table_argument(parser)
        parser.add_argument("--key", default="", metavar="COL", help="the column that names rows")
        known = parser.add_mutually_exclusive_group()
        known.add_argument(
            "--update",
            action="store_true",
            help="with --key: the cells of the file replace those of the row with the same key",
        )
        known.add_argument(
            "--keep-copies",
            action="store_true",
            help="without --key: append rows that the dataset already has once more",
        )
        add_map_option(parser, "dataset")
        parser.add_argument(
            "--blank",
            metavar="A,B,…",
            help=(
                "columns of the dataset that the file lacks and that stay empty, as labels may;"
                " put a name with a comma into double quotes"
            ),
        )
        super().add_arguments(parser)

    def handle(self, *, target: str, file: Path, **options: Any) -> None:
        """Append the rows; what became of them goes to standard output."""
        with self.terminal(options) as terminal:
            base, projects = _target(target)
            choice = _choice(base, options)
            version = appends.rows_append(
                base=base,
                user=base.dataset.owner,
                path=input_file(file),
                filename=file.name,
                choice=choice,
                projects=projects,
                options=read_options_of(options),
            )
            carry_out(version, datasets.ingest, terminal)
            terminal.say(_appended(version))
            for note in version.notes[1:]:
                terminal.note(note)
            for project in projects:
                _grow(project, version, terminal)


def _target(text: str) -> tuple[DatasetVersion, list[Project]]:
    """Return the version to append to, and the projects that get the new rows."""
    try:
        target_id = uuid.UUID(text)
    except ValueError as error:
        raise DataProblem(
            f"'{text}' is not the id of a dataset or of a project. Expected one such as"
            f" {EXAMPLE_ID}."
        ) from error
    refuse_before_first_start()
    project = Project.objects.select_related("version__dataset__owner").filter(pk=target_id).first()
    if project is not None:
        return project.version, [project]
    if not Dataset.objects.filter(pk=target_id).exists():
        raise DataProblem(f"There is no dataset or project {text}. Check the id.")
    ready = DatasetVersion.objects.filter(dataset=target_id, status=Status.SUCCEEDED)
    base = ready.select_related("dataset__owner").order_by("-number").first()
    if base is None:
        raise DataProblem("The file of this dataset has not been read, so it has no rows yet.")
    return base, selectors.projects_on(base)


def _choice(base: DatasetVersion, options: dict[str, Any]) -> AppendChoice:
    if options["update"] and not options["key"]:
        raise DataProblem("--update needs --key, the column that recognises rows. Add it.")
    if options["keep_copies"] and options["key"]:
        raise DataProblem("--keep-copies is for rows that are recognised without --key. Use one.")
    names = [profile.name for profile in selectors.column_profiles(base)]
    blank_columns = next(csv.reader([options["blank"] or ""], skipinitialspace=True), [])
    return AppendChoice(
        column_map=column_map(names, options["column_pairs"], "dataset"),
        blank_columns=tuple(blank_columns),
        key=options["key"],
        keeps_copies=options["keep_copies"],
        updates_existing=options["update"],
    )


def _appended(version: DatasetVersion) -> str:
    counts = version.append_counts
    n_added = counts["n_added"]
    n_updated = counts["n_updated"]
    parts = [f"{n_added:,} new row{pluralize(n_added)}"]
    if n_updated:
        parts.append(f"{n_updated:,} updated")
    n_left_out = counts["n_rows"] - n_added - n_updated
    if n_left_out:
        parts.append(f"{n_left_out:,} left out")
    return f"{version.dataset.name}, version {version.number}: {', '.join(parts)}"


def _grow(project: Project, version: DatasetVersion, terminal: Terminal) -> None:
    """Score the new rows of a project and print what was found in them."""
    grown = project.cleansets.filter(version=version, origin=CleansetOrigin.ROWS)
    cleanset: Cleanset | None = grown.order_by("-number").first()
    if cleanset is None:
        terminal.say(
            f"{project.name}: not added, as its analysis has not finished or is under way. Its page"
            " offers to add the new rows."
        )
        return
    carry_out(cleanset, analyses.build, terminal)
    growth = cleanset.growth
    n_flagged = growth["n_flagged"]
    terminal.say(
        f"{project.name}, version {cleanset.number}: {n_flagged:,} label issue"
        f"{pluralize(n_flagged)} in the new rows. {cleanset.get_absolute_url()}"
    )
