"""The analysis of a dataset version: reads the table, lets the engine build the cleanset, keeps its results."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from django.conf import settings

from cleansets.frames import read_frame
from cleansets.models import Cleanset
from studio import storage, tables
from studio.engine.build import build_cleanset
from studio.engine.health.leak import split_column
from studio.engine.ml_task import MLTask
from studio.engine.progress import Progress
from studio.engine.schema import CleansetResult, CleansetSpec
from studio.engine.validate import check_frame

LIBRARIES = ("numpy", "pandas", "scikit-learn", "cleanlab", "torch", "sentence-transformers")
ISSUES, PRED_PROBS, FOLD_ID = "issues.parquet", "pred_probs.npy", "fold_id.npy"
PREDICTIONS, EMBEDDINGS = "predictions.npy", "embeddings.npy"  # where the task and the modality have them


def build(run: Cleanset, progress: Progress) -> Mapping[str, Any]:
    """Analyse the project's dataset version and return the values to store on the run."""
    project = run.project
    spec = project.spec()
    table = tables.local_path(project.version.table_key)
    result = analyse_table(table, spec, progress=progress)
    progress("Saving")
    given = read_frame(table, [project.label_column])[project.label_column] if project.label_column else None
    with tables.scratch() as folder:
        names = write_results(result, given, folder)
        keys = {name: storage.cleanset_file(run.pk, run.attempt, name) for name in names}
        for name, key in keys.items():
            tables.publish(folder / name, key)
    return {
        "n_rows": len(result.issues),
        "issues_key": keys[ISSUES],
        "pred_probs_key": keys[PRED_PROBS],
        "fold_id_key": keys[FOLD_ID],
        "predictions_key": keys.get(PREDICTIONS, ""),
        "embeddings_key": keys.get(EMBEDDINGS, ""),
        "classes": list(result.classes),
        "candidates": [asdict(candidate) for candidate in result.candidates],
        "counts": dict(result.counts),
        "stage_seconds": dict(result.stage_seconds),
        "health": result.health.to_dict(),
        "manifest": _manifest(run, spec),
    }


def analyse_table(table: Path, spec: CleansetSpec, *, progress: Progress) -> CleansetResult:
    """Build the cleanset of a Parquet table; the same for the worker and for the command line."""
    progress("Reading rows")
    split = split_column(pq.read_schema(table).names)
    wanted = (*spec.feature_columns, spec.label_column, split)
    frame = read_frame(table, list(dict.fromkeys(name for name in wanted if name)))
    check_frame(frame, spec)
    return build_cleanset(
        frame,
        spec,
        split_column=split,
        cache_dir=settings.CACHE_DIR / "engine",
        n_jobs=settings.CORES,
        progress=progress,
    )


def write_results(result: CleansetResult, given: pd.Series[str] | None, folder: Path) -> list[str]:
    """Write the result files into the folder and return their names.

    The given labels lie beside the results, so that the review table is sorted and filtered from one narrow file.
    """
    issues = result.issues.reset_index(drop=True)
    issues.insert(0, "row_id", np.arange(len(issues), dtype=np.int64))
    issues.insert(1, "given_label", given if given is not None else pd.Series([None] * len(issues), dtype=object))
    _as_plain(issues).to_parquet(folder / ISSUES, index=False, row_group_size=100_000, compression="zstd")
    arrays: dict[str, npt.NDArray[Any] | None] = {
        PRED_PROBS: result.pred_probs,
        FOLD_ID: result.fold_id,
        PREDICTIONS: result.predictions,
        EMBEDDINGS: result.embeddings,
    }
    names = [name for name, array in arrays.items() if array is not None]
    for name in names:
        np.save(folder / name, np.asarray(arrays[name]))
    return [ISSUES, *names]


def _as_plain(issues: pd.DataFrame) -> pd.DataFrame:
    """Store labels as text, whichever of pandas' string types they came in."""
    if "suggested_label" not in issues:
        return issues
    suggested = issues["suggested_label"].astype(object)
    return issues.assign(suggested_label=suggested.where(suggested.notna(), None))


def _manifest(run: Cleanset, spec: CleansetSpec) -> dict[str, Any]:
    """Say what made this result, so that it can be made again."""
    return {
        "dataset_sha256": run.project.version.sha256,
        "task": MLTask(spec.task).value,
        "modality": spec.modality.value,
        "mode": spec.mode.value,
        "label_column": spec.label_column,
        "feature_columns": list(spec.feature_columns),
        "n_folds": spec.n_folds,
        "seed": spec.seed,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in LIBRARIES},
    }
