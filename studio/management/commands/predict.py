"""Predicts the rows of a file with a model that `clean --model` saved."""

from __future__ import annotations

import shlex
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inference.exports import (
    columns_left_out,
    prediction_batches,
    prediction_columns,
    refuse_unknown_classes,
)
from inference.pipeline import PredictedTable, predict_table
from inference.report_page import printable_report
from inference.services import COVERAGES, DEFAULT_COVERAGE
from models_app.artifact_files import signing_key
from studio import tables
from studio.engine.conventions.convention_notes import convention_notes
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask
from studio.engine.recipes.artifacts import load_artifact
from studio.engine.recipes.trained import TrainedModel
from studio.engine.table.required_columns import (
    MissingColumn,
    MissingColumnsProblem,
    RequiredColumns,
)
from studio.exports.formats import write_table
from studio.management.column_pairs import add_map_option, column_map
from studio.management.command import StudioCommand
from studio.management.convention_options import ADVICE, add_convention_options, chosen_conventions
from studio.management.input_files import add_table_argument, input_file, read_input
from studio.management.output_files import (
    output_file,
    place_name,
    refuse_inside,
    refuse_same_files,
    table_format_at,
)
from studio.management.read_options import read_options_of
from studio.management.terminal import Terminal


class Command(StudioCommand):
    """Read a file, predict its rows, write them with the probabilities; no database, account or
    broker is used.
    """

    help = (
        "Predict the rows of FILE with the model in DIR. OUT has the file's columns as they are,"
        " one column of probabilities per class, and Suggested Label (of a regression: the number,"
        " and Suggested Label Error, how far it is usually off), in the file's row order; a name"
        ' that the file has already is followed by "(predicted)". A model can only be opened with'
        " the secret key that it was saved with."
    )
    example = "predict --model topics new.csv --out predictions.csv"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_table_argument(parser)
        parser.add_argument(
            "--model",
            required=True,
            type=Path,
            metavar="DIR",
            help="the folder that clean --model has written",
        )
        add_map_option(parser, "model")
        add_convention_options(parser)
        parser.add_argument(
            "--guard",
            action="store_true",
            help=(
                "add what the model's guard says of each row: confidence, whether it is unlike the"
                " training data, whether to leave it to a person, the most similar training row,"
                " the labels (or interval of numbers) that remain possible, and a note on cells"
                " that cannot be read"
            ),
        )
        parser.add_argument(
            "--coverage",
            type=float,
            metavar="FRACTION",
            help=(
                "with --guard: how often the right label should be among those that remain"
                f" possible; {DEFAULT_COVERAGE:g} if not given"
            ),
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="R.html",
            help="with --guard: a report of the whole file, as HTML that prints well",
        )
        parser.add_argument(
            "--class",
            action="append",
            default=[],
            dest="classes",
            metavar="NAME",
            help=(
                "write the probabilities of this class, not of all; may be given several times;"
                " every class can still be suggested"
            ),
        )
        parser.add_argument(
            "--out",
            required=True,
            type=Path,
            metavar="OUT",
            help=(
                "the rows with their predictions: .csv, .tsv, .json, .jsonl (all also .gz),"
                " .parquet or .xlsx; - for CSV on standard output"
            ),
        )
        super().add_arguments(parser)

    def handle(self, *, file: Path, model: Path, out: Path, **options: Any) -> None:
        """Predict the file; the counts per label go to standard output."""
        with self.terminal(options) as terminal:
            predicted = _predict(file, model, out, options, terminal)
            counts = [f"  {label}  {n_rows:,}" for label, n_rows in predicted.label_counts]
            head = f"{counted(predicted.n_rows, 'row')} predicted, written to {place_name(out)}"
            terminal.say("\n".join([head, *counts]))


def _load_model(folder: Path) -> TrainedModel:
    if not folder.is_dir():
        raise DataProblem(
            f"There is no folder {folder}. Give the folder that clean --model has written."
        )
    return load_artifact(folder, signing_key=signing_key())


def _map_advice(missing: Sequence[MissingColumn]) -> str:
    """Return the options that would map the missing columns, quoted for a shell."""
    pairs = [f"{column.name}={column.candidates[0]}" for column in missing if column.candidates]
    pairs += [f"{column.name}=FILE_COLUMN" for column in missing if not column.candidates][:1]
    return " ".join(f"--map {shlex.quote(pair)}" for pair in pairs)


def _coverage(options: Mapping[str, Any]) -> float | None:
    """Return the coverage of the guard, None without it."""
    coverage: float | None = options["coverage"]
    if not options["guard"]:
        if options["report"] is not None:
            raise DataProblem("--report needs --guard. Add it.")
        if coverage is not None:
            raise DataProblem("--coverage says something only with --guard. Add it.")
        return None
    if coverage is None:
        return DEFAULT_COVERAGE
    low, high = COVERAGES
    if not low <= coverage <= high:
        raise DataProblem(
            f"--coverage {coverage:g} is outside {low:g} to {high:g}. Give a fraction such as 0.9."
        )
    return coverage


def _predict(
    file: Path, model_folder: Path, out: Path, options: Mapping[str, Any], terminal: Terminal
) -> PredictedTable:
    input_file(file)
    outputs = {"--out": out}
    report: Path | None = options["report"]
    if report is not None:
        outputs["--report"] = report
    refuse_same_files({"FILE": file, **outputs})
    refuse_inside(model_folder, "--model", outputs)
    out_format = table_format_at(out)
    coverage = _coverage(options)
    model = _load_model(model_folder)
    refuse_unknown_classes(model.classes, options["classes"])
    read = tuple(model.feature_columns)
    required = RequiredColumns(read, column_map(read, options["column_pairs"], "model"))
    chosen = chosen_conventions(
        options, {name: model.spec.column_kinds[name] for name in model.feature_columns}
    )
    with output_file(out, terminal) as partial, tables.scratch() as folder:
        table = folder / "rows.parquet"
        result = folder / "predictions.parquet"
        try:
            read_input(file, table, terminal, required, reading=read_options_of(options))
        except MissingColumnsProblem as problem:
            raise DataProblem(
                f"{problem.finding()} Add {_map_advice(problem.missing)}."
            ) from problem
        predicted = predict_table(
            model,
            table,
            result,
            progress=terminal.progress,
            column_map=required.column_map,
            chosen=chosen,
            coverage=coverage,
        )
        for note in (*predicted.notes, *convention_notes(predicted.conventions, advice=ADVICE)):
            terminal.note(note)
        terminal.progress("Writing")
        separator = model.spec.separator if model.spec.task is MLTask.MULTI_LABEL else None
        left_out = columns_left_out(result, model.classes, options["classes"])
        rows = prediction_batches(table, result, separator, left_out)
        write_table(partial, out_format, prediction_columns(table, result, left_out), rows)
    if report is not None and predicted.report is not None:
        with output_file(report, terminal) as partial:
            title = f"Report on {file.name}"
            html = printable_report(predicted.report, model.spec.task, title)
            partial.write_text(html, encoding="utf-8")
    return predicted
