"""How often the interval of the accuracy of auto-labels holds, on real data with hidden labels.

    python -m tests.benchmarks.auto_label_coverage --data-dir ../shared/data --runs 10

The models are plain: what matters is whether their accuracy on rows without labels is told from
the rows with labels. See docs/decisions/auto-labels.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from studio.engine.evaluation.auto_labels import (
    AutoLabelEstimate,
    Predictions,
    accuracy_by_threshold,
)

MAX_ROWS = 1_500
MIN_LABELED = 5  # of a class, so that each fold has some
MIN_TARGETS = 20  # unlabeled rows, for a threshold to count
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
WANTED = 0.9  # accuracy that the low end must reach, for the chosen threshold

Features = npt.NDArray[np.float64] | sparse.csr_matrix
SETS = {  # the label, and the text if it is not a table
    "adult": ("income", ""),
    "german_credit": ("class", ""),
    "titanic": ("Survived", ""),
    "student_grades": ("true_letter_grade", ""),
    "banking77": ("label", "text"),
    "airline_tweets": ("airline_sentiment", "text"),
    "hate_offensive_raters": ("true_label", "text"),
    "zh_waimai": ("label", "text"),
}


def features_of(frame: pd.DataFrame, text: str) -> Features:
    """Return plain features of a table or of texts."""
    if text:
        analyzer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=2_000)
        return analyzer.fit_transform(frame[text].fillna(""))
    numbers = frame.select_dtypes("number").fillna(0.0)
    parts = [sparse.csr_matrix(StandardScaler().fit_transform(numbers))] if len(numbers.T) else []
    others = frame.select_dtypes(exclude="number").fillna("").astype(str)
    few = [name for name in others if others[name].nunique() < 50]
    if few:
        parts.append(OneHotEncoder(handle_unknown="ignore").fit_transform(others[few]))
    return sparse.hstack(parts).tocsr()


def hidden_rows(
    kind: str, codes: npt.NDArray[np.int64], x: Features, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Return which labels are hidden: evenly, by class, or by the features."""
    n_rows = len(codes)
    chance = np.full(n_rows, 0.8 if kind == "even 80%" else 0.5)
    if kind == "by class":
        chance = rng.uniform(0.2, 0.8, codes.max() + 1)[codes]
    if kind == "by features":
        direction = rng.normal(size=x.shape[1])
        score = np.asarray(x @ direction).ravel()
        chance = np.where(score > np.median(score), 0.75, 0.25)
    is_hidden = rng.random(n_rows) < chance
    for code in np.unique(codes):  # each class is known
        own = np.flatnonzero(codes == code)
        is_hidden[own[:MIN_LABELED]] = False
    return is_hidden


def simulate(
    x: Features, codes: npt.NDArray[np.int64], kind: str, seed: int
) -> tuple[AutoLabelEstimate, list[float | None]]:
    """Return the estimate, and how many labels would really be right at each threshold."""
    rng = np.random.default_rng(seed)
    is_hidden = hidden_rows(kind, codes, x, rng)
    known = np.flatnonzero(~is_hidden)
    hidden = np.flatnonzero(is_hidden)
    n_classes = int(codes.max()) + 1
    out = np.zeros((len(known), n_classes))
    mean = np.zeros((len(hidden), n_classes))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    for train, test in folds.split(known, codes[known]):
        model = LogisticRegression(C=3.0, max_iter=200)
        model.fit(x[known[train]], codes[known[train]])
        out[np.ix_(test, model.classes_)] = model.predict_proba(x[known[test]])
        mean[:, model.classes_] += model.predict_proba(x[hidden]) / 5
    labeled = Predictions(out.argmax(axis=1), out.max(axis=1))
    unlabeled = Predictions(mean.argmax(axis=1), mean.max(axis=1))
    estimate = accuracy_by_threshold(labeled, codes[known], unlabeled, THRESHOLDS)
    real: list[float | None] = []
    for threshold in THRESHOLDS:
        kept = unlabeled.confidence >= threshold
        is_enough = kept.sum() >= MIN_TARGETS
        right = unlabeled.codes[kept] == codes[hidden][kept]
        real.append(float(right.mean()) if is_enough else None)
    return estimate, real


def measured(
    x: Features, codes: npt.NDArray[np.int64], kind: str, n_runs: int
) -> dict[str, object]:
    """Return the coverage at all thresholds and at the chosen one."""
    held = []
    held_chosen = []
    errors = []
    n_reweighted = 0
    for seed in range(n_runs):
        estimate, real = simulate(x, codes, kind, seed)
        n_reweighted += estimate.is_reweighted
        pairs = [
            (one, truth)
            for one, truth in zip(estimate.thresholds, real, strict=True)
            if truth is not None and one.low is not None and one.high is not None
        ]
        held += [one.low <= truth <= one.high for one, truth in pairs]
        errors += [one.accuracy - truth for one, truth in pairs]
        good = [(one, truth) for one, truth in pairs if one.low >= WANTED]
        held_chosen += [truth >= one.low for one, truth in good[:1]]
    return {
        "coverage": mean_of(held),
        "n": len(held),
        "chosen": mean_of(held_chosen),
        "n_chosen": len(held_chosen),
        "bias": mean_of(errors),
        "reweighted": n_reweighted / n_runs,
    }


def mean_of(values: list[bool] | list[float]) -> float | None:
    """Return the mean, or None of nothing."""
    return float(np.mean(values)) if values else None


def main(write: Callable[[str], object] = sys.stdout.write) -> None:
    """Print a line of JSON for each data set and kind of hiding."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    arguments = parser.parse_args()
    for name in arguments.sets:
        label, text = SETS[name]
        frame = pd.read_csv(arguments.data_dir / name / "data.csv").dropna(subset=[label])
        frame = frame.sample(min(MAX_ROWS, len(frame)), random_state=0)
        counts = frame[label].value_counts()
        frame = frame[frame[label].isin(counts[counts >= 2 * MIN_LABELED].index)]
        codes = pd.factorize(frame[label], sort=True)[0].astype(np.int64)
        dropped = [
            column
            for column in frame
            if column == label or column.startswith(("given", "is_label"))
        ]
        x = features_of(frame.drop(columns=dropped), text)
        for kind in ("even 50%", "even 80%", "by class", "by features"):
            line = {"set": name, "hidden": kind, **measured(x, codes, kind, arguments.runs)}
            write(json.dumps(line) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
