"""Makes a cleanset of any size with its files and decisions, as the studio itself writes them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from django.db import connection
from django.utils import timezone

from cleansets.models import Cleanset
from cleansets.pipeline import write_results
from projects.readers.facts import ReadLimits
from projects.readers.table_writer import TableWriter
from studio import storage, tables
from studio.accounts.models import User
from studio.engine.schema import CleansetResult
from tests.factories import make_cleanset, make_dataset, make_project

SEED = 0
N_CLASSES = 10
WORDS = 3000
CLASSES = [f"class {k}" for k in range(N_CLASSES)]
NUMBERS = ("age", "income", "hours", "balance", "visits")
CATEGORIES = ("city", "plan", "channel", "device", "segment")
FEATURES = ["message", *CATEGORIES, *NUMBERS]  # with the label, twelve columns
CHUNK = 10_000


def make_large_cleanset(owner: User, n_rows: int, n_decisions: int, folder: Path) -> Cleanset:
    """Return a finished cleanset of twelve columns, of whose rows some are decided."""
    rng = np.random.default_rng(SEED)
    name = f"rows-{n_rows}"
    dataset = make_dataset(owner, name=name, n_rows=n_rows)
    version = dataset.versions.get()
    kinds = dict.fromkeys(CATEGORIES, "categorical") | dict.fromkeys(NUMBERS, "number")
    project = make_project(
        owner,
        dataset=dataset,
        name=name,
        label_column="label",
        feature_columns=FEATURES,
        column_kinds={"message": "text", **kinds},
    )
    cleanset = make_cleanset(owner, project=project, n_rows=n_rows, classes=CLASSES)
    codes = rng.integers(N_CLASSES, size=n_rows)
    given = np.array(CLASSES, dtype=object)[codes]
    table = folder / "table.parquet"
    _write_table(table, given, rng)
    version.table_key = tables.publish(table, storage.dataset_table(version.pk, 1))
    version.save()
    issues, pred_probs = _results(codes, rng)
    result = SimpleNamespace(
        issues=issues,
        pred_probs=pred_probs,
        fold_id=(np.arange(n_rows) % 5).astype(np.int16),
        predictions=None,
        embeddings=None,
    )
    for file in write_results(cast(CleansetResult, result), given.tolist(), folder):
        key = tables.publish(folder / file, storage.cleanset_file(cleanset.pk, 1, file))
        field = {"issues.parquet": "issues_key", "pred_probs.npy": "pred_probs_key"}
        setattr(cleanset, field.get(file, "fold_id_key"), key)
    flags = [flag for flag in issues.columns if flag.startswith(("is_", "has_"))]
    cleanset.counts = {flag: int(issues[flag].sum()) for flag in flags}
    cleanset.save()
    _decide(cleanset, issues, n_decisions, rng)
    return Cleanset.objects.get(pk=cleanset.pk)


def _write_table(path: Path, given: npt.NDArray[np.object_], rng: np.random.Generator) -> None:
    words = np.array([f"w{k:x}" + "etaoin"[: k % 6] for k in range(WORDS)], dtype=object)
    columns = ["message", "label", *CATEGORIES, *NUMBERS]
    limits = ReadLimits(max_unpacked_bytes=50 * 1024**3)
    with TableWriter(path, columns, limits) as writer:
        for start in range(0, len(given), CHUNK):
            n = min(CHUNK, len(given) - start)
            drawn = words[rng.integers(WORDS, size=(n, 14))]
            arrays = [pa.array([" ".join(row) for row in drawn], pa.string())]
            arrays.append(pa.array(given[start : start + n].tolist(), pa.string()))
            for name in CATEGORIES:
                cells = [f"{name} {k}" for k in rng.integers(40, size=n)]
                arrays.append(pa.array(cells, pa.string()))
            for _ in NUMBERS:
                cells = [f"{value:.2f}" for value in rng.normal(50, 20, size=n)]
                arrays.append(pa.array(cells, pa.string()))
            writer.append_columns(arrays)


def _results(
    codes: npt.NDArray[np.int64], rng: np.random.Generator
) -> tuple[pd.DataFrame, npt.NDArray[np.float32]]:
    n_rows = len(codes)
    columns: dict[str, Any] = {}
    score = rng.random(n_rows)
    is_issue = score > 0.9
    other = (codes + 1 + rng.integers(N_CLASSES - 1, size=n_rows)) % N_CLASSES
    suggested = np.where(is_issue, np.array(CLASSES, dtype=object)[other], None)
    columns["is_label_issue"] = is_issue
    columns["label_issue_score"] = score
    columns["suggested_label"] = suggested
    columns["suggested_label_confidence_score"] = rng.random(n_rows)
    columns["is_well_labeled"] = score < 0.3
    for name, share in (("ambiguous", 0.05), ("outlier", 0.02), ("near_duplicate", 0.02)):
        values = rng.random(n_rows)
        columns[f"is_{name}"] = values > 1 - share
        columns[f"{name}_score"] = values
    is_copy = columns["is_near_duplicate"]
    clusters = np.zeros(n_rows, dtype=np.int64)
    clusters[is_copy] = np.arange(int(is_copy.sum())) // 3
    columns["near_duplicate_cluster_id"] = pd.array(np.where(is_copy, clusters, -1), dtype="Int64")
    columns["near_duplicate_cluster_id"][~is_copy] = pd.NA
    columns["has_rare_class"] = np.zeros(n_rows, dtype=bool)
    columns["is_initially_unlabeled"] = np.zeros(n_rows, dtype=bool)
    likely = np.where(is_issue, other, codes)
    pred_probs = np.full((n_rows, N_CLASSES), 0.1 / (N_CLASSES - 1), dtype=np.float32)
    pred_probs[np.arange(n_rows), likely] = 0.9
    return pd.DataFrame(columns), pred_probs


def _decide(
    cleanset: Cleanset, issues: pd.DataFrame, n_decisions: int, rng: np.random.Generator
) -> None:
    """Decide about the worst label issues first, then about rows at random."""
    by_score = np.argsort(-issues["label_issue_score"].to_numpy())
    n_issues = int(issues["is_label_issue"].sum())
    worst = by_score[: min(n_decisions // 2, n_issues)]
    rest = rng.permutation(by_score[len(worst) :])[: n_decisions - len(worst)]
    rows = np.concatenate([worst, rest])
    suggested = issues["suggested_label"].to_numpy(dtype=object)
    now = timezone.now()
    values = []
    for row_id, draw in zip(rows.tolist(), rng.random(len(rows)), strict=True):
        label = None
        if draw < 0.4:
            action = "keep"
        elif draw < 0.5:
            action = "exclude"
        elif suggested[row_id] is not None:
            action = "auto-fix"
            label = suggested[row_id]
        else:
            action = "label"
            label = CLASSES[row_id % N_CLASSES]
        values.append((cleanset.pk.hex, row_id, action, label, False, True, now))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO cleansets_rowreview (cleanset_id, row_id, action, corrected_label,"
            " needs_review, is_manual, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
            values,
        )
