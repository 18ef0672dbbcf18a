"""Finds label issues in a file, and writes the file with what was found."""

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

from cleansets.pipeline import analyse_table
from models_app.artifact_files import signing_key
from models_app.pipeline import fit_best_model
from projects.readers import ROW_ID
from studio import tables
from studio.engine.counted import counted
from studio.engine.labels.reading import written_labels
from studio.engine.ml_task import MEASURES, MLTask
from studio.engine.recipes.artifacts import MANIFEST, PAYLOAD, SIGNATURE, save_artifact
from studio.engine.recipes.manifest import describe
from studio.engine.schema import CleansetResult, CleansetSpec, Part
from studio.engine.schema.split import SPLIT_COLUMN, labels_to_learn
from studio.exports import free_names
from studio.exports.formats import TableFormat, refuse_unwritable, write_table
from studio.management.clean_request import Request, add_clean_options
from studio.management.command import StudioCommand
from studio.management.input_files import file_sha256, input_file
from studio.management.learned_table import label_cells, read_learned_table
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
        add_clean_options(parser)
        super().add_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Clean the file; the summary goes to standard output."""
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
        # All outputs are opened before the work, which may take hours, and replaced after it.
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
        spec = read_learned_table(request, table, terminal).spec
        own = _own_columns(table)
        refuse_unwritable(out_format, len(own), _own_batches(table, own))
        seconds = {"Reading the file": time.monotonic() - started}
        result = analyse_table(table, spec, progress=progress)
        seconds |= result.stage_seconds
        if request.model:
            progress("Training the model to save")
            started = time.monotonic()
            labels = label_cells(table, spec)
            if spec.split is not None:
                labels = labels_to_learn(labels, result.issues[SPLIT_COLUMN].tolist())
            model = fit_best_model(table, spec, labels, progress=progress)
            save_artifact(model, model_folder, signing_key=signing_key())
            seconds["Training the model"] = time.monotonic() - started
        progress("Writing")
        _write_rows(table, spec, result, out, out_format)
        if request.pred_probs:
            _write_pred_probs(result, pred_probs, pred_probs_format)
        if request.manifest:
            _write_manifest(request, table, spec, result, manifest)
    return summary(spec, result, seconds, _written(request))


def _write_rows(
    table: Path, spec: CleansetSpec, result: CleansetResult, out: Path, out_format: TableFormat
) -> None:
    """Write the uploaded columns and those of the cleanset side by side; sets keep the form of the
    label column.
    """
    own = _own_columns(table)
    found = result.issues.reset_index(drop=True)
    if spec.task is MLTask.MULTI_LABEL:
        suggested = found["suggested_label"].astype(object)
        found["suggested_label"] = written_labels(suggested.where(suggested.notna(), None), spec)
    if spec.merged_labels:
        found.insert(0, "merged_label", written_labels(label_cells(table, spec), spec))
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
    """Write a column per class, or for a regression the prediction and its error bar."""
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
    labels = label_cells(table, spec) if spec.label_column else []
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
        f"{counted(len(result.issues), 'row')}, {_learned(spec, result)}, {spec.mode.value} mode,"
        f" seed {spec.seed}"
    )
    blocks = [head, _aligned("Rows with", issues)]
    if spec.split is not None:
        counts = result.issues[SPLIT_COLUMN].value_counts()
        parts = [(part.value, f"{counts[part]:,}") for part in Part if part in counts]
        blocks.insert(1, _aligned("Rows for", parts))
    if result.candidates:
        accuracies = [(row.name, f"{row.accuracy:.1%}") for row in result.candidates]
        blocks.append(_aligned(MEASURES[spec.task], accuracies))
    blocks.append(_aligned("Seconds", times))
    width = max(len(what) for what, _ in written)
    places = [f"  {what:<{width}}  {place}" for what, place in written]
    blocks.append("\n".join(["Written", *places]))
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
    return f"{counted(len(result.classes), 'class', 'classes')} of {spec.label_column}"


def _aligned(title: str, lines: Sequence[tuple[str, str]]) -> str:
    width = max((len(name) for name, _ in lines), default=0)
    right = max((len(value) for _, value in lines), default=0)
    return "\n".join([title, *(f"  {name:<{width}}  {value:>{right}}" for name, value in lines)])
