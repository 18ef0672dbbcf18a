"""A cleanset with its files, ready to review, without training anything: which row has which issue
is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from cleansets import analyses
from cleansets.models import Cleanset
from cleansets.overlay import GIVEN_LABEL, LEFT_OUT, given_labels, rows_to_analyse
from projects.models import DatasetVersion
from projects.readers.profile import profile_table
from studio import storage, tables
from studio.accounts.models import User
from studio.engine.conventions.label_sets import join_labels
from studio.engine.ml_task import MLTask, Modality
from studio.runs import Status
from tests.factories import make_cleanset, make_dataset, make_project, run_fields

CLASSES = ["billing", "delivery", "login"]
SET_CLASSES = [*CLASSES, "refund, partial"]
LABEL_ISSUE_EVERY = 10  # rows 0, 10, 20, … are label issues; row 0 is the worst
OUTLIER, COPY, UNLABELED, EMPTY = (
    3,
    15,
    7,
    5,
)  # row 15 is an exact copy of row 14; in sets row 7 has no class
NO_CLASS_SUGGESTED = 20  # the label issue whose suggestion is that no class applies
ERROR_BAR = 8.0


@dataclass(frozen=True, slots=True)
class Results:
    """The uploaded table, the row-level results and the arrays of an analysis."""

    frame: pd.DataFrame
    issues: pd.DataFrame
    pred_probs: np.ndarray
    classes: list[str] = field(default_factory=list)
    predictions: np.ndarray | None = None


def make_reviewable(
    owner: User,
    *,
    n_rows: int = 120,
    name: str = "requests",
    task: MLTask = MLTask.MULTI_CLASS,
    rename: Callable[[str], str] = str,
) -> Cleanset:
    """Return a cleanset of `n_rows` support requests whose result files exist.

    `rename` changes each name of a column or class, and each cell.
    """
    found = RESULTS[task](n_rows)
    if rename is not str:
        found = _renamed(found, rename)
    dataset = make_dataset(owner, name=name, n_rows=n_rows)
    version = dataset.versions.get()
    label_column = "" if task is MLTask.UNSUPERVISED else rename("topic")
    text_column = rename("message")
    project = make_project(
        owner,
        dataset=dataset,
        name=name.title(),
        task=task,
        modality=Modality.TEXT,
        label_column=label_column,
        feature_columns=[text_column],
        column_kinds={text_column: "text"},
    )
    cleanset = make_cleanset(owner, project=project, n_rows=n_rows)
    publish_rows(version, found.frame)
    cleanset.issues_key = publish_table(
        found.issues, storage.cleanset_file(cleanset.pk, 1, "issues.parquet")
    )
    cleanset.pred_probs_key = publish_array(
        found.pred_probs, storage.cleanset_file(cleanset.pk, 1, "pred_probs.npy")
    )
    fold_id = np.arange(n_rows, dtype=np.int16) % 5
    cleanset.fold_id_key = publish_array(
        fold_id, storage.cleanset_file(cleanset.pk, 1, "fold_id.npy")
    )
    if found.predictions is not None:
        key = storage.cleanset_file(cleanset.pk, 1, "predictions.npy")
        cleanset.predictions_key = publish_array(found.predictions, key)
    cleanset.classes = found.classes
    flags = [flag for flag in found.issues.columns if flag.startswith(("is_", "has_"))]
    cleanset.counts = {flag: int(found.issues[flag].sum()) for flag in flags}
    cleanset.candidates = candidates(task)
    cleanset.manifest = {
        "dataset_sha256": "0" * 64,
        "task": task,
        "modality": "text",
        "mode": "fast",
        "label_column": label_column or None,
        "feature_columns": [text_column],
        "n_folds": 5,
        "seed": 0,
        "python": "3.11",
        "versions": {"numpy": "2"},
    }
    cleanset.save()
    return Cleanset.objects.get(pk=cleanset.pk)


def _renamed(found: Results, rename: Callable[[str], str]) -> Results:
    frame = found.frame.rename(columns=lambda name: name if name == "__row_id" else rename(name))
    frame = frame.map(lambda cell: rename(cell) if isinstance(cell, str) else cell)
    issues = found.issues.copy()
    for column in ("given_label", "suggested_label"):
        issues[column] = [None if label is None else rename(label) for label in issues[column]]
        issues[column] = issues[column].astype(object)
    return replace(found, frame=frame, issues=issues, classes=[rename(c) for c in found.classes])


def candidates(task: MLTask) -> list[dict[str, Any]]:
    """Return what the analysis says of its models."""
    if task is MLTask.UNSUPERVISED:
        return []
    ece = None if task is MLTask.REGRESSION else 0.021
    times = {"weight": 1.0, "training_time_s": 1.0, "inference_time_s": 0.1}
    return [{"key": "a", "name": "A", "accuracy": 0.9, "log_loss": 0.3, "ece": ece} | times]


def messages(n_rows: int) -> pd.DataFrame:
    """Return the uploaded columns that are no labels."""
    row_id = np.arange(n_rows)
    message = [f"Request {i}: please help" for i in row_id]
    message[COPY] = message[COPY - 1]
    message[EMPTY] = None
    return pd.DataFrame({"__row_id": row_id, "message": message, "channel": "=mail"})


def duplicates_and_outliers(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the issue columns that need no label."""
    row_id = frame["__row_id"].to_numpy()
    is_copy = np.isin(row_id, (COPY, COPY - 1))
    return {
        "is_near_duplicate": is_copy,
        "near_duplicate_score": is_copy.astype(float),
        "near_duplicate_cluster_id": pd.array(
            [0 if copy else None for copy in is_copy], dtype="Int64"
        ),
        "is_outlier": row_id == OUTLIER,
        "outlier_score": np.where(row_id == OUTLIER, 0.95, 0.1),
        "is_empty_text": row_id == EMPTY,
        "text_num_characters": [
            len(text) if isinstance(text, str) else 0 for text in frame["message"]
        ],
    }


