"""The analysis of a dataset version: read the table, build the cleanset, store its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
from django.conf import settings

from cleansets.carrying import carry_over
from cleansets.frames import read_frame
from cleansets.growing import grow
from cleansets.mapped_results import searched_table
from cleansets.models import Cleanset, CleansetOrigin
from cleansets.overlay import (
    GIVEN_LABEL,
    LEFT_OUT,
    CorrectedRows,
    given_labels,
    previous_labels,
    rows_to_analyse,
)
from cleansets.provided import predicted_rows, provided_predictions
from cleansets.row_parts import kept_parts
from studio import storage, tables
from studio.engine import stages
from studio.engine.errors import DataProblem
from studio.engine.fitting.candidates import CANDIDATES
from studio.engine.health.rows.leak import split_column
from studio.engine.model_selection.assessment import ENSEMBLE_KEY
from studio.engine.progress import Progress
from studio.engine.recipes.build import build_cleanset
from studio.engine.recipes.manifest import describe
from studio.engine.schema import CleansetResult, CleansetSpec
from studio.engine.schema.explanation import Explanation
from studio.engine.schema.provided import ProvidedPredictions
from studio.engine.schema.split import SPLIT_COLUMN, Part
from studio.engine.table.required_columns import quoted
from studio.fan_out import fan_out

ISSUES, PRED_PROBS, FOLD_ID = "issues.parquet", "pred_probs.npy", "fold_id.npy"
RESULT_FIELDS = (
    "n_rows", "issues_key", "pred_probs_key", "predictions_key", "fold_id_key", "embeddings_key",
    "votes_key", "space_key", "levels_key", "value_counts_key", "explained", "classes",
    "candidates", "counts", "stage_seconds", "health", "manifest", "growth", "provided_key",
    "provided",
)  # fmt: skip
MIN_WEIGHT = 0.1  # of a candidate in the ensemble; less changes little
PREDICTIONS, EMBEDDINGS = (
    "predictions.npy",
    "embeddings.npy",
)  # where the task and the modality have them
VOTES, SPACE, LEVELS, VALUE_COUNTS = (
    "votes.npy",
    "space.npy",
    "levels.npy",
    "value_counts.parquet",
)


def build(run: Cleanset, progress: Progress) -> Mapping[str, Any]:
    """Analyse the project's dataset version and return the fields to store on the run."""
    version = run.version
    spec = run.spec()
    _check_candidates(spec)
    carry_over(run, progress)
    if run.restored is not None:
        return {name: getattr(run.restored, name) for name in RESULT_FIELDS}
    if run.origin == CleansetOrigin.ROWS:
        assert run.base is not None
        return grow(run, only_candidates=useful_candidates(run.base), progress=progress)
    table = tables.local_path(version.table_key)
    labels = given_labels(run)
    rows = rows_to_analyse(run, labels)
    provided = None
    if run.provided_key:
        rows = predicted_rows(run, rows)
        provided = provided_predictions(run, rows)
    previous = None
    if provided is None and run.base is not None and _is_alike(run, run.base):
        previous = previous_labels(run, rows)
        if not spec.only_candidates:
            spec = replace(spec, only_candidates=useful_candidates(run.base))
    result = analyse_table(
        table,
        spec,
        rows=rows,
        previous=previous,
        provided=provided,
        is_explained=True,
        progress=progress,
    )
    manifest = describe(
        result, spec, dataset_sha256=version.sha256, labels=rows.labels, former_labels=previous
    )
    whole = with_left_out(result, rows.row_id, version.n_rows or 0, kept_parts(run))
    progress(stages.SAVING)
    with tables.scratch() as folder:
        names = write_results(whole, labels, folder)
        progress(stages.SAVING)
        names += write_explanation(whole.explanation, folder)
        keys = {name: storage.cleanset_file(run.pk, run.attempt, name) for name in names}
        for name, key in keys.items():
            progress(stages.SAVING)
            tables.publish(folder / name, key)
    if settings.EMBEDDED:  # its web server has the same cache, so that no search waits for this
        searched_table(version.table_key)
    return {
        "n_rows": len(whole.issues),
        "issues_key": keys[ISSUES],
        "pred_probs_key": keys[PRED_PROBS],
        "fold_id_key": keys[FOLD_ID],
        "predictions_key": keys.get(PREDICTIONS, ""),
        "embeddings_key": keys.get(EMBEDDINGS, ""),
        "votes_key": keys.get(VOTES, ""),
        "space_key": keys.get(SPACE, ""),
        "levels_key": keys.get(LEVELS, ""),
        "value_counts_key": keys.get(VALUE_COUNTS, ""),
        "explained": explained_names(whole.explanation),
        "classes": list(result.classes),
        "candidates": [asdict(candidate) for candidate in result.candidates],
        "counts": dict(result.counts),
        "stage_seconds": dict(result.stage_seconds),
        "health": result.health.to_dict(),
        "manifest": manifest.to_dict(),
    }


