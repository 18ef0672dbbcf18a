"""The main job without a browser: finds label issues in a file and writes it with the cleanset's columns."""

from __future__ import annotations

import csv
import json
import sys
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TextIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.core.management.base import BaseCommand

from cleansets.frames import read_frame
from cleansets.pipeline import analyse_table
from models_app.artifact_files import signing_key
from models_app.pipeline import fit_best_model
from projects.readers import ROW_ID, ReadLimits, read_table
from projects.readers.profile import ColumnProfile, profile_table
from studio import tables
from studio.engine.artifacts import MANIFEST, PAYLOAD, SIGNATURE, save_artifact
from studio.engine.columns import ColumnKind
from studio.engine.errors import DataProblem
from studio.engine.guess import guess_choice
from studio.engine.manifest import describe
from studio.engine.ml_task import MEASURES, MLTask, Modality, Mode
from studio.engine.schema import CleansetResult, CleansetSpec
from studio.exports import stream_exact_csv
from studio.management.terminal import (
    TerminalProgress,
    file_sha256,
    input_file,
    output_file,
    output_folder,
    problems_end_in_status_2,
    write_stream,
)

ROWS_PER_BATCH = 5_000
MAX_SEED = 2**31 - 1  # what the database keeps for a project


class Command(BaseCommand):
    """Read a file, build its cleanset, write the rows with what was found; no database, account or broker is used."""

    help = (
        "Find label issues in FILE (CSV, TSV, JSON, JSON Lines, XLSX or Parquet; also gzipped or zipped). OUT has the "
        "file's columns as they are, then those of the cleanset, in the file's row order; scores are from 0 to 1, 1 is "
        "worst. A cleanset column whose name the file has already is written with cleanlab_ before it. Cells are not "
        "changed for spreadsheets. Exit status: 0, or 2 with a sentence that says what to do."
    )
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what may be given."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--label", metavar="COL", help="the column with the given labels; not if unsupervised")
        columns = parser.add_mutually_exclusive_group()
        columns.add_argument("--text", metavar="COL", help="the column with the text to learn from")
        columns.add_argument("--features", metavar="A,B,…", help="the columns to learn from; guessed if not given")
        parser.add_argument("--task", choices=[task.value for task in MLTask], default=MLTask.MULTI_CLASS.value)
        parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.REGULAR.value)
        parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="the only source of randomness (0)")
        parser.add_argument("--out", required=True, type=Path, metavar="OUT.csv")
        parser.add_argument("--pred-probs", type=Path, metavar="P.parquet", help="also write out-of-sample pred_probs")
        parser.add_argument("--manifest", type=Path, metavar="M.json", help="also write what `rerun` needs to prove it")
        parser.add_argument("--model", type=Path, metavar="DIR", help="also train the best model and save it there")

    def handle(self, **options: Any) -> None:
        """Do it; the summary goes to standard output."""
        errors: TextIO = options.get("stderr") or sys.stderr
        request = Request(**{field.name: options[field.name] for field in fields(Request)})
        with problems_end_in_status_2(errors):
            self.stdout.write(_clean(request, TerminalProgress(errors)))


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_SEED:
        raise ArgumentTypeError(f"{text} is no seed; expected a whole number from 0 to {MAX_SEED:,}.")
    return int(text)


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    file: Path
    label: str | None
    text: str | None
    features: str | None
    task: str
    mode: str
    seed: int
    out: Path
    pred_probs: Path | None
    manifest: Path | None
    model: Path | None


def _clean(request: Request, progress: TerminalProgress) -> str:
    """Do the work and return the summary."""
    input_file(request.file)
    _refuse_without_labels(request)
    with ExitStack() as outputs, tables.scratch() as folder:
        out = outputs.enter_context(output_file(request.out))
        pred_probs = outputs.enter_context(output_file(request.pred_probs)) if request.pred_probs else None
        manifest = outputs.enter_context(output_file(request.manifest)) if request.manifest else None
        model_folder = outputs.enter_context(_model_folder(request.model)) if request.model else None
        table = folder / "rows.parquet"
        started = time.monotonic()
        spec = _read(request, table, progress)
        seconds = {"Reading the file": time.monotonic() - started}
        result = analyse_table(table, spec, progress=progress)
        seconds |= result.stage_seconds
        if model_folder:
            progress.log("Training the model to save")
            started = time.monotonic()
            _save_model(table, spec, model_folder, progress)
            seconds["Training the model"] = time.monotonic() - started
        progress("Writing")
        _write_rows(table, result, out)
        if pred_probs:
            _write_pred_probs(result, pred_probs)
        if manifest:
            _write_manifest(request.file, table, spec, result, manifest)
        progress.clear()
    return summary(spec, result, seconds)


def _refuse_without_labels(request: Request) -> None:
    if request.task == MLTask.UNSUPERVISED and (request.pred_probs or request.model):
        option = "--model" if request.model else "--pred-probs"
        raise DataProblem(f"Without labels nothing is learned that {option} could write. Leave it out.")


def _model_folder(path: Path) -> AbstractContextManager[Path]:
    return output_folder(path, replaceable={MANIFEST, SIGNATURE, PAYLOAD})


def _read(request: Request, table: Path, progress: TerminalProgress) -> CleansetSpec:
    """Read the file into a table and decide what is learned from it."""
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
    facts = read_table(request.file, request.file.name, table, progress=progress, limits=limits)
    for note in facts.notes:
        progress.log(note)
    profiles = profile_table(table, is_shown=False, progress=progress, n_threads=settings.CORES)
    spec = _spec(request, profiles)
    what = f"Learning {spec.label_column} from" if spec.label_column else "Looking at"
    progress.log(f"{what} {', '.join(spec.feature_columns)}")
    return spec


