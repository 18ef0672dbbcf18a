"""Predicts the rows of a file with a model that `clean --model` saved."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand

from inference.exports import prediction_batches, prediction_columns
from inference.pipeline import PredictedTable, predict_table
from models_app.artifact_files import signing_key
from projects.readers import ReadLimits, read_table
from studio import tables
from studio.engine.artifacts import load_artifact
from studio.engine.errors import DataProblem
from studio.exports import stream_exact_csv
from studio.management.terminal import TerminalProgress, input_file, output_file, problems_end_in_status_2, write_stream


class Command(BaseCommand):
    """Read a file, predict its rows, write them with the probabilities; no database, account or broker is used."""

    help = (
        "Predict the rows of FILE with the model in DIR. OUT has the file's columns as they are, one column of "
        "probabilities per class, and Suggested Label (of a regression: the number, and Suggested Label Error, how far "
        "it is usually off), in the file's row order; a name that the file has already is "
        'followed by "(predicted)". A model can only be opened with the secret key that it was saved with. '
        "Exit status: 0, or 2 with a sentence that says what to do."
    )
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what may be given."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--model", required=True, type=Path, metavar="DIR")
        parser.add_argument("--out", required=True, type=Path, metavar="OUT.csv")

    def handle(self, *, file: Path, model: Path, out: Path, **options: Any) -> None:
        """Do it; the counts per label go to standard output."""
        errors: TextIO = options.get("stderr") or sys.stderr
        with problems_end_in_status_2(errors):
            predicted = _predict(file, model, out, TerminalProgress(errors))
        self.stdout.write(f"{predicted.n_rows:,} rows predicted")
        for label, n_rows in predicted.label_counts:
            self.stdout.write(f"  {label}  {n_rows:,}")


def _predict(file: Path, model_folder: Path, out: Path, progress: TerminalProgress) -> PredictedTable:
    input_file(file)
    if not model_folder.is_dir():
        raise DataProblem(f"There is no folder {model_folder}. Give the folder that clean --model has written.")
    model = load_artifact(model_folder, signing_key=signing_key())
    limits = ReadLimits(max_unpacked_bytes=settings.MAX_UNPACKED_BYTES)
    with output_file(out) as partial, tables.scratch() as folder:
        table, result = folder / "rows.parquet", folder / "predictions.parquet"
        facts = read_table(file, file.name, table, progress=progress, limits=limits)
        predicted = predict_table(model, table, result, progress=progress)
        for note in (*facts.notes, *predicted.notes):
            progress.log(note)
        progress("Writing")
        write_stream(partial, stream_exact_csv(prediction_columns(table, result), prediction_batches(table, result)))
        progress.clear()
    return predicted
