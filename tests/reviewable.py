"""A cleanset with its files, ready to review, without training anything: which row has which issue is known."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from cleansets.models import Cleanset
from studio import storage, tables
from studio.accounts.models import User
from studio.engine.ml_task import Modality
from tests.factories import make_cleanset, make_dataset, make_project

CLASSES = ["billing", "delivery", "login"]
LABEL_ISSUE_EVERY = 10  # rows 0, 10, 20, … are label issues; row 0 is the worst
OUTLIER, COPY, UNLABELED, EMPTY = 3, 15, 7, 5  # row 15 is an exact copy of row 14


def make_reviewable(owner: User, *, n_rows: int = 120, name: str = "requests") -> Cleanset:
    """Return a cleanset of `n_rows` support requests whose result files exist."""
    frame, issues, pred_probs = results(n_rows)
    dataset = make_dataset(owner, name=name, n_rows=n_rows)
    version = dataset.versions.get()
    project = make_project(
        owner,
        dataset=dataset,
        name=name.title(),
        modality=Modality.TEXT,
        label_column="topic",
        feature_columns=["message"],
        column_kinds={"message": "text"},
    )
    cleanset = make_cleanset(owner, project=project, n_rows=n_rows)
    files = {
        "table_key": _published(frame, storage.dataset_table(version.pk, 1)),
        "issues_key": _published(issues, storage.cleanset_file(cleanset.pk, 1, "issues.parquet")),
        "pred_probs_key": _published_array(pred_probs, storage.cleanset_file(cleanset.pk, 1, "pred_probs.npy")),
    }
    version.table_key = files["table_key"]
    version.save()
    cleanset.issues_key, cleanset.pred_probs_key = files["issues_key"], files["pred_probs_key"]
    cleanset.classes = CLASSES
    cleanset.counts = {flag: int(issues[flag].sum()) for flag in issues.columns if flag.startswith(("is_", "has_"))}
    cleanset.candidates = [
        {"key": "a", "name": "A", "accuracy": 0.9, "log_loss": 0.3, "weight": 1.0}
        | {"training_time_s": 1.0, "inference_time_s": 0.1}
    ]
    cleanset.manifest = {
        "dataset_sha256": "0" * 64,
        "task": "multi-class",
        "modality": "text",
        "mode": "fast",
        "label_column": "topic",
        "feature_columns": ["message"],
        "n_folds": 5,
        "seed": 0,
        "python": "3.11",
        "versions": {"numpy": "2"},
    }
    cleanset.save()
    return Cleanset.objects.get(pk=cleanset.pk)


def results(n_rows: int) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
    """Return the uploaded table, the row-level results and the probabilities."""
    row_id = np.arange(n_rows)
    given = np.array([CLASSES[i % 3] for i in row_id], dtype=object)
    given[UNLABELED] = None
    is_issue = row_id % LABEL_ISSUE_EVERY == 0
    suggested = np.array([CLASSES[(i + 1) % 3] if issue else None for i, issue in enumerate(is_issue)], dtype=object)
    suggested[UNLABELED] = "login"
    message = [f"Request {i}: please help" for i in row_id]
    message[COPY] = message[COPY - 1]
    message[EMPTY] = None
    frame = pd.DataFrame({"__row_id": row_id, "message": message, "topic": given, "channel": "=mail"})
    clusters = pd.array([0 if i in (COPY, COPY - 1) else None for i in row_id], dtype="Int64")
    issues = pd.DataFrame(
        {
            "row_id": row_id,
            "given_label": given,
            "is_label_issue": is_issue,
            "label_issue_score": np.where(is_issue, 0.99 - row_id / (10 * n_rows), 0.2 - row_id / (10 * n_rows)),
            "suggested_label": suggested,
            "suggested_label_confidence_score": 0.9,
            "is_ambiguous": False,
            "ambiguous_score": 0.1,
            "is_well_labeled": ~is_issue,
            "is_near_duplicate": [i in (COPY, COPY - 1) for i in row_id],
            "near_duplicate_score": [1.0 if i in (COPY, COPY - 1) else 0.0 for i in row_id],
            "near_duplicate_cluster_id": clusters,
            "is_outlier": row_id == OUTLIER,
            "outlier_score": np.where(row_id == OUTLIER, 0.95, 0.1),
            "is_initially_unlabeled": row_id == UNLABELED,
            "has_rare_class": False,
            "is_empty_text": row_id == EMPTY,
            "text_num_characters": [len(text or "") for text in message],
        }
    )
    pred_probs = np.full((n_rows, 3), 0.1, dtype=np.float32)
    likely = [CLASSES.index(s) if s is not None else i % 3 for i, s in enumerate(suggested)]
    pred_probs[row_id, likely] = 0.8
    return frame, issues, pred_probs


def _published(frame: pd.DataFrame, key: str) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        frame.to_parquet(path, index=False)
        return tables.publish(path, key)


def _published_array(array: np.ndarray, key: str) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "array.npy"
        np.save(path, array)
        return tables.publish(path, key)
