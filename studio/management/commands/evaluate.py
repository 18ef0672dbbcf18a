"""Measures how well the labels of a file can be predicted, or how good given predictions are."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from django.conf import settings

from cleansets.frames import read_frame
from projects.readers import ROW_ID
from projects.readers.facts import FIND_OUT
from studio import tables
from studio.engine import stages
from studio.engine.errors import DataProblem
from studio.engine.evaluation.inputs.predictions import (
    Predictions,
    label_predictions,
    predictions_of,
)
from studio.engine.evaluation.inputs.provided import read_provided
from studio.engine.evaluation.inputs.splits import Split, read_split
from studio.engine.evaluation.metrics import METRICS
from studio.engine.evaluation.plots.numbers import residuals_by_column
from studio.engine.evaluation.runs.measured import measure
from studio.engine.evaluation.slices.column_groups import groups_by_column
from studio.engine.evaluation.slices.divisions import divisions
from studio.engine.groups.partitions import Partition
from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import MLTask, Modality
from studio.engine.recipes.out_of_sample import predict_out_of_sample
from studio.engine.schema import CleansetSpec, Part
from studio.engine.schema.class_weights import class_weights_as_json
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind
from studio.fan_out import fan_out
from studio.management.clean_request import (
    LearningRequest,
    add_learning_options,
    add_split_options,
)
from studio.management.command import StudioCommand
from studio.management.evaluation_file import evaluation_text
from studio.management.evaluation_words import evaluation_summary
from studio.management.gates import GATE_FAILED, Gate, add_gate_option, figures_of, read_gates
from studio.management.input_files import file_sha256, input_file, read_input
from studio.management.learned_table import LearnedTable, label_cells, read_learned_table
from studio.management.output_files import output_file, refuse_same_files
from studio.management.terminal import Terminal

ENDING = (
    "Exit status: 0; 2 with a sentence that says what to do; 3 if a condition of --fail-if is met;"
    " 130 if interrupted."
)


@dataclass(frozen=True, slots=True)
class EvaluateRequest(LearningRequest):
    """The options of `evaluate`."""

    pred_probs: Path | None
    json: Path | None

    def _refuse_contradictions(self) -> None:
        LearningRequest._refuse_contradictions(self)
        if self.task == MLTask.UNSUPERVISED:
            raise DataProblem("Without labels there is nothing to measure. Give another --task.")
        if self.pred_probs is not None and self.test_percent is not None:
            raise DataProblem(
                "--test-percent makes a split for training, but with --pred-probs nothing is"
                " trained. Name the split that was trained with by --split COL, or leave it out."
            )
        if self.pred_probs is not None and self.class_weights is not None:
            raise DataProblem(
                "--class-weights weighs rows in training, but with --pred-probs nothing is trained."
                " Leave it out."
            )


class Command(StudioCommand):
    """Read a file, predict its labels out of sample, measure them; no database is used."""

    help = (
        "Measure how well the labels of FILE are predicted by models that have not seen the row, as"
        " clean trains them; or how good the predictions in P are. Every metric comes with the"
        " interval in which it lies with 95% confidence. With --split, the models never see the"
        " labels of test rows, and the metrics are those of the test rows."
    )
    example = "evaluate requests.csv --label topic --text message --json requests.json"
    ending = ENDING

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_learning_options(parser)
        add_split_options(parser)
        parser.add_argument(
            "--pred-probs",
            type=Path,
            metavar="P.parquet",
            help=(
                "measure these predictions instead of training: a column of probabilities for each"
                " class, or a column prediction; by cleanlab_row_ID or row_id, else in the order of"
                " the rows; in any format that FILE may have"
            ),
        )
        parser.add_argument(
            "--json", type=Path, metavar="E.json", help="also write all of it, for compare"
        )
        add_gate_option(parser)
        super().add_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Evaluate the file; the table goes to standard output."""
        with self.terminal(options) as terminal:
            request = EvaluateRequest.of(options)
            gates = read_gates(options["fail_if"])
            failures = _evaluate(request, gates, terminal)
            for failure in failures:
                terminal.complain(failure)
        if failures:
            raise SystemExit(GATE_FAILED)


def _evaluate(request: EvaluateRequest, gates: Sequence[Gate], terminal: Terminal) -> list[str]:
    """Measure, write and print; return a sentence for each failed condition."""
    input_file(request.file)
    if request.pred_probs is not None:
        input_file(request.pred_probs)
    refuse_same_files(
        {"FILE": request.file, "--pred-probs": request.pred_probs, "--json": request.json}
    )
    with ExitStack() as outputs, tables.scratch() as folder:
        out = None
        if request.json is not None:
            out = outputs.enter_context(output_file(request.json, terminal))
        table = folder / "rows.parquet"
        learned = read_learned_table(request, table, terminal)
        labels = label_cells(table, learned.spec)
        predicted = _predicted(request, learned, table, labels, terminal)
        terminal.progress(stages.MEASURING)
        divided = partial(_divisions, learned=learned, table=table, space=predicted.space)
        measured = measure(predicted.predictions, predicted.split, divided)
        values = {
            **_description(request, learned.spec, predicted),
            **measured.to_dict(labels="given"),
        }
        if learned.spec.task is MLTask.REGRESSION:
            values["residuals_by_column"] = _residuals(measured.predictions, learned, table)
        figures = figures_of(values["metrics"])
        for name, part in values["splits"].items():
            figures |= figures_of(part["metrics"], prefix=f"{name}.")
        failures = [failure for gate in gates if (failure := gate.failure(figures)) is not None]
        if out is not None:
            keys = _row_keys(table, learned.spec)
            keys = keys[measured.predictions.row_id]
            out.write_text(evaluation_text(values, measured.rows, keys))
    terminal.say(evaluation_summary(values, METRICS[learned.spec.task]))
    return failures