def _is_alike(run: Cleanset, base: Cleanset) -> bool:
    """Return whether the base was trained in the same way."""
    return base.configuration == run.configuration and not base.provided_key


def _check_candidates(spec: CleansetSpec) -> None:
    """Refuse chosen candidates that do not exist for this task, modality and mode."""
    possible = [
        candidate.key
        for candidate in CANDIDATES
        if spec.task in candidate.tasks
        and spec.modality is candidate.modality
        and spec.mode in candidate.modes
    ]
    unknown = [key for key in spec.only_candidates if key not in possible]
    if unknown:
        raise DataProblem(
            f"There is no model {quoted(unknown)} for {spec.modality.value} data, {spec.task.value}"
            f" labels and {spec.mode.value} mode. Choose among: {', '.join(possible)}."
        )


def useful_candidates(cleanset: Cleanset) -> tuple[str, ...]:
    """Return the keys of the candidates with a real weight in the ensemble; the others are not
    tried again.
    """
    return tuple(
        row["key"]
        for row in cleanset.candidates
        if row["weight"] >= MIN_WEIGHT and row["key"] != ENSEMBLE_KEY
    )


def analyse_table(  # noqa: PLR0913  (all but two by name)
    table: Path,
    spec: CleansetSpec,
    *,
    rows: CorrectedRows | None = None,
    previous: Sequence[str | None] | None = None,
    provided: ProvidedPredictions | None = None,
    is_explained: bool = False,
    use_cache: bool = True,
    progress: Progress,
) -> CleansetResult:
    """Build the cleanset of a Parquet table, for the worker and the command line alike.

    `rows` are those to analyse, with their labels; None means all, with the labels of the table.
    `previous` are their labels before the correction; models may warm-start from the fits to these.
    With `provided` predictions of these rows, nothing is trained.
    """
    progress(stages.READING_ROWS)
    split = split_column(pq.read_schema(table).names)
    if spec.split is not None and spec.split.column is not None:
        split = spec.split.column
    wanted = (*spec.feature_columns, spec.label_column, split)
    row_ids = None if rows is None or not rows.n_excluded else rows.row_id
    frame = read_frame(table, list(dict.fromkeys(name for name in wanted if name)), row_ids)
    if row_ids is not None:
        frame.index = pd.Index(row_ids)  # so that notes name the rows of the file
    with fan_out() as n_jobs:
        return build_cleanset(
            frame,
            replace(spec, budget_s=settings.FIT_BUDGET_S),
            labels=rows.labels if rows is not None and spec.label_column else None,
            previous_labels=previous,
            parts=None if rows is None or rows.parts is None else rows.parts.tolist(),
            split_column=split,
            provided=provided,
            is_explained=is_explained,
            cache_dir=settings.CACHE_DIR / "engine" if use_cache else None,
            n_jobs=n_jobs,
            progress=progress,
        )