def _spec(request: Request, profiles: Sequence[ColumnProfile]) -> CleansetSpec:
    """Put the choice into the engine's words, as the form of a new project does."""
    task, wanted = MLTask(request.task), [request.text] if request.text else _names(request.features or "")
    if (request.label is None) != (task is MLTask.UNSUPERVISED):
        raise DataProblem(
            f"The task {task} needs the column with the labels. Add --label COL."
            if request.label is None
            else "The task unsupervised looks at rows without labels. Leave out --label, or choose another --task."
        )
    _refuse_unknown([*([request.label] if request.label else []), *wanted], [profile.name for profile in profiles])
    modality = Modality.TEXT if request.text else Modality.TABULAR
    if not wanted:
        modality, wanted = _guessed_features(request.label, profiles)
    kinds = {profile.name: profile.kind for profile in profiles if profile.name in wanted}
    if modality is Modality.TEXT:
        kinds = dict.fromkeys(kinds, ColumnKind.TEXT)
    return CleansetSpec(
        task=task,
        modality=modality,
        feature_columns=tuple(kinds),
        column_kinds=kinds,
        label_column=request.label,
        mode=Mode(request.mode),
        seed=request.seed,
        encoder_folder=settings.ENCODER_FOLDER,
    )


def _names(listed: str) -> list[str]:
    """Read A,B,…; a name with a comma in it stands in double quotes."""
    return next(csv.reader([listed], skipinitialspace=True), [])


def _refuse_unknown(wanted: Sequence[str], known: Sequence[str]) -> None:
    for name in wanted:
        if name not in known:
            raise DataProblem(f"There is no column {name}. The columns of the file are: {', '.join(known)}.")


def _guessed_features(label: str | None, profiles: Sequence[ColumnProfile]) -> tuple[Modality, list[str]]:
    """Guess what to learn from; where another column looks more like a label, it is a feature here."""
    guess = guess_choice(profiles)
    if guess.label_column != label:
        guess = guess_choice([profile for profile in profiles if profile.name != label])
    if guess.modality is Modality.TEXT and guess.text_column:
        return Modality.TEXT, [guess.text_column]
    partition = next((profile.partition for profile in profiles if profile.name == label), None)
    copies = {profile.name for profile in profiles if profile.partition == partition} if partition else set()
    candidates = (*guess.feature_columns, guess.label_column)
    return Modality.TABULAR, [name for name in candidates if name and name != label and name not in copies]


def _save_model(table: Path, spec: CleansetSpec, folder: Path, progress: TerminalProgress) -> None:
    labels = read_frame(table, [str(spec.label_column)])[spec.label_column].tolist()
    model = fit_best_model(table, spec, labels, progress=progress)
    save_artifact(model, folder, signing_key=signing_key())


def _write_rows(table: Path, result: CleansetResult, out: Path) -> None:
    """Write the uploaded columns and those of the cleanset, side by side."""
    own = [name for name in pq.read_schema(table).names if name != ROW_ID]
    found = result.issues.reset_index(drop=True)
    found.insert(0, "cleanlab_row_ID", range(1, len(found) + 1))
    columns = [*own, *(free_name(name, own) for name in found.columns)]
    write_stream(out, stream_exact_csv(columns, _batches(table, own, found)))


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return the name for a column of the cleanset beside the columns of the file."""
    while name in taken:
        name = f"cleanlab_{name}"
    return name


def _batches(table: Path, own: Sequence[str], found: pd.DataFrame) -> Iterator[pa.RecordBatch]:
    results = pa.Table.from_pandas(found, preserve_index=False)
    first = 0
    with pq.ParquetFile(table) as file:
        for batch in file.iter_batches(ROWS_PER_BATCH, columns=list(own)):
            part = results.slice(first, batch.num_rows).combine_chunks()
            columns = [*batch.columns, *(column.combine_chunks() for column in part.columns)]
            yield pa.RecordBatch.from_arrays(columns, names=[str(place) for place in range(len(columns))])
            first += batch.num_rows


def _write_pred_probs(result: CleansetResult, out: Path) -> None:
    """Write a column per class; of a regression the predicted number and its error bar."""
    names, matrix = (*result.classes,), result.pred_probs
    if result.predictions is not None:
        names, matrix = ("prediction", "expected_error"), result.predictions
    pq.write_table(pa.table([pa.array(column) for column in matrix.T], names=list(names)), out, compression="zstd")


def _write_manifest(file: Path, table: Path, spec: CleansetSpec, result: CleansetResult, out: Path) -> None:
    labels = read_frame(table, [spec.label_column])[spec.label_column].tolist() if spec.label_column else []
    described = describe(result, spec, dataset_sha256=file_sha256(file), labels=labels)
    out.write_text(json.dumps({**described.to_dict(), "fold_id": result.fold_id.tolist()}, indent=1))


def summary(spec: CleansetSpec, result: CleansetResult, seconds: Mapping[str, float]) -> str:
    """Return what a person wants to know at the end."""
    issues = [(name, f"{count:,}") for name, count in result.counts.items()]
    times = [(stage, f"{value:.1f}") for stage, value in seconds.items()]
    blocks = [("Rows with", issues)]
    if result.candidates:
        blocks.append((MEASURES[spec.task], [(row.name, f"{row.accuracy:.1%}") for row in result.candidates]))
    head = f"{len(result.issues):,} rows, {_learned(spec, result)}, {spec.mode.value} mode, seed {spec.seed}"
    return "\n\n".join([head, *(_aligned(title, lines) for title, lines in (*blocks, ("Seconds", times)))])


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
