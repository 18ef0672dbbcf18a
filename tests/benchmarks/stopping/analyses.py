"""Analyses of data with known errors, each made once and kept in a folder."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind
from tests.benchmarks.noise import confusable
from tests.benchmarks.peers.models import table_pipeline, text_pipeline

N_ROWS = 2_000
FRACTION = 0.1  # of the labels that are planted wrong
SLICE_FRACTION = 0.15  # of the rows; half of the labels of such a slice are wrong
KINDS = ("uniform", "confusable", "slice")
TEXT_SETS = {"banking77": ("text", "label"), "hate_offensive_raters": ("text", "true_label")}


@dataclass(frozen=True, slots=True)
class StoredAnalysis:
    """What a review needs to know of an analysis, with the truth.

    Attributes
    ----------
    scores, is_flagged, is_wrong
        One per labeled row: the label issue score, the flag, and whether the label is wrong.
    is_suggested
        Whether the suggested label is the true one.
    topic
        A group of similar rows.
    n_expected
        How many flagged labels the models expect to be wrong.
    wrong_fraction, low, high
        The estimated fraction of wrong labels with its interval.
    """

    scores: npt.NDArray[np.float64]
    is_flagged: npt.NDArray[np.bool_]
    is_wrong: npt.NDArray[np.bool_]
    is_suggested: npt.NDArray[np.bool_]
    given: npt.NDArray[np.int64]
    suggested: npt.NDArray[np.int64]
    topic: npt.NDArray[np.int64]
    n_expected: float
    wrong_fraction: float
    low: float
    high: float


def stored_analyses(data_dir: Path, store: Path) -> Iterator[tuple[str, str, StoredAnalysis]]:
    """Yield each analysis with the name of its data and of its kind of errors; those that the
    folder lacks are made.
    """
    store.mkdir(parents=True, exist_ok=True)
    for name, kind, make in _recipes(data_dir):
        path = store / f"{name}-{kind}.npz"
        if not path.exists():
            print(f"analysing {name} with {kind} errors", flush=True)  # noqa: T201
            found = make()
            np.savez(path, **{field: getattr(found, field) for field in found.__slots__})
        with np.load(path) as values:
            yield name, kind, StoredAnalysis(**{field: values[field] for field in values.files})


def _recipes(data_dir: Path) -> Iterator[tuple[str, str, Callable[[], StoredAnalysis]]]:
    yield "student_grades", "real", partial(_student_grades, data_dir)
    yield "imdb_50k", "verdicts", partial(_imdb, data_dir)
    yield "hate_offensive_raters", "real", partial(_hate_raters, data_dir)
    for seed in (0, 1):
        for kind in KINDS:
            suffix = f"{kind}-{seed}"
            for name in _SOURCES:
                yield name, suffix, partial(_analysed_planted, data_dir, name, kind, seed)


def _analysed_planted(data_dir: Path, name: str, kind: str, seed: int) -> StoredAnalysis:
    found = planted(data_dir, name, kind, seed)
    return _analysed(found.data, found.columns, found.given, found.truth)


def _student_grades(data_dir: Path) -> StoredAnalysis:
    data = pd.read_csv(data_dir / "student_grades" / "data.csv", dtype=str)
    columns = ["exam_1", "exam_2", "exam_3", "notes"]
    return _analysed(data, columns, data["given_letter_grade"], data["true_letter_grade"])


def _hate_raters(data_dir: Path) -> StoredAnalysis:
    path = data_dir / "hate_offensive_raters" / "data.csv"
    data = pd.read_csv(path, dtype=str, keep_default_na=False).sample(2 * N_ROWS, random_state=0)
    data = data.reset_index(drop=True)
    return _analysed(data, ["text"], data["given_label"], data["true_label"])


def _imdb(data_dir: Path) -> StoredAnalysis:
    """Take the published predictions: only rows that they contradict were judged by people."""
    data = pd.read_parquet(data_dir / "imdb_50k" / "data.parquet")
    data = data[data["reviewed"] & data["ref_p_positive"].notna()]
    is_positive = data["label"].to_numpy() == "positive"
    positive = data["ref_p_positive"].to_numpy(dtype=float)
    scores = np.where(is_positive, 1 - positive, positive)
    is_wrong = data["is_label_error"].astype(str).str.lower().to_numpy() == "true"
    human = data["human_label"].astype(str).to_numpy()
    is_suggested = is_wrong & np.isin(human, ["positive", "negative"])
    n_rows = len(data)
    return StoredAnalysis(
        scores=scores,
        is_flagged=np.ones(n_rows, dtype=bool),
        is_wrong=is_wrong,
        is_suggested=is_suggested,
        given=is_positive.astype(np.int64),
        suggested=1 - is_positive.astype(np.int64),
        topic=np.zeros(n_rows, dtype=np.int64),
        n_expected=0.6 * n_rows,
        wrong_fraction=0.05,
        low=0.04,
        high=0.06,
    )


@dataclass(frozen=True, slots=True)
class Planted:
    """Rows with planted errors: the columns to learn from, the labels given, and the true ones.

    `held_out` are other rows of the same data, with the same columns and the true labels.
    """

    data: pd.DataFrame
    columns: list[str]
    given: pd.Series
    truth: pd.Series
    held_out: pd.DataFrame
    held_out_truth: pd.Series


def planted(data_dir: Path, name: str, kind: str, seed: int) -> Planted:
    """Return a data set with errors of a kind, the same at each call."""
    data, columns, label = _SOURCES[name](data_dir)
    drawn = data.sample(N_ROWS, random_state=seed)
    others = data.drop(drawn.index)
    drawn = drawn.reset_index(drop=True)
    truth = drawn[label]
    rng = np.random.default_rng(seed)
    classes = np.unique(truth)
    codes = np.searchsorted(classes, truth)
    if kind == "confusable":
        given = _confused(drawn, columns, truth)
    else:
        rows = rng.choice(len(truth), round(FRACTION * len(truth)), replace=False)
        if kind == "slice":
            # One source labels half of its rows carelessly.
            of_source = rng.permutation(len(truth))[: round(SLICE_FRACTION * len(truth))]
            drawn = drawn.assign(source="careful")
            drawn.loc[of_source, "source"] = "careless"
            others = others.assign(source="careful")
            columns = [*columns, "source"]
            rows = of_source[: len(of_source) // 2]
        codes[rows] = (codes[rows] + rng.integers(1, len(classes), len(rows))) % len(classes)
        given = pd.Series(classes[codes], index=truth.index)
    return Planted(drawn, columns, given, truth, others, others[label])


def _banking(data_dir: Path) -> tuple[pd.DataFrame, list[str], str]:
    data = pd.read_csv(data_dir / "banking77" / "data.csv", dtype=str)
    frequent = data["label"].value_counts().index[:30]
    return data[data["label"].isin(frequent)], ["text"], "label"


def _tweets(data_dir: Path) -> tuple[pd.DataFrame, list[str], str]:
    [path] = (data_dir / "airline_tweets").glob("*.csv")
    data = pd.read_csv(path, dtype=str, keep_default_na=False)
    return data, ["text"], "airline_sentiment"


def _adult(data_dir: Path) -> tuple[pd.DataFrame, list[str], str]:
    data = pd.read_csv(data_dir / "adult" / "data.csv", dtype=str)
    return data, [name for name in data.columns if name not in ("income", "split")], "income"


_SOURCES = {"banking77": _banking, "adult": _adult, "airline_tweets": _tweets}


def _confused(data: pd.DataFrame, columns: list[str], truth: pd.Series) -> pd.Series:
    if columns == ["text"]:
        return confusable(truth, data["text"], text_pipeline("multi-class"))
    features = data[columns].copy()
    for name in columns:
        if _kind(data[name]) is ColumnKind.NUMBER:
            features[name] = pd.to_numeric(data[name])
    return confusable(truth, features, table_pipeline("multi-class", features))


def _analysed(
    data: pd.DataFrame, columns: list[str], given: pd.Series, truth: pd.Series
) -> StoredAnalysis:
    frame = data[columns].assign(given=given).astype(object)
    frame = frame.where(frame.notna(), None)
    kinds = {name: _kind(data[name]) for name in columns}
    is_text = columns == ["text"]
    spec = CleansetSpec(
        task=MLTask.MULTI_CLASS,
        modality=Modality.TEXT if is_text else Modality.TABULAR,
        feature_columns=tuple(columns),
        column_kinds=kinds,
        label_column="given",
        mode=Mode.FAST,
        n_folds=3,
    )
    result = build_cleanset(frame, spec)
    issues = result.issues
    names = list(result.classes)
    given_codes = given.map(names.index).to_numpy(dtype=np.int64)
    likeliest = result.pred_probs.argmax(axis=1)
    true_codes = truth.map(lambda name: names.index(name) if name in names else -1).to_numpy()
    trust = result.health.trust
    noise = result.health.noise
    assert trust is not None
    assert noise is not None
    return StoredAnalysis(
        scores=issues["label_issue_score"].to_numpy(dtype=float),
        is_flagged=issues["is_label_issue"].to_numpy(dtype=bool),
        is_wrong=(given != truth).to_numpy(),
        is_suggested=likeliest == true_codes,
        given=given_codes,
        suggested=likeliest.astype(np.int64),
        topic=_topics(result.pred_probs),
        n_expected=trust.n_expected,
        wrong_fraction=noise.wrong_fraction,
        low=noise.low,
        high=noise.high,
    )


def _kind(cells: pd.Series) -> ColumnKind:
    if pd.to_numeric(cells.dropna(), errors="coerce").notna().all():
        return ColumnKind.NUMBER
    if cells.nunique() > 100:
        return ColumnKind.TEXT
    return ColumnKind.CATEGORICAL


def _topics(pred_probs: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Group rows by the two likeliest classes."""
    likeliest = np.sort(np.argsort(-pred_probs, axis=1)[:, :2], axis=1)
    return np.asarray(likeliest[:, 0] * pred_probs.shape[1] + likeliest[:, 1], dtype=np.int64)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    for name, kind, found in stored_analyses(options.data_dir, options.store):
        flagged = found.is_flagged
        print(  # noqa: T201
            f"{name} {kind}: {int(flagged.sum())} flagged, expected {int(found.n_expected)},"
            f" wrong {int(found.is_wrong[flagged].sum())}; unflagged and wrong"
            f" {int(found.is_wrong[~flagged].sum())},"
            f" expected {found.wrong_fraction * len(flagged) - found.n_expected:.0f}",
            flush=True,
        )
