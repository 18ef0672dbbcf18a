"""Repeats an analysis from its manifest, and compares all results."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from cleansets.overlay import CorrectedRows, previous_labels, rows_analysed
from cleansets.pipeline import analyse_table
from cleansets.provided import provided_predictions
from projects.readers import ReadOptions
from studio import tables
from studio.engine.errors import DataProblem
from studio.engine.recipes.manifest import RunManifest, describe, differences
from studio.engine.recipes.tolerance import (
    AGREEING_SHARE,
    SAMPLED_ROWS,
    TOLERANCE,
    Agreement,
    agreement,
)
from studio.engine.schema.provided import ProvidedPredictions
from studio.management.cleanset_ids import CLEANSET_ID_HELP, finished_cleanset
from studio.management.command import StudioCommand
from studio.management.input_files import file_sha256, input_file, read_input
from studio.management.terminal import Terminal

DIFFERS = 1  # exit status


@dataclass(frozen=True, slots=True)
class Again:
    """The analysis to repeat: its manifest, table, rows and labels (None: all, as uploaded), and
    the labels of the fits that its models were warm-started from.
    """

    manifest: RunManifest
    table: Path
    rows: CorrectedRows | None
    previous: Sequence[str | None] | None = None
    provided: ProvidedPredictions | None = None


class Command(StudioCommand):
    """Nothing that was kept from earlier runs is used, apart from the data."""

    help = (
        "Make a cleanset again and compare every column, probability and fold with what its"
        " manifest says: either one of this studio (CLEANSET_ID), or FILE with the manifest that"
        " `clean --manifest` wrote. On another kind of processor, whose sums end in other last"
        " digits, parts are compared within a tolerance that the output states."
    )
    example = "rerun --manifest cleaned.json --file requests.csv"
    ending = (
        "Exit status: 0 if all is the same, 1 if something differs, 2 with a sentence if it cannot"
        " be made; 130 if interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("cleanset", metavar="CLEANSET_ID", nargs="?", help=CLEANSET_ID_HELP)
        parser.add_argument(
            "--manifest", type=Path, metavar="M.json", help="what `clean --manifest` wrote"
        )
        parser.add_argument(
            "--file", type=Path, metavar="FILE", help="the file that was analysed, unchanged"
        )
        super().add_arguments(parser)

    def handle(
        self, *, cleanset: str | None, manifest: Path | None, file: Path | None, **options: Any
    ) -> None:
        """Repeat the analysis; the comparison goes to standard output."""
        with self.terminal(options) as terminal, tables.scratch() as folder:
            if cleanset is not None and manifest is None and file is None:
                again = _of_studio(cleanset)
            elif cleanset is None and manifest is not None and file is not None:
                again = _of_file(manifest, file, folder / "rows.parquet", terminal)
            else:
                raise DataProblem(
                    "Give either CLEANSET_ID, or both --manifest M.json and --file FILE."
                )
            differing = _compared(again, terminal)
        if differing:
            sys.exit(DIFFERS)


def _compared(again: Again, terminal: Terminal) -> list[str]:
    before = again.manifest
    spec = replace(before.spec(), encoder_folder=settings.ENCODER_FOLDER)
    rows = again.rows
    previous = again.previous
    result = analyse_table(
        again.table,
        spec,
        rows=rows,
        previous=previous,
        provided=again.provided,
        use_cache=False,
        progress=terminal.progress,
    )
    labels = rows.labels if rows else []
    after = describe(
        result, spec, dataset_sha256=before.dataset_sha256, labels=labels, former_labels=previous
    )
    for name, was in before.versions.items():
        now = after.versions.get(name)
        if now != was:
            terminal.say(f"{name} was {was} and is {now}")
    if before.encoder_sha256 != after.encoder_sha256:
        terminal.say("The sentence encoder is another one: see STUDIO_ENCODER.")
    other_machine = _other_machine(before, after)
    for line in other_machine:
        terminal.say(line)
    changed = differences(before.results, after.results)
    differing = _differing_parts(before, after, changed, terminal, is_tolerant=bool(other_machine))
    if differing:
        terminal.say(f"{len(differing)} of {len(after.results)} parts differ.")
    elif changed:
        terminal.say("Reproduced within the tolerance for another kind of processor.")
    else:
        terminal.say("Reproduced: every part is the same.")
    return differing


def _differing_parts(
    before: RunManifest,
    after: RunManifest,
    changed: Collection[str],
    terminal: Terminal,
    *,
    is_tolerant: bool,
) -> list[str]:
    """Print the verdict on each part, and return the parts that differ."""
    differing = []
    for name in after.results:
        if name not in changed:
            terminal.say(f"  {name}  the same")
            continue
        agreed = None
        if is_tolerant:
            agreed = _agreement(name, before, after)
        if agreed is not None and agreed.is_enough:
            verdict = "the same within the tolerance"
        else:
            verdict = "differs"
            differing.append(name)
        if agreed is not None:
            verdict += f" ({agreed.n_agreeing} of {agreed.n_rows} rows agree)"
        terminal.say(f"  {name}  {verdict}")
    return differing


def _other_machine(before: RunManifest, after: RunManifest) -> list[str]:
    """Describe how this machine's arithmetic differs from the manifest's, and the tolerance."""
    lines = []
    if before.processor and before.processor != after.processor:
        lines.append(f"The processor was {before.processor} and is {after.processor}.")
    if before.arithmetic and before.arithmetic != after.arithmetic:
        lines.append(
            f"Text was encoded in {before.arithmetic}, which this machine does not have, "
            f"and is encoded in {after.arithmetic} now."
        )
    if lines:
        lines.append(
            f"A part that is not the same to the last bit may differ a little: of {SAMPLED_ROWS}"
            f" sampled rows, {AGREEING_SHARE:.0%} must be within {TOLERANCE} of what they were, and"
            " texts equal."
        )
    return lines


def _agreement(name: str, before: RunManifest, after: RunManifest) -> Agreement | None:
    if not before.samples or not after.samples:
        return None
    if name not in before.samples or name not in after.samples:
        return None
    return agreement(before.samples[name], after.samples[name])


def _of_studio(cleanset_id: str) -> Again:
    cleanset = finished_cleanset(cleanset_id)
    if not cleanset.is_analysis:
        raise DataProblem(
            f"Version {cleanset.number} of this project is no analysis"
            f" ({cleanset.get_origin_display()}), so there is nothing to compute again. Give the id"
            " of an analysed version."
        )
    table = tables.local_path(cleanset.version.table_key)
    manifest = RunManifest.from_dict(cleanset.manifest)
    if not cleanset.project.label_column:
        return Again(manifest, table, None)
    rows = rows_analysed(cleanset)
    previous = None
    if manifest.former_labels_sha256:
        previous = previous_labels(cleanset, rows)
    provided = None
    if cleanset.provided_key:
        provided = provided_predictions(cleanset, rows)
    return Again(manifest, table, rows, previous, provided)


def _of_file(manifest: Path, file: Path, table: Path, terminal: Terminal) -> Again:
    try:
        values = json.loads(input_file(manifest).read_text())
    except ValueError as error:
        raise DataProblem(
            f"{manifest} is not valid JSON. Give the manifest that clean --manifest wrote."
        ) from error
    if not isinstance(values, dict):
        values = {}
    stated = RunManifest.from_dict(values)
    if file_sha256(input_file(file)) != stated.dataset_sha256:
        raise DataProblem(f"{file} is not the file that was analysed: its SHA-256 is another one.")
    read_input(file, table, terminal, reading=ReadOptions.from_dict(values.get("reading", {})))
    return Again(stated, table, None)
