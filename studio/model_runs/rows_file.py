"""The rows file of a run: the prediction for each row, and all its labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from studio import tables
from studio.engine.evaluation.metrics.row_measures import RowMeasures, measure_numbers
from studio.engine.evaluation.runs.run_rows import RunRows, packed, unpacked
from studio.engine.ml_task import MLTask

OTHER_LABELS = ("uploaded", "clean")
VERIFIED, PART = "is_verified", "part"


@dataclass(frozen=True, slots=True)
class StoredRows:
    """The evaluated rows of a run.

    Attributes
    ----------
    run
        The rows with the labels that were learned from.
    other_labels
        The uploaded and the clean labels, as codes of the run's classes.
    is_verified
        Whether a person verified the row's clean label, shape (n,).
    part
        The part of the split of each row; empty strings without a split.
    """

    run: RunRows
    other_labels: Mapping[str, npt.NDArray[Any]]
    is_verified: npt.NDArray[np.bool_]
    part: npt.NDArray[np.str_]

    def by(self, name: str) -> RunRows:
        """Return the rows that have this kind of label, evaluated against it."""
        labels = self.other_labels[name]
        measures = self.run.measures
        has_label = np.isfinite(labels) if measures.task is MLTask.REGRESSION else labels != -1
        rows = np.flatnonzero(has_label if labels.ndim == 1 else np.ones(len(labels), dtype=bool))
        predicted = measures.predicted[rows]
        if measures.task is MLTask.REGRESSION:
            measured = measure_numbers(labels[rows], predicted)
        else:
            measured = RowMeasures(
                measures.task, measures.n_classes, labels[rows], predicted, columns={}
            )
        return replace(self.run, row_id=self.run.row_id[rows], measures=measured)

    def write(self, out: Path) -> None:
        """Write the rows to a Parquet file."""
        columns = dict(self.run.to_columns())
        for name, values in self.other_labels.items():
            columns |= packed(f"label_{name}", values)
        columns[VERIFIED] = self.is_verified
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
        table = table.append_column(PART, pa.array(self.part.tolist(), pa.string()))
        pq.write_table(table, out, compression="zstd")


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How many rows of a run a person verified, and how many each part of the split has."""

    n_verified: int
    of_parts: dict[str, int]


@lru_cache(maxsize=64)
def row_counts(key: str) -> RowCounts:
    """Count the rows of a run without reading their labels; cached, as the file never changes."""
    table = pq.read_table(tables.local_path(key), columns=[VERIFIED, PART])
    counted = pc.value_counts(table.column(PART)).to_pylist()
    return RowCounts(
        n_verified=int(pc.sum(table.column(VERIFIED)).as_py() or 0),
        of_parts={one["values"]: one["counts"] for one in counted if one["values"]},
    )


@lru_cache(maxsize=4)
def stored_rows(key: str, task: MLTask, classes: Sequence[str]) -> StoredRows:
    """Read the rows of a run; cached, since the file never changes."""
    table = pq.read_table(tables.local_path(key))
    part = table.column(PART).combine_chunks()
    columns = {name: table.column(name).to_numpy() for name in table.column_names if name != PART}
    is_verified = columns.pop(VERIFIED)
    other = {}
    for name in OTHER_LABELS:
        prefix = f"label_{name}"
        own = {key: columns.pop(key) for key in list(columns) if key.startswith(prefix)}
        is_set = task is MLTask.MULTI_LABEL
        other[name] = unpacked(prefix, own, len(classes)) if is_set else own[prefix]
    run = RunRows.of_columns(task, classes, columns)
    encoded = part.dictionary_encode()
    names = np.array(encoded.dictionary.to_pylist(), dtype=str)
    return StoredRows(run, other, is_verified, names[encoded.indices.to_numpy()])
