"""Compares two evaluations: is the difference real?"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.evaluation.runs.comparison import compare_runs
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.management.command import StudioCommand
from studio.management.evaluation_file import EvaluationFile, read_evaluation
from studio.management.evaluation_words import comparison_summary
from studio.management.gates import GATE_FAILED, Gate, add_gate_option, figures_of, read_gates
from studio.management.output_files import output_file, refuse_same_files
from studio.management.terminal import Terminal

ENDING = (
    "Exit status: 0; 2 with a sentence that says what to do; 3 if a condition of --fail-if is met;"
    " 130 if interrupted."
)
SETTINGS = (
    "file", "sha256", "label_column", "feature_columns", "mode", "seed", "n_folds", "predicted_by",
    "split",
)  # fmt: skip


class Command(StudioCommand):
    """Read two evaluations and compare them on the rows that both have; no database is used."""

    help = (
        "Compare two files that evaluate --json has written, on the rows that both have. Each"
        " difference, the second less the first, comes with its paired interval: it is real where"
        " the interval leaves out 0. Rows are matched by their number if the data are the same,"
        " else by the columns that are learned from."
    )
    example = 'compare before.json after.json --fail-if "accuracy.difference<0"'
    ending = ENDING

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("first", metavar="E1.json", type=Path, help="an evaluation")
        parser.add_argument("second", metavar="E2.json", type=Path, help="another evaluation")
        parser.add_argument(
            "--json",
            type=Path,
            metavar="C.json",
            help="also write all of it, with the numbers of the rows gained and lost",
        )
        add_gate_option(parser)
        super().add_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Compare the files; the table goes to standard output."""
        with self.terminal(options) as terminal:
            gates = read_gates(options["fail_if"])
            first = options["first"]
            second = options["second"]
            out = options["json"]
            refuse_same_files({"E1.json": first, "E2.json": second, "--json": out})
            failures = _compare(first, second, out, gates, terminal)
            for failure in failures:
                terminal.complain(failure)
        if failures:
            raise SystemExit(GATE_FAILED)


def _compare(
    first_path: Path, second_path: Path, out: Path | None, gates: Sequence[Gate], terminal: Terminal
) -> list[str]:
    """Compare, write and print; return a sentence for each failed condition."""
    first = read_evaluation(first_path)
    second = read_evaluation(second_path)
    comparison = compare_runs(first.rows, _matched(first, second))
    values = {
        "first": first_path.name,
        "second": second_path.name,
        "settings": _differing_settings(first.values, second.values),
        **comparison.to_dict(),
    }
    figures = figures_of(second.values["metrics"])
    figures |= figures_of(
        {f"{one.metric.key}.difference": one.difference.to_dict() for one in comparison.metrics}
    )
    failures = [failure for gate in gates if (failure := gate.failure(figures)) is not None]
    with ExitStack() as outputs:
        if out is not None:
            path = outputs.enter_context(output_file(out, terminal))
            path.write_text(json.dumps(values, allow_nan=False))
    terminal.say(comparison_summary(values, comparison))
    return failures


def _matched(first: EvaluationFile, second: EvaluationFile) -> RunRows:
    """Return the rows of the second file with the IDs of the same rows in the first."""
    rows = second.rows
    if first.values["sha256"] == second.values["sha256"]:
        return rows
    ids = pd.Series(first.rows.row_id, index=_numbered(first.keys))
    found = ids.reindex(_numbered(second.keys)).to_numpy(dtype=np.float64)
    is_found = np.isfinite(found)
    row_ids = -1 - np.arange(len(found), dtype=np.int64)  # IDs that the first file does not have
    row_ids[is_found] = found[is_found].astype(np.int64)
    order = np.argsort(row_ids, kind="stable")
    return replace(rows.take(order), row_id=row_ids[order])


def _numbered(keys: npt.NDArray[np.int64]) -> pd.MultiIndex:
    """Distinguish rows with equal features by their order."""
    frame = pd.DataFrame({"key": keys})
    return pd.MultiIndex.from_arrays([keys, frame.groupby("key").cumcount()])


def _differing_settings(
    first: Mapping[str, Any], second: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    return {
        name: {"first": first.get(name), "second": second.get(name)}
        for name in SETTINGS
        if first.get(name) != second.get(name)
    }
