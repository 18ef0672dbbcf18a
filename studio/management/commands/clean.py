"""Finds label issues in a file, without a browser, and writes it with the cleanset's columns."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from cleansets.frames import read_frame
from cleansets.pipeline import analyse_table
from models_app.artifact_files import signing_key
from models_app.pipeline import fit_best_model
from projects.guess import notes_on_features
from projects.readers import ROW_ID
from projects.readers.profile import assumed_conventions, profile_table, words_notes
from studio import tables
from studio.engine.conventions.convention_notes import convention_notes
from studio.engine.labels.reading import read_labels, written_labels
from studio.engine.ml_task import MEASURES, MLTask, Modality
from studio.engine.recipes.artifacts import MANIFEST, PAYLOAD, SIGNATURE, save_artifact
from studio.engine.recipes.manifest import describe
from studio.engine.schema import CleansetResult, CleansetSpec
from studio.engine.table.required_columns import MissingColumnsProblem, RequiredColumns
from studio.exports import free_names
from studio.exports.formats import TableFormat, refuse_unwritable, write_table
from studio.management.clean_request import (
    Request,
    add_clean_options,
    spec_of,
    unknown_column,
    with_conventions,
)
from studio.management.command import StudioCommand
from studio.management.convention_options import ADVICE
from studio.management.input_files import file_sha256, input_file, read_input
from studio.management.label_choice import with_label_choice
from studio.management.output_files import (
    manifest_path,
    output_file,
    output_folder,
    place_name,
    refuse_inside,
    refuse_same_files,
    table_format_at,
)
from studio.management.terminal import Terminal

ROWS_PER_BATCH = 5_000
WORDS_ADVICE = "If it holds numbers, empty the other cells in the file; they then count as missing."
MODEL_FILES = {MANIFEST, SIGNATURE, PAYLOAD}


class Command(StudioCommand):
    """Read a file, build its cleanset, write the rows with what was found; no database, account or
    broker is used.
    """

    help = (
        "Find label issues in FILE. OUT has the file's columns as they are, then those of the"
        " cleanset, in the file's row order; scores are from 0 to 1, 1 is worst. A cleanset column"
        " whose name the file has already is written with cleanlab_ before it. Cells are not"
        " changed for spreadsheets."
    )
    example = "clean requests.csv --label topic --text message --out cleaned.csv --model topics"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what may be given."""
        add_clean_options(parser)
        super().add_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Do it; the summary goes to standard output."""
        with self.terminal(options) as terminal:
            request = Request.of(options)
            terminal.say(_clean(request, terminal))


def _clean(request: Request, terminal: Terminal) -> str:
    """Do the work and return the summary."""
    input_file(request.file)
    refuse_same_files({"FILE": request.file, **request.outputs, "--model": request.model})
    if request.model:
        refuse_inside(request.model, "--model", {"FILE": request.file, **request.outputs})
    out_format = table_format_at(request.out)
    progress = terminal.progress
    with ExitStack() as outputs, tables.scratch() as folder:
        out = outputs.enter_context(output_file(request.out, terminal))
        if request.pred_probs:
            pred_probs_format = table_format_at(request.pred_probs)
            pred_probs = outputs.enter_context(output_file(request.pred_probs, terminal))
        if request.manifest:
            manifest = outputs.enter_context(output_file(manifest_path(request.manifest), terminal))
        if request.model:
            model_folder = outputs.enter_context(
                output_folder(request.model, replaceable=MODEL_FILES)
            )
        table = folder / "rows.parquet"
        started = time.monotonic()
        spec = _read(request, table, terminal)
        own = _own_columns(table)
        refuse_unwritable(out_format, len(own), _own_batches(table, own))
        seconds = {"Reading the file": time.monotonic() - started}
        result = analyse_table(table, spec, progress=progress)
        seconds |= result.stage_seconds
        if request.model:
            progress("Training the model to save")
            started = time.monotonic()
            _save_model(table, spec, model_folder, terminal)
            seconds["Training the model"] = time.monotonic() - started
        progress("Writing")
        _write_rows(table, spec, result, out, out_format)
        if request.pred_probs:
            _write_pred_probs(result, pred_probs, pred_probs_format)
        if request.manifest:
            _write_manifest(request, table, spec, result, manifest)
    return summary(spec, result, seconds, _written(request))


def _read(request: Request, table: Path, terminal: Terminal) -> CleansetSpec:
    """Read the file into a table and decide what is learned from it."""
    required = RequiredColumns(tuple(dict.fromkeys(request.named_columns)))
    try:
        read_input(request.file, table, terminal, required, reading=request.reading)
    except MissingColumnsProblem as problem:
        raise unknown_column(problem.missing[0].name, problem.present) from problem
    profiles = profile_table(
        table, is_shown=False, progress=terminal.progress, n_threads=settings.CORES
    )
    profiles = with_conventions(request, profiles)
    spec = with_label_choice(spec_of(request, profiles), request, table, profiles, terminal)
    what = f"Learning {spec.label_column} from" if spec.label_column else "Looking at"
    terminal.note(f"{what} {', '.join(spec.feature_columns)}")
    for note in convention_notes(assumed_conventions(profiles, spec), advice=ADVICE):
        terminal.note(note)
    if spec.modality is Modality.TABULAR:
        for note in notes_on_features(profiles, spec.label_column, spec.feature_columns):
            terminal.note(note)
        for note in words_notes(profiles, spec.label_column, advice=WORDS_ADVICE):
            terminal.note(note)
    return spec


def _save_model(table: Path, spec: CleansetSpec, folder: Path, terminal: Terminal) -> None:
    labels = _labels(table, spec)
    model = fit_best_model(table, spec, labels, progress=terminal.progress)
    save_artifact(model, folder, signing_key=signing_key())


def _labels(table: Path, spec: CleansetSpec) -> list[str | None]:
    column = str(spec.label_column)
    return read_labels(read_frame(table, [column])[column].tolist(), spec)


def _write_rows(
    table: Path, spec: CleansetSpec, result: CleansetResult, out: Path, out_format: TableFormat
) -> None:
    """Write the uploaded columns and those of the cleanset, side by side; sets as the label column
    writes them.
    """
    own = _own_columns(table)
    found = result.issues.reset_index(drop=True)
    if spec.task is MLTask.MULTI_LABEL:
        suggested = found["suggested_label"].astype(object)
        found["suggested_label"] = written_labels(suggested.where(suggested.notna(), None), spec)
    if spec.merged_labels:
        found.insert(0, "merged_label", written_labels(_labels(table, spec), spec))
    found.insert(0, "cleanlab_row_ID", range(1, len(found) + 1))
    columns = [*own, *free_names(list(found.columns), own)]
    write_table(out, out_format, columns, _batches(table, own, found))


def _own_columns(table: Path) -> list[str]:
    return [name for name in pq.read_schema(table).names if name != ROW_ID]


def _own_batches(table: Path, own: Sequence[str]) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(table) as file:
        yield from file.iter_batches(ROWS_PER_BATCH, columns=list(own))


def _batches(table: Path, own: Sequence[str], found: pd.DataFrame) -> Iterator[pa.RecordBatch]:
    results = pa.Table.from_pandas(found, preserve_index=False)
    first = 0
    for batch in _own_batches(table, own):
        part = results.slice(first, batch.num_rows).combine_chunks()
        columns = [*batch.columns, *(column.combine_chunks() for column in part.columns)]
        yield pa.RecordBatch.from_arrays(
            columns, names=[str(place) for place in range(len(columns))]
        )
        first += batch.num_rows


def _write_pred_probs(result: CleansetResult, out: Path, out_format: TableFormat) -> None:
    """Write a column per class; of a regression the predicted number and its error bar."""
    if result.predictions is not None:
        names = ["prediction", "expected_error"]
        matrix = result.predictions
    else:
        names = list(result.classes)
        matrix = result.pred_probs
    batch = pa.RecordBatch.from_arrays([pa.array(column) for column in matrix.T], names=names)
    write_table(out, out_format, names, [batch])


def _write_manifest(
    request: Request, table: Path, spec: CleansetSpec, result: CleansetResult, out: Path
) -> None:
    labels = _labels(table, spec) if spec.label_column else []
    described = describe(result, spec, dataset_sha256=file_sha256(request.file), labels=labels)
    values = {
        **described.to_dict(),
        "fold_id": result.fold_id.tolist(),
        "reading": request.reading.to_dict(),
    }
    out.write_text(json.dumps(values, indent=1))


def summary(
    spec: CleansetSpec,
    result: CleansetResult,
    seconds: Mapping[str, float],
    written: Sequence[tuple[str, str]],
) -> str:
    """Return what a person wants to know at the end."""
    issues = [(name, f"{count:,}") for name, count in result.counts.items()]
    times = [(stage, f"{value:.1f}") for stage, value in seconds.items()]
    head = (
        f"{len(result.issues):,} rows, {_learned(spec, result)}, {spec.mode.value} mode, seed"
        f" {spec.seed}"
    )
    blocks = [head, _aligned("Rows with", issues)]
    if result.candidates:
        accuracies = [(row.name, f"{row.accuracy:.1%}") for row in result.candidates]
        blocks.append(_aligned(MEASURES[spec.task], accuracies))
    blocks.append(_aligned("Seconds", times))
    width = max(len(what) for what, _ in written)
    blocks.append(
        "\n".join(["Written", *(f"  {what:<{width}}  {place}" for what, place in written)])
    )
    return "\n\n".join(blocks)


def _written(request: Request) -> list[tuple[str, str]]:
    places = {
        "rows": request.out,
        "pred_probs": request.pred_probs,
        "manifest": request.manifest,
        "model": request.model,
    }
    return [(what, place_name(path)) for what, path in places.items() if path]


def _learned(spec: CleansetSpec, result: CleansetResult) -> str:
    if spec.task is MLTask.UNSUPERVISED:
        return "no labels"
    if spec.task is MLTask.REGRESSION:
        return f"{spec.label_column} as a number"
    return f"{len(result.classes):,} classes of {spec.label_column}"


def _aligned(title: str, lines: Sequence[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in lines), default=0)
    right = max((len(value) for _, value in lines), default=0)
    return "\n".join([title, *(f"  {name:<{width}}  {value:>{right}}" for name, value in lines)])
