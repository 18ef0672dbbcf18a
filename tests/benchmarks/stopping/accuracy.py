"""What a review in each order does to the accuracy on other rows.

A plain model is trained anew with the reviewed labels corrected, and measured on held-out rows with
true labels.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from tests.benchmarks.peers.models import table_pipeline
from tests.benchmarks.stopping.analyses import Planted, planted, stored_analyses
from tests.benchmarks.stopping.orders import orders

N_REVIEWED = 100
N_DRAWS = 5  # of the rows of an analysis
SHARE = 0.7
N_HELD_OUT = 3_000
ORDERS = ("by score", "most valuable first", "with 1 in 10 random", "flagged rows at random")


def accuracies(
    data: Planted, found: dict[str, npt.NDArray[np.int64]], seed: int
) -> dict[str, float]:
    """Return the accuracy without review, as "none", and after the first rows of each order."""
    rng = np.random.default_rng(seed)
    is_drawn = rng.random(len(data.truth)) < SHARE
    held_out = data.held_out.head(N_HELD_OUT)
    truth = data.held_out_truth.head(N_HELD_OUT)
    reviewed = {"none": np.zeros(0, dtype=np.int64)}
    for name in ORDERS:
        order = found[name]
        reviewed[name] = order[is_drawn[order]][:N_REVIEWED]
    scores = {}
    for name, rows in reviewed.items():
        labels = data.given.copy()
        labels.iloc[rows] = data.truth.iloc[rows]
        model = _model(data)
        model.fit(_features(data.data[is_drawn], data.columns), labels[is_drawn])
        scores[name] = float((model.predict(_features(held_out, data.columns)) == truth).mean())
    return scores


def _model(data: Planted) -> Pipeline:
    if "text" in data.columns:
        return make_pipeline(TfidfVectorizer(), RidgeClassifier())
    return table_pipeline("multi-class", _features(data.data, data.columns))


def _features(data: pd.DataFrame, columns: list[str]) -> pd.DataFrame | pd.Series:
    if "text" in columns:
        return data["text"]
    features = data[columns].copy()
    for name in columns:
        numbers = pd.to_numeric(features[name], errors="coerce")
        if numbers.notna().all():
            features[name] = numbers
    return features


def main() -> None:
    """Print the gain in points of accuracy by order, with its standard error over the sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    gains: dict[str, list[float]] = defaultdict(list)
    print("| data | errors | accuracy | " + " | ".join(ORDERS) + " |")  # noqa: T201
    print("| --- " * (3 + len(ORDERS)) + "|")  # noqa: T201
    for name, kind, analysis in stored_analyses(options.data_dir, options.store):
        errors, _, seed = kind.partition("-")
        if not seed:
            continue  # without other rows whose labels are known to be true
        data = planted(options.data_dir, name, errors, int(seed))
        assert ((data.given != data.truth).to_numpy() == analysis.is_wrong).all()
        found = orders(analysis)
        of_set: dict[str, list[float]] = defaultdict(list)
        for draw in range(N_DRAWS):
            scores = accuracies(data, found, draw)
            for order, accuracy in scores.items():
                of_set[order].append(100 * accuracy)
        cells = []
        for order in ORDERS:
            gain = float(np.mean(of_set[order]) - np.mean(of_set["none"]))
            gains[order].append(gain)
            cells.append(f"{gain:+.2f}")
        before = f"{np.mean(of_set['none']):.1f}%"
        print(f"| {name} | {kind} | {before} | {' | '.join(cells)} |", flush=True)  # noqa: T201
    means = [f"{np.mean(gains[order]):+.2f}" for order in ORDERS]
    print("| mean | | | " + " | ".join(means) + " |")  # noqa: T201
    difference = np.subtract(gains[ORDERS[1]], gains[ORDERS[0]])
    error = difference.std(ddof=1) / len(difference) ** 0.5
    print(f"{ORDERS[1]} − {ORDERS[0]}: {difference.mean():+.2f} ± {error:.2f} points")  # noqa: T201


if __name__ == "__main__":
    main()