def label_issues(given: list[str | None], suggested: list[str | None]) -> dict[str, Any]:
    """Return the columns about labels that every task with labels has."""
    n_rows = len(given)
    row_id = np.arange(n_rows)
    is_issue = row_id % LABEL_ISSUE_EVERY == 0
    return {
        "row_id": row_id,
        "given_label": pd.Series(given, dtype=object),
        "is_label_issue": is_issue,
        "label_issue_score": np.where(is_issue, 0.99, 0.2) - row_id / (10 * n_rows),
        "suggested_label": pd.Series(suggested, dtype=object),
        "is_well_labeled": ~is_issue,
    }


def _ambiguous(n_rows: int) -> dict[str, Any]:
    return {
        "suggested_label_confidence_score": np.full(n_rows, 0.9),
        "is_ambiguous": False,
        "ambiguous_score": 0.1,
        "has_rare_class": False,
    }


def results(n_rows: int) -> Results:
    """Return what is found of one class per row."""
    frame = messages(n_rows)
    given: list[str | None] = [CLASSES[i % 3] for i in range(n_rows)]
    given[UNLABELED] = None
    suggested = [
        CLASSES[(i + 1) % 3] if i % LABEL_ISSUE_EVERY == 0 else None for i in range(n_rows)
    ]
    suggested[UNLABELED] = "login"
    frame.insert(2, "topic", given)
    columns = label_issues(given, suggested) | _ambiguous(n_rows) | duplicates_and_outliers(frame)
    issues = pd.DataFrame(columns | {"is_initially_unlabeled": np.arange(n_rows) == UNLABELED})
    pred_probs = np.full((n_rows, 3), 0.1, dtype=np.float32)
    likely = [CLASSES.index(s) if s is not None else i % 3 for i, s in enumerate(suggested)]
    pred_probs[np.arange(n_rows), likely] = 0.8
    return Results(frame, issues, pred_probs, CLASSES)


def set_results(n_rows: int) -> Results:
    """Return what is found of a set of classes per row: every fourth row has two, row 7 has
    none.
    """
    frame = messages(n_rows)
    given = [[CLASSES[i % 3], *(["refund, partial"] if i % 4 == 0 else [])] for i in range(n_rows)]
    given[UNLABELED] = []
    advised = [
        [CLASSES[(i + 1) % 3], *names[1:]] if i % LABEL_ISSUE_EVERY == 0 else names
        for i, names in enumerate(given)
    ]
    if n_rows > NO_CLASS_SUGGESTED:
        advised[NO_CLASS_SUGGESTED] = []
    cells: list[str | None] = [join_labels(names) or None for names in given]
    suggested = [
        join_labels(names) if i % LABEL_ISSUE_EVERY == 0 else None
        for i, names in enumerate(advised)
    ]
    frame.insert(2, "topic", cells)
    columns = label_issues(cells, suggested) | _ambiguous(n_rows) | duplicates_and_outliers(frame)
    issues = pd.DataFrame(columns | {"is_initially_unlabeled": False})
    pred_probs = np.array(
        [[0.9 if name in names else 0.1 for name in SET_CLASSES] for names in advised], np.float32
    )
    return Results(frame, issues, pred_probs, SET_CLASSES)


