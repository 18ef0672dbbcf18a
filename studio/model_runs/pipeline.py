"""Evaluates the results of a training, and stores the evaluation with its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleansets.frames import read_frame
from cleansets.row_parts import row_parts
from projects.models import Project
from projects.selectors import column_profiles
from studio import storage, tables
from studio.engine import stages
from studio.engine.errors import DataProblem
from studio.engine.evaluation.inputs.predictions import (
    Predictions,
    label_predictions,
    predictions_of,
)
from studio.engine.evaluation.inputs.splits import Split, read_split
from studio.engine.evaluation.metrics import METRICS
from studio.engine.evaluation.plots.numbers import residuals_by_column
from studio.engine.evaluation.report import evaluate as evaluate_predictions
from studio.engine.evaluation.runs.measured import Measured, measure
from studio.engine.evaluation.slices.column_groups import groups_by_column
from studio.engine.evaluation.slices.divisions import divisions
from studio.engine.groups.partitions import Partition
from studio.engine.health.rows.leak import split_column
from studio.engine.labels.encoding import UNLABELED, Labels, encode_labels
from studio.engine.ml_task import MLTask, Modality
from studio.engine.progress import Progress
from studio.engine.schema import Part
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind
from studio.model_runs.evaluation_file import (
    ALL_ROWS,
    CLEAN,
    LEARNED_ROWS,
    UPLOADED,
    USED,
    VERIFIED,
    write_evaluations,
)
from studio.model_runs.imported_predictions import read_predictions
from studio.model_runs.models import ModelRun, Origin
from studio.model_runs.rows_file import StoredRows
from studio.model_runs.sources import Source, source_of


def evaluate(run: ModelRun, progress: Progress) -> Mapping[str, Any]:
    """Evaluate the run, publish its files, and return the fields to store."""
    progress(stages.READING_PREDICTIONS)
    imported = _imported(run, progress) if run.origin == Origin.IMPORT else {}
    for name, value in imported.items():
        setattr(run, name, value)
    source = source_of(run)
    split = _split(run)
    progress(stages.MEASURING)
    evaluated = _Evaluated(run, source, split)
    used = evaluated.by(source.labels)
    documents = _documents(USED, used)
    if split is not None:
        documents |= _of_learned_rows(used, split)
    groups: dict[str, Partition] = {}
    if run.task is MLTask.REGRESSION:
        groups = evaluated.groups(used.predictions.row_id)
        documents[USED, ALL_ROWS]["residuals_by_column"] = residuals_by_column(
            used.predictions.labels, used.predictions.predicted, groups
        )
    for name, labels in _other_ways(source.labels).items():
        progress(stages.MEASURING, len(documents), len(documents) + 1)
        documents |= _documents(name, evaluated.by(labels))
    progress(stages.SAVING)
    stored = _stored_rows(run, used, source, split)
    with tables.scratch() as folder:
        evaluation = folder / "evaluation.zip"
        members = [partition.members for partition in groups.values()]
        write_evaluations(documents, _slices(used), members, evaluation)
        rows = folder / "rows.parquet"
        stored.write(rows)
        evaluation_key, rows_key = (
            tables.publish(file, storage.model_run_file(run.pk, run.attempt, file.name))
            for file in (evaluation, rows)
        )
    # Where the models were kept from test rows, these count; else all rows, each held out once.
    rows_that_count = ALL_ROWS
    assert run.cleanset is not None
    is_tested = run.cleanset.spec().split is not None
    if is_tested and (USED, Part.TEST.value) in documents:
        rows_that_count = Part.TEST.value
    metrics = documents[USED, rows_that_count]["metrics"]
    main = next(metric.key for metric in METRICS[run.task] if metric.key in metrics)
    return {
        **imported,
        "evaluation_key": evaluation_key,
        "rows_key": rows_key,
        "classes": list(stored.run.classes),
        "metrics": metrics,
        "main_metric": {"key": main, "rows": rows_that_count, **metrics[main]},
        "n_rows": len(stored.run.row_id),
        "n_corrected": _n_corrected(source.labels),
    }


def _imported(run: ModelRun, progress: Progress) -> dict[str, Any]:
    """Read the uploaded predictions, store them as arrays, and return the fields to store."""
    with tables.scratch() as folder:
        out = folder / "predictions.npz"
        configuration = read_predictions(run, out, progress)
        key = storage.model_run_file(run.pk, run.attempt, out.name)
        return {"configuration": configuration, "predictions_key": tables.publish(out, key)}


def _slices(measured: Measured) -> list[tuple[str, npt.NDArray[np.int64]]]:
    search = measured.evaluation.slices
    if search is None:
        return []
    row_id = measured.predictions.row_id
    return [(one.description, row_id[one.rows]) for one in search.slices]


class _Evaluated:
    """Evaluates the predictions of a source against several sets of labels."""

    def __init__(self, run: ModelRun, source: Source, split: Split | None) -> None:
        self._run = run
        self._source = source
        self._split = split

    def by(self, labels: pa.Table) -> Measured:
        """Evaluate the rows of a table against its column `label`."""
        predictions = self._predictions(labels)
        if not len(predictions):
            raise DataProblem(
                "No row has both a label and a prediction. There is nothing to measure."
            )
        return measure(predictions, self._split, self._divided, main_is_test=False)

    def _predictions(self, labels: pa.Table) -> Predictions:
        source = self._source
        row_id = labels.column("row_id").to_numpy()
        places = np.searchsorted(source.row_id, row_id)
        is_all = len(places) == len(source.row_id)
        given = labels.column("label").to_pylist()
        task = self._run.task
        if source.predicted is not None:
            stated = [source.predicted[place] for place in places.tolist()]
            found = label_predictions(given, stated, task)
        else:
            values = source.values if is_all else source.values[places]
            convention = self._run.project.label_convention
            chosen_on = None
            if self._split is not None:
                chosen_on = ~self._split.is_part(Part.TEST)[row_id]
            found = predictions_of(task, given, source.classes, values, convention, chosen_on)
        return replace(found, row_id=row_id[found.row_id].astype(np.int64))

    def groups(self, row_id: npt.NDArray[np.int64]) -> dict[str, Partition]:
        """Return the groups of the rows by every column that has some."""
        return groups_by_column(self._columns(row_id), _column_kinds(self._run.project))

    def _columns(self, row_id: npt.NDArray[np.int64]) -> dict[str, Cells]:
        names = list(_column_kinds(self._run.project))
        assert self._run.cleanset is not None
        table = tables.local_path(self._run.cleanset.version.table_key)
        frame = read_frame(table, names, row_id)
        conventions = self._run.cleanset.spec().conventions
        return {name: Cells.of(frame[name].tolist(), conventions.get(name)) for name in names}

    def _divided(self, row_id: npt.NDArray[np.int64]) -> Iterator[Partition]:
        """Slice the rows by every column but the label, and by the topics of their texts."""
        assert self._run.cleanset is not None
        spec = self._run.cleanset.spec()
        kinds = _column_kinds(self._run.project)
        columns = self._columns(row_id)
        places = np.searchsorted(self._source.row_id, row_id)
        space = None if self._source.space is None else self._source.space[places]
        text_column = spec.feature_columns[0] if spec.modality is Modality.TEXT else None
        return divisions(columns, kinds, text_column=text_column, space=space, seed=spec.seed)


def _column_kinds(project: Project) -> dict[str, ColumnKind]:
    """Return the kinds of all columns but the label, by the project's settings."""
    found = {profile.name: profile.kind for profile in column_profiles(project.version)}
    chosen = {name: ColumnKind(kind) for name, kind in project.column_kinds.items()}
    kinds = found | chosen
    kinds.pop(project.label_column, None)
    return kinds


