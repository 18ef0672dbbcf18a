"""The JSON file that `evaluate` writes and `compare` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studio.engine.errors import DataProblem
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.ml_task import MLTask
from studio.management.input_files import input_file

FORMAT = "cleanset-studio evaluation 1"
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class EvaluationFile:
    """An evaluation file, with its rows."""

    path: Path
    values: Mapping[str, Any]
    rows: RunRows

    @property
    def keys(self) -> npt.NDArray[np.int64]:
        """A digest of each row's features, which identifies the row in another file."""
        return np.asarray(self.values["rows"]["key"], dtype=np.int64)


def evaluation_text(values: Mapping[str, Any], rows: RunRows, keys: npt.NDArray[np.int64]) -> str:
    columns = {name: _plain(column) for name, column in rows.to_columns().items()}
    whole = {"format": FORMAT, **values, "rows": {"key": keys.tolist(), **columns}}
    return json.dumps(whole, allow_nan=False)


def read_evaluation(path: Path) -> EvaluationFile:
    """Read a file of `evaluate --json`. Raises DataProblem for any other file."""
    try:
        values = json.loads(input_file(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _other_file(path) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise _other_file(path)
    try:
        columns = {
            name: np.asarray(column) for name, column in values["rows"].items() if name != "key"
        }
        rows = RunRows.of_columns(MLTask(values["task"]), values["classes"], columns)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # it was edited since
        raise _other_file(path) from error
    return EvaluationFile(path, values, rows)


def _other_file(path: Path) -> DataProblem:
    return DataProblem(
        f"{path} is not an evaluation file. Expected a file that evaluate --json has written."
    )


def _plain(column: npt.NDArray[Any]) -> list[Any]:
    if column.dtype.kind != "f":
        return list(column.tolist())
    return [float(f"{value:.{_DIGITS}g}") for value in column.tolist()]
