"""Adds new rows to a cleanset: its results stay, and its models score the new rows in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from cleansets.added_rows import updated_rows
from cleansets.frames import frame_of, read_frame
from cleansets.models import Cleanset
from cleansets.overlay import GIVEN_LABEL, LEFT_OUT, corrected_rows, given_labels
from cleansets.row_parts import row_parts
from cleansets.scorers import Scorer, deployed_scorer
from cleansets.selectors import classes_in
from projects.models import DatasetVersion
from studio import storage, tables
from studio.engine import stages
from studio.engine.counted import counted
from studio.engine.labels.reading import read_labels
from studio.engine.ml_task import MLTask, Modality
from studio.engine.progress import Progress
from studio.engine.recipes.predict import NewSpelling, predict_frame, predict_values
from studio.engine.recipes.score import ScoredRows, score_rows
from studio.engine.recipes.train import train_model
from studio.engine.recipes.trained import TrainedModel
from studio.engine.schema import CleansetSpec, Part
from studio.engine.schema.provided import ProvidedPredictions
from studio.engine.schema.split import SPLIT_COLUMN
from studio.fan_out import fan_out

KNOWN_ROWS = 10_000  # a sample beside which new rows are judged
TRAINED_ROWS = 5_000  # of a model that is fitted for this, where none is deployed
TEXTS_PER_CHUNK = 500
ROWS_PER_CHUNK = 16_000
ROWS_PER_BLOCK = 50_000  # of an array that is copied
ISSUES = "issues.parquet"
NOTHING = np.nan  # in an array of numbers; -1 in one of codes
CLUSTER = "near_duplicate_cluster_id"


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of the grown version by their ids: those to score, and known ones beside them, of
    which new rows are compared with all for near duplicates, and with a sample else.
    """

    new: npt.NDArray[np.int64]
    updated: npt.NDArray[np.int64]
    all_known: npt.NDArray[np.int64]
    known: npt.NDArray[np.int64]


def grow(run: Cleanset, *, only_candidates: Sequence[str], progress: Progress) -> dict[str, Any]:
    """Score the rows that the base does not have, and return the fields to store."""
    base = run.base
    assert base is not None
    spec = run.spec()
    progress(stages.READING_ROWS)
    updated = updated_rows(run.version, base.version)
    appended = np.arange(base.n_rows or 0, run.version.n_rows or 0)
    new = np.concatenate([updated, appended])
    all_known = _known_rows(base, updated)
    rows = _Rows(new, updated, all_known, _sample(all_known, spec.seed))
    given = _given_labels(run, base, updated)
    parts = _parts(run, base, new)
    scorer = None
    if spec.task is not MLTask.UNSUPERVISED:
        scorer = deployed_scorer(run)
        if scorer is None:
            scorer = _fitted_scorer(
                base, replace(spec, only_candidates=tuple(only_candidates)), progress
            )
    scored, predicted = _scored(run, base, rows, given, parts, scorer, progress)
    classes = _classes(run, base, [given[row] for row in new.tolist()])
    progress(stages.SAVING)
    issues = _issues(base, scored, rows, given, parts)
    new_values = _new_values(base, classes, scorer, predicted, scored)
    with tables.scratch() as folder:
        pq.write_table(issues, folder / ISSUES, row_group_size=100_000, compression="zstd")
        names = {"issues_key": ISSUES}
        for field, values in new_values.items():
            key = getattr(base, field)
            if key:
                names[field] = Path(key).name
                is_by_class = field == "pred_probs_key" and bool(classes)
                _write_extended(
                    tables.local_path(key),
                    folder / names[field],
                    rows,
                    len(issues),
                    values,
                    (base.classes, classes) if is_by_class else None,
                )
        keys = {
            field: storage.cleanset_file(run.pk, run.attempt, name) for field, name in names.items()
        }
        for field, key in keys.items():
            tables.publish(folder / names[field], key)
    explained = {}
    if classes == base.classes:
        explained = {"explained": base.explained, "value_counts_key": base.value_counts_key}
    flags = [field.name for field in issues.schema if pa.types.is_boolean(field.type)]
    return {
        **keys,
        **explained,
        "n_rows": len(issues),
        "classes": classes,
        "candidates": base.candidates,
        "counts": {name: _count(issues, name) for name in flags if name != LEFT_OUT},
        "health": base.health,
        "manifest": base.manifest,
        "growth": {
            "n_new": len(appended),
            "n_updated": len(updated),
            "n_flagged": int(scored.issues.get("is_label_issue", pd.Series(dtype=bool)).sum()),
            "n_unknown_class": int(scored.has_unknown_class.sum()),
            "n_compared": len(rows.all_known),
            "scored_by": "" if scorer is None else scorer.name,
        },
    }