def _split(run: ModelRun) -> Split | None:
    """Return the split of the cleanset; else that of a column that looks like one, if any."""
    assert run.cleanset is not None
    parts = row_parts(run.cleanset)
    choice = run.cleanset.spec().split
    if parts is not None and choice is not None:
        return Split(choice.column, parts.astype(str), dict(choice.values))
    version = run.cleanset.version
    column = split_column([profile.name for profile in column_profiles(version)])
    if column is None:
        return None
    cells = read_frame(tables.local_path(version.table_key), [column])[column].tolist()
    try:
        return read_split(column, cells)
    except DataProblem:  # a column of that name with other values is no split
        return None


def _other_ways(labels: pa.Table) -> dict[str, pa.Table]:
    """Return the rows with each further kind of labels, where these differ."""
    ways = {}
    for name, column in ((UPLOADED, "uploaded_label"), (CLEAN, "clean_label")):
        if _n_differing(labels, column):
            ways[name] = _labeled_by(labels, column)
    verified = _labeled_by(labels.filter(labels.column("is_verified")), "clean_label")
    if len(verified):
        ways[VERIFIED] = verified
    return ways


def _labeled_by(labels: pa.Table, column: str) -> pa.Table:
    return labels.select(["row_id", column]).rename_columns(["row_id", "label"])