@dataclass(frozen=True, slots=True)
class _Predicted:
    """Predictions of labeled rows, with their embeddings and their origin."""

    predictions: Predictions
    space: npt.NDArray[np.float32] | None
    by: str
    candidates: list[dict[str, Any]]
    split: Split | None


def _predicted(
    request: EvaluateRequest,
    learned: LearnedTable,
    table: Path,
    labels: list[str | None],
    terminal: Terminal,
) -> _Predicted:
    spec = learned.spec
    if request.pred_probs is not None:
        found = _provided(request.pred_probs, spec, labels, terminal)
        split = None
        if request.split is not None:
            split = read_split(
                request.split, read_frame(table, [request.split])[request.split].tolist()
            )
        return _Predicted(found, None, f"predictions of {request.pred_probs.name}", [], split)
    columns = [*spec.feature_columns, *([request.split] if request.split else [])]
    with fan_out() as n_jobs:
        result = predict_out_of_sample(
            read_frame(table, columns),
            labels,
            spec,
            cache_dir=settings.CACHE_DIR / "engine",
            n_jobs=n_jobs,
            progress=terminal.progress,
        )
    split = None
    if result.parts is not None and spec.split is not None:
        split = Split(spec.split.column, result.parts, dict(spec.split.values))
    found = predictions_of(
        spec.task,
        labels,
        result.classes,
        result.values,
        result.spec.conventions.get(str(spec.label_column)),
        None if split is None else ~split.is_part(Part.TEST),
    )
    candidates = [
        {"name": row.name, "weight": row.weight, "score": row.accuracy} for row in result.candidates
    ]
    return _Predicted(found, result.space, "the ensemble, out of sample", candidates, split)


def _provided(
    file: Path, spec: CleansetSpec, labels: list[str | None], terminal: Terminal
) -> Predictions:
    with tables.scratch() as folder:
        table = folder / "predictions.parquet"
        read_input(file, table, terminal, reading=FIND_OUT)
        names = [name for name in pq.read_schema(table).names if name != ROW_ID]
        frame = read_frame(table, names)
    columns = {name: frame[name].tolist() for name in names}
    known = encode_labels(labels, spec.task).classes
    provided = read_provided(columns, spec.task, known, len(labels))
    for note in provided.notes:
        terminal.note(note)
    if provided.labels is not None:
        return label_predictions(labels, provided.labels, spec.task)
    convention = spec.conventions.get(str(spec.label_column))
    return predictions_of(spec.task, labels, provided.classes, provided.values, convention)


def _description(
    request: EvaluateRequest, spec: CleansetSpec, predicted: _Predicted
) -> dict[str, Any]:
    """Return what was measured and how."""
    return {
        "file": request.file.name,
        "sha256": file_sha256(request.file),
        "task": spec.task.value,
        "label_column": spec.label_column,
        "feature_columns": list(spec.feature_columns),
        "mode": spec.mode.value,
        "seed": spec.seed,
        "n_folds": spec.n_folds,
        "predicted_by": predicted.by,
        "candidates": predicted.candidates,
        "split": None if spec.split is None else spec.split.to_dict(),
        "class_weights": class_weights_as_json(spec.class_weights),
    }


def _divisions(
    row_id: npt.NDArray[np.int64],
    learned: LearnedTable,
    table: Path,
    space: npt.NDArray[np.float32] | None,
) -> Iterator[Partition]:
    """Divide the rows by every column but the label."""
    spec = learned.spec
    columns, kinds = _columns(row_id, learned, table)
    text_column = spec.feature_columns[0] if spec.modality is Modality.TEXT else None
    points = None if space is None else space[row_id]
    return divisions(columns, kinds, text_column=text_column, space=points, seed=spec.seed)


def _residuals(
    predictions: Predictions, learned: LearnedTable, table: Path
) -> list[dict[str, Any]]:
    """Return the residuals by every column but the label."""
    groups = groups_by_column(*_columns(predictions.row_id, learned, table))
    return residuals_by_column(predictions.labels, predictions.predicted, groups)


def _columns(
    row_id: npt.NDArray[np.int64], learned: LearnedTable, table: Path
) -> tuple[dict[str, Cells], dict[str, ColumnKind]]:
    """Return the cells of every column but the label, and their kinds."""
    spec = learned.spec
    names = [name for name in learned.kinds if name != spec.label_column]
    frame = read_frame(table, names, row_id)
    cells = {name: Cells.of(frame[name].tolist(), spec.conventions.get(name)) for name in names}
    return cells, {**learned.kinds, **spec.column_kinds}


def _row_keys(table: Path, spec: CleansetSpec) -> npt.NDArray[np.int64]:
    """Return a number for each row's features, small enough for any reader of JSON."""
    frame = read_frame(table, spec.feature_columns)
    hashed = pd.util.hash_pandas_object(frame, index=False).to_numpy(dtype=np.uint64)
    # 53 bits: JavaScript and others read JSON numbers as floats.
    return (hashed >> np.uint64(11)).astype(np.int64)