def number_results(n_rows: int) -> Results:
    """Return what is found of numbers: row i has 100 + i, and a label issue should have 50 more."""
    frame = messages(n_rows)
    numbers = 100.0 + np.arange(n_rows)
    expected = numbers + np.where(np.arange(n_rows) % LABEL_ISSUE_EVERY == 0, 50.0, 0.5)
    given: list[str | None] = [f"{value:.1f}" for value in numbers]
    given[UNLABELED] = None
    is_suggested = [i % LABEL_ISSUE_EVERY == 0 or i == UNLABELED for i in range(n_rows)]
    suggested = [
        f"{value}" if wanted else None for value, wanted in zip(expected, is_suggested, strict=True)
    ]
    frame.insert(2, "topic", given)
    columns = label_issues(given, suggested) | duplicates_and_outliers(frame)
    issues = pd.DataFrame(columns | {"is_initially_unlabeled": np.arange(n_rows) == UNLABELED})
    predictions = np.column_stack([expected, np.full(n_rows, ERROR_BAR)]).astype(np.float32)
    return Results(frame, issues, np.empty((n_rows, 0), np.float32), predictions=predictions)


def unlabeled_results(n_rows: int) -> Results:
    """Return what is found without labels."""
    frame = messages(n_rows)
    given = pd.Series([None] * n_rows, dtype=object)
    columns = {"row_id": np.arange(n_rows), "given_label": given} | duplicates_and_outliers(frame)
    return Results(frame, pd.DataFrame(columns), np.empty((n_rows, 0), np.float32))


RESULTS = {
    MLTask.MULTI_CLASS: results,
    MLTask.MULTI_LABEL: set_results,
    MLTask.REGRESSION: number_results,
    MLTask.UNSUPERVISED: unlabeled_results,
}


def publish_rows(version: DatasetVersion, frame: pd.DataFrame) -> None:
    """Store the uploaded rows with the profiles of their columns."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        frame.to_parquet(path, index=False)
        version.columns = _profiles(path.read_bytes())
        version.table_key = tables.publish(path, storage.dataset_table(version.pk, 1))
    version.save()


@lru_cache(maxsize=32)
def _profiles(table: bytes) -> list[dict[str, Any]]:
    """Profile a table; hundreds of tests begin with the same one."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        path.write_bytes(table)
        return [profile.to_dict() for profile in profile_table(path)]


def publish_table(frame: pd.DataFrame, key: str) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        frame.to_parquet(path, index=False)
        return tables.publish(path, key)


def publish_array(array: np.ndarray, key: str) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "array.npy"
        np.save(path, array)
        return tables.publish(path, key)


def improve(cleanset: Cleanset) -> Cleanset:
    """Return the next cleanset as if its analysis were done; its suggestions are those of
    its base.
    """
    improved = analyses.cleanset_improve(cleanset=cleanset, user=cleanset.created_by)
    rows = rows_to_analyse(improved, given_labels(improved))
    issues = pd.read_parquet(tables.local_path(cleanset.issues_key))
    issues[GIVEN_LABEL] = pd.Series(given_labels(improved), dtype=object)
    if "suggested_label" in issues:
        is_taken = issues["suggested_label"] == issues[GIVEN_LABEL]
        issues["suggested_label"] = issues["suggested_label"].where(~is_taken, None)
        issues["is_label_issue"] &= ~is_taken
    issues[LEFT_OUT] = ~issues["row_id"].isin(rows.row_id)
    improved.issues_key = publish_table(
        issues, storage.cleanset_file(improved.pk, 1, "issues.parquet")
    )
    keys = ("pred_probs_key", "fold_id_key", "predictions_key")
    for name in (*keys, "classes", "candidates", "counts", "manifest", "n_rows"):
        setattr(improved, name, getattr(cleanset, name))
    for name, value in run_fields(Status.SUCCEEDED).items():
        setattr(improved, name, value)
    improved.save()
    return Cleanset.objects.get(pk=improved.pk)