def _count(issues: pa.Table, name: str) -> int:
    return int(issues.column(name).to_numpy().sum())


def _known_rows(base: Cleanset, updated: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the old rows that were analysed."""
    is_known = np.ones(base.n_rows or 0, dtype=bool)
    is_known[updated] = False
    results = tables.local_path(base.issues_key)
    if LEFT_OUT in pq.read_schema(results).names:
        is_known &= ~pq.read_table(results, columns=[LEFT_OUT]).column(0).to_numpy()
    return np.flatnonzero(is_known).astype(np.int64)


def _sample(known: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """Return some of the rows, all if there are few."""
    if len(known) <= KNOWN_ROWS:
        return known
    drawn = np.random.default_rng(seed).choice(len(known), KNOWN_ROWS, replace=False)
    return known[np.sort(drawn)]


def _further_rows(
    table: Path, columns: Sequence[str], rows: _Rows, progress: Progress
) -> Iterator[pd.DataFrame]:
    """Yield the known rows that are not in the sample, in blocks with their ids as index."""
    further = np.setdiff1d(rows.all_known, rows.known, assume_unique=True)
    if not len(further):
        return
    first = 0
    for batch in pq.ParquetFile(table).iter_batches(ROWS_PER_BLOCK, columns=list(columns)):
        last = first + batch.num_rows
        ids = further[slice(*np.searchsorted(further, [first, last]))]
        frame = frame_of(pa.Table.from_batches([batch]).take(ids - first))
        frame.index = pd.Index(ids)
        progress(stages.FINDING_ISSUES, first, len(rows.all_known))
        yield frame
        first = last


def _given_labels(
    run: Cleanset, base: Cleanset, updated: npt.NDArray[np.int64]
) -> list[str | None]:
    """Return the given labels of all rows: those of the base, and for other rows the uploaded ones.

    A label that people had corrected before the base was analysed stays if its row was updated.
    """
    given = given_labels(base)
    n_old = len(given)
    uploaded = _uploaded_labels(run, run.version)
    if len(updated):
        before = _uploaded_labels(run, base.version)
        for row in updated.tolist():
            if given[row] == before[row]:
                given[row] = uploaded[row]
    return [*given, *uploaded[n_old:]]


def _uploaded_labels(run: Cleanset, version: DatasetVersion) -> list[str | None]:
    spec = run.project.spec()
    if spec.label_column is None:
        return [None] * (version.n_rows or 0)
    cells = read_frame(tables.local_path(version.table_key), [spec.label_column])
    return read_labels(cells[spec.label_column].tolist(), spec)


def _parts(
    run: Cleanset, base: Cleanset, new: npt.NDArray[np.int64]
) -> npt.NDArray[np.object_] | None:
    """Return the part of each row; in a split that was made, new rows are for training."""
    old = row_parts(base)
    if old is None:
        return None
    parts = np.full(run.version.n_rows or 0, Part.TRAINING.value, dtype=object)
    parts[: len(old)] = old
    split = run.spec().split
    if split is not None and split.column is not None:
        cells = read_frame(tables.local_path(run.version.table_key), [split.column], new)
        parts[new] = split.parts_of(cells[split.column].tolist())
    return parts


def _fitted_scorer(base: Cleanset, spec: CleansetSpec, progress: Progress) -> Scorer:
    """Fit the models of the analysis to its labels of now, or to a sample of them."""
    rows = corrected_rows(base)
    labels = np.array(rows.learned_labels, dtype=object)
    places = np.flatnonzero([label is not None for label in labels])
    n_labeled = len(places)
    if n_labeled > TRAINED_ROWS:
        drawn = np.random.default_rng(spec.seed).choice(n_labeled, TRAINED_ROWS, replace=False)
        places = places[np.sort(drawn)]
    table = tables.local_path(base.version.table_key)
    frame = read_frame(table, spec.feature_columns, rows.row_id[places])
    with fan_out() as n_jobs:
        model = train_model(
            frame,
            labels[places].tolist(),
            spec,
            cache_dir=settings.CACHE_DIR / "engine",
            n_jobs=n_jobs,
            progress=progress,
        )
    name = f"the models of version {base.number}"
    if len(places) < n_labeled:
        name += f", fitted to {len(places):,} of its {counted(n_labeled, 'label')}"
    return Scorer(name, model)


def _predicted(
    model: TrainedModel, table: Path, rows: npt.NDArray[np.int64], progress: Progress
) -> npt.NDArray[np.float32]:
    """Return probabilities in the order of the model's classes; or numbers and expected errors."""
    n_rows = TEXTS_PER_CHUNK if model.spec.modality is Modality.TEXT else ROWS_PER_CHUNK
    spelling = NewSpelling(model.spec.conventions, {})
    chunks = [np.empty((0, len(model.classes) or 2), dtype=np.float32)]
    for first in range(0, len(rows), n_rows):
        progress(stages.PREDICTING, first, len(rows))
        frame = read_frame(table, model.feature_columns, rows[first : first + n_rows])
        if model.classes:
            chunks.append(predict_values(model, frame))
        else:
            errors = predict_frame(model, frame, spelling).errors
            assert errors is not None
            chunks.append(np.column_stack([predict_values(model, frame)[:, 0], errors]))
    progress(stages.PREDICTING, len(rows), len(rows))
    return np.concatenate(chunks).astype(np.float32)


def _scored(  # noqa: PLR0913
    run: Cleanset,
    base: Cleanset,
    rows: _Rows,
    given: Sequence[str | None],
    parts: npt.NDArray[np.object_] | None,
    scorer: Scorer | None,
    progress: Progress,
) -> tuple[ScoredRows, npt.NDArray[np.float32] | None]:
    """Return what is found in the new rows, and what is predicted there."""
    spec = run.spec()
    table = tables.local_path(run.version.table_key)
    row_ids = np.concatenate([rows.known, rows.new])
    predicted = None
    predictions = None
    if scorer is not None:
        predicted = _predicted(scorer.model, table, rows.new, progress)
        predictions = _predictions(base, scorer, rows, predicted)
    frame = read_frame(table, spec.feature_columns, row_ids)
    if spec.split is not None and spec.split.column is not None:
        frame[spec.split.column] = None  # the parts are given
    frame.index = pd.Index(row_ids)
    with fan_out() as n_jobs:
        scored = score_rows(
            frame,
            spec,
            n_known=len(rows.known),
            labels=[given[row] for row in row_ids.tolist()],
            predictions=predictions,
            parts=None if parts is None else parts[row_ids].tolist(),
            cache_dir=settings.CACHE_DIR / "engine",
            n_jobs=n_jobs,
            progress=progress,
            further=_further_rows(table, spec.feature_columns, rows, progress),
        )
    return scored, predicted


def _predictions(
    base: Cleanset, scorer: Scorer, rows: _Rows, predicted: npt.NDArray[np.float32]
) -> ProvidedPredictions:
    if not scorer.model.classes:
        known = np.load(tables.local_path(base.predictions_key), mmap_mode="r")[rows.known]
        return ProvidedPredictions(scorer.name, (), np.concatenate([known, predicted]))
    known = np.load(tables.local_path(base.pred_probs_key), mmap_mode="r")[rows.known]
    classes = sorted({*base.classes, *scorer.model.classes})
    values = np.concatenate(
        [
            _by_class(known, base.classes, classes),
            _by_class(predicted, scorer.model.classes, classes),
        ]
    )
    return ProvidedPredictions(scorer.name, tuple(classes), values)


def _by_class(
    values: npt.NDArray[np.float32], names: Sequence[str], wanted: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Return the columns of the wanted classes, 0 for a class without one."""
    place = {name: column for column, name in enumerate(names)}
    ordered = np.zeros((len(values), len(wanted)), dtype=np.float32)
    for column, name in enumerate(wanted):
        if name in place:
            ordered[:, column] = values[:, place[name]]
    return ordered


def _classes(run: Cleanset, base: Cleanset, labels: Sequence[str | None]) -> list[str]:
    """Return the classes of the base and those of the new labels, in order."""
    names: set[str] = set(base.classes)
    for label in set(labels):
        names.update(classes_in(run.task, label))
    return sorted(names)


def _issues(
    base: Cleanset,
    scored: ScoredRows,
    rows: _Rows,
    given: Sequence[str | None],
    parts: npt.NDArray[np.object_] | None,
) -> pa.Table:
    """Return the results of all rows: those of the base, with those of the new rows."""
    old = pq.read_table(tables.local_path(base.issues_key))
    new = scored.issues.assign(**{LEFT_OUT: False})
    new["row_id"] = rows.new
    new[GIVEN_LABEL] = pd.Series([given[row] for row in rows.new.tolist()], dtype=object)
    if parts is not None:
        new[SPLIT_COLUMN] = parts[rows.new]
    old = _with_copies(old, new, scored.copies, rows)
    schema = pa.schema([_as_text(field) for field in old.schema])
    columns = [_column(new, field) for field in schema]
    is_kept = np.ones(len(old), dtype=bool)
    is_kept[rows.updated] = False
    whole = pa.concat_tables(
        [old.cast(schema).filter(pa.array(is_kept)), pa.table(columns, schema=schema)]
    )
    return whole.sort_by("row_id") if len(rows.updated) else whole


def _as_text(field: pa.Field) -> pa.Field:
    """Return a column that was empty so far as one of text."""
    return pa.field(field.name, pa.string()) if pa.types.is_null(field.type) else field


def _column(new: pd.DataFrame, field: pa.Field) -> pa.Array:
    """Return a column of the new rows; empty if they have none."""
    if field.name not in new:
        if pa.types.is_boolean(field.type):
            return pa.array([False] * len(new), field.type)
        return pa.nulls(len(new), field.type)
    column = new[field.name]
    if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
        column = column.astype(object).where(column.notna(), None)
    return pa.array(column, from_pandas=True).cast(field.type)


def _with_copies(old: pa.Table, new: pd.DataFrame, copies: pd.DataFrame, rows: _Rows) -> pa.Table:
    """Put new rows into the sets of near duplicates of old rows, and flag old rows that now have
    copies; changes `new`.
    """
    if CLUSTER not in old.column_names:
        return old
    clusters = old.column(CLUSTER).to_pandas().astype("Int64")
    flags = old.column("is_near_duplicate").to_numpy().copy()
    scores = old.column("near_duplicate_score").to_numpy().copy()
    next_id = int(clusters.max()) + 1 if clusters.notna().any() else 0
    found = copies[CLUSTER].astype("Int64")
    n_known = len(copies) - len(rows.new)
    known_ids = copies.index.to_numpy()[:n_known]
    known_scores = copies["near_duplicate_score"].to_numpy()[:n_known]
    known_found = found.iloc[:n_known].reset_index(drop=True)
    new_found = found.iloc[n_known:].reset_index(drop=True)
    places_of = known_found.groupby(known_found).indices
    numbers: dict[int, int] = {}
    for cluster in new_found.dropna().unique().tolist():
        places = places_of.get(cluster, np.empty(0, dtype=np.int64))
        members = known_ids[places]
        own_ids = clusters.iloc[members].dropna()
        if len(own_ids):
            numbers[cluster] = int(own_ids.iloc[0])
        else:
            numbers[cluster] = next_id
            next_id += 1
        clusters.iloc[members] = clusters.iloc[members].fillna(numbers[cluster])
        flags[members] = True
        scores[members] = np.maximum(scores[members], known_scores[places])
    ids = new_found.map(numbers).astype("Int64")
    new[CLUSTER] = ids
    for name, values in (
        (CLUSTER, pa.array(clusters, from_pandas=True)),
        ("is_near_duplicate", pa.array(flags)),
        ("near_duplicate_score", pa.array(scores)),
    ):
        place = old.column_names.index(name)
        old = old.set_column(place, name, values.cast(old.schema.field(name).type))
    return old


def _new_values(
    base: Cleanset,
    classes: Sequence[str],
    scorer: Scorer | None,
    predicted: npt.NDArray[np.float32] | None,
    scored: ScoredRows,
) -> dict[str, npt.NDArray[Any] | float]:
    """Return what stands in the arrays of results for the new rows, by the field of the key."""
    values: dict[str, npt.NDArray[Any] | float] = {"fold_id_key": -1, "embeddings_key": 0}
    if scored.embeddings is not None:
        values["embeddings_key"] = scored.embeddings
    if scorer is not None and predicted is not None:
        values["predictions_key"] = predicted
        values["pred_probs_key"] = predicted[:, :0]
        if classes:
            values["pred_probs_key"] = _by_class(predicted, scorer.model.classes, classes)
    elif base.pred_probs_key:
        values["pred_probs_key"] = 0
    if list(classes) == base.classes:
        values |= {"votes_key": NOTHING, "space_key": NOTHING, "levels_key": -1}
    return values


def _write_extended(
    source: Path,
    target: Path,
    rows: _Rows,
    n_rows: int,
    values: npt.NDArray[Any] | float,
    classes: tuple[Sequence[str], Sequence[str]] | None = None,
) -> None:
    """Write an array with the values of the new rows, block by block.

    `classes` are those of its columns so far, and those to write.
    """
    old = np.load(source, mmap_mode="r")
    if old.dtype.kind == "i" and values is NOTHING:
        values = -1
    shape = (n_rows, *old.shape[1:])
    if classes is not None:
        shape = (n_rows, len(classes[1]))
    whole = np.lib.format.open_memmap(target, mode="w+", dtype=old.dtype, shape=shape)
    for first in range(0, len(old), ROWS_PER_BLOCK):
        block = old[first : first + ROWS_PER_BLOCK]
        if classes is not None:
            block = _by_class(block, *classes)
        whole[first : first + len(block)] = block
    whole[rows.new] = values
    whole.flush()