def _n_differing(labels: pa.Table, column: str) -> int:
    differs = pc.not_equal(
        pc.fill_null(labels.column("label"), "\0"), pc.fill_null(labels.column(column), "\0")
    )
    return int(pc.sum(differs).as_py() or 0)


def _n_corrected(labels: pa.Table) -> int:
    return _n_differing(labels, "uploaded_label")


def _documents(name: str, measured: Measured) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the documents for a set of labels: all rows, then each part of a split."""
    whole = measured.to_dict(name)
    parts = whole.pop("splits")
    described = {"classes": whole["classes"]}
    return {(name, ALL_ROWS): whole} | {
        (name, part): {**described, **one} for part, one in parts.items()
    }


def _of_learned_rows(used: Measured, split: Split) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the document of the rows for training and validation together.

    Empty if one of the three parts has no row.
    """
    row_id = used.predictions.row_id
    is_test = split.is_part(Part.TEST)[row_id]
    is_validation = split.is_part(Part.VALIDATION)[row_id]
    if not is_test.any() or not is_validation.any() or (is_test | is_validation).all():
        return {}
    measured = evaluate_predictions(used.predictions.take(~is_test))
    document = {"classes": list(used.predictions.classes), **measured.to_dict()}
    return {(USED, LEARNED_ROWS): document}


def _stored_rows(run: ModelRun, used: Measured, source: Source, split: Split | None) -> StoredRows:
    """Return the evaluated rows with all their labels, as codes of one list of classes."""
    rows = used.rows
    places = np.searchsorted(source.row_id, rows.row_id)
    labels = source.labels.take(pa.array(places))
    encoded = {
        name: encode_labels(
            labels.column(column).to_pylist(), run.task, run.project.label_convention
        )
        for name, column in ((UPLOADED, "uploaded_label"), (CLEAN, "clean_label"))
    }
    found = [name for one in encoded.values() for name in one.classes]
    classes = tuple(dict.fromkeys([*rows.classes, *found]))
    return StoredRows(
        run=rows.with_classes(classes),
        other_labels={name: _targets(one, classes) for name, one in encoded.items()},
        is_verified=labels.column("is_verified").to_numpy(zero_copy_only=False),
        part=np.array([""] * len(places)) if split is None else split.parts[rows.row_id],
    )


def _targets(labels: Labels, classes: tuple[str, ...]) -> npt.NDArray[Any]:
    """Return labels as codes of an extended list of classes; -1 or NaN for a missing one."""
    if not classes:
        return np.asarray(labels.targets, dtype=np.float64)
    place = {name: code for code, name in enumerate(classes)}
    code_of = np.array([place[name] for name in labels.classes], dtype=np.int32)
    if labels.targets.ndim == 2:
        wide = np.zeros((len(labels.targets), len(classes)), dtype=bool)
        wide[:, code_of] = labels.targets
        return wide
    return np.append(code_of, np.int32(UNLABELED))[labels.codes]