def with_left_out(
    result: CleansetResult,
    row_id: npt.NDArray[np.int64],
    n_rows: int,
    parts: npt.NDArray[np.object_] | None = None,
) -> CleansetResult:
    """Insert the rows that were left out, without issues and with `is_not_analyzed`.

    `parts` are those of all rows in the split, which they keep. In a new split, rows that were left
    out are for training.
    """
    if len(row_id) == n_rows:
        return result
    issues = result.issues.set_axis(pd.Index(row_id)).reindex(range(n_rows))
    for name, kind in result.issues.dtypes.items():
        if kind.kind in "bf":
            issues[name] = issues[name].fillna(0).astype(kind)
    is_left_out = np.ones(n_rows, dtype=bool)
    is_left_out[row_id] = False
    issues[LEFT_OUT] = is_left_out
    if parts is not None:
        issues[SPLIT_COLUMN] = parts
    elif SPLIT_COLUMN in issues:
        issues[SPLIT_COLUMN] = issues[SPLIT_COLUMN].fillna(Part.TRAINING.value)
    share = 1 / len(result.classes) if result.classes else 0.0
    return replace(
        result,
        issues=issues,
        pred_probs=_in_place(result.pred_probs, row_id, n_rows, share),
        fold_id=_in_place(result.fold_id, row_id, n_rows, -1),
        embeddings=(
            None if result.embeddings is None else _in_place(result.embeddings, row_id, n_rows, 0)
        ),
        predictions=(
            None
            if result.predictions is None
            else _in_place(result.predictions, row_id, n_rows, np.nan)
        ),
        explanation=result.explanation and _with_left_out(result.explanation, row_id, n_rows),
    )


def _with_left_out(
    explanation: Explanation, row_id: npt.NDArray[np.int64], n_rows: int
) -> Explanation:
    votes = explanation.votes
    if votes is not None:
        votes = _in_place(votes, row_id, n_rows, -1 if votes.dtype.kind == "i" else np.nan)
    space = explanation.space
    if space is not None:
        space = _in_place(space, row_id, n_rows, np.nan)
    levels = _in_place(explanation.levels, row_id, n_rows, -1)
    return replace(explanation, votes=votes, space=space, levels=levels)


def _in_place(
    values: npt.NDArray[Any], row_id: npt.NDArray[np.int64], n_rows: int, left_out: float
) -> npt.NDArray[Any]:
    whole = np.full((n_rows, *values.shape[1:]), left_out, dtype=values.dtype)
    whole[row_id] = values
    return whole


def write_results(result: CleansetResult, given: Sequence[str | None], folder: Path) -> list[str]:
    """Write the result files into the folder and return their names.

    The given labels are stored with the results, so that sorting and filtering the review table
    reads one narrow file.
    """
    issues = result.issues.reset_index(drop=True)
    issues.insert(0, "row_id", np.arange(len(issues), dtype=np.int64))
    issues.insert(1, GIVEN_LABEL, pd.Series(list(given), dtype=object))
    _as_plain(issues).to_parquet(
        folder / ISSUES, index=False, row_group_size=100_000, compression="zstd"
    )
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


def write_explanation(explanation: Explanation | None, folder: Path) -> list[str]:
    """Write the files that explain rows into the folder and return their names."""
    if explanation is None:
        return []
    arrays = {VOTES: explanation.votes, SPACE: explanation.space, LEVELS: explanation.levels}
    names = [name for name, array in arrays.items() if array is not None and array.shape[1]]
    for name in names:
        np.save(folder / name, np.asarray(arrays[name]))
    if explanation.value_counts is None:
        return names
    explanation.value_counts.to_parquet(folder / VALUE_COUNTS, index=False, compression="zstd")
    return [*names, VALUE_COUNTS]


def explained_names(explanation: Explanation | None) -> dict[str, list[Any]]:
    """Return the names that belong to the files of an explanation."""
    if explanation is None:
        return {}
    return {
        "voters": list(explanation.voters),
        "class_thresholds": list(explanation.class_thresholds),
        "leveled_columns": list(explanation.leveled_columns),
    }


def _as_plain(issues: pd.DataFrame) -> pd.DataFrame:
    """Store labels as plain text, whichever of pandas' string types they have."""
    if "suggested_label" not in issues:
        return issues
    suggested = issues["suggested_label"].astype(object)
    return issues.assign(suggested_label=suggested.where(suggested.notna(), None))
