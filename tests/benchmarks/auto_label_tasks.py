"""How often the intervals for auto-labels that are sets of classes or numbers hold, on real data
with hidden labels.

    python -m tests.benchmarks.auto_label_tasks --data-dir ../shared/data --runs 10

The models are plain, as in `auto_label_coverage`. See docs/decisions/auto-labels.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.neighbors import KNeighborsRegressor

from studio.engine.evaluation.auto_numbers import NumberPredictions, error_by_threshold
from studio.engine.evaluation.auto_sets import SetRule, sets_by_threshold
from studio.engine.tasks.multi_label import MIN_EMPTY_FRACTION, best_threshold
from tests.benchmarks.auto_label_coverage import (
    MAX_ROWS,
    MIN_TARGETS,
    Features,
    features_of,
    mean_of,
)

THRESHOLDS = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)  # of the expected errors of the rows to label
KINDS = ("even 50%", "even 80%", "by value", "by features")
MIN_WITH_CLASS = 20  # rows
N_NEIGHBOURS = 15  # whose errors are those that are expected


@dataclass(frozen=True, slots=True)
class Held:
    """Whether an interval held, and whether its cautious end did, with its width and the error of
    the estimate; of numbers, both are shares of the true error.
    """

    is_inside: bool
    is_no_worse: bool
    width: float
    error: float


def hidden_rows(
    kind: str, values: npt.NDArray[np.float64], x: Features, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Return which labels are hidden; `values` order the rows where that is by value."""
    chance = np.full(len(values), 0.8 if kind == "even 80%" else 0.5)
    score = values
    if kind == "by features":
        score = np.asarray(x @ rng.normal(size=x.shape[1])).ravel()
    if kind.startswith("by"):
        is_high = score > np.median(score)
        if kind == "by value" and rng.random() < 0.5:
            is_high = ~is_high
        chance = np.where(is_high, 0.75, 0.25)
    return rng.random(len(values)) < chance


def sets_held(x: Features, members: npt.NDArray[np.bool_], kind: str, seed: int) -> Iterator[Held]:
    """Hide labels, predict sets, and compare each estimate with the truth."""
    rng = np.random.default_rng(seed)
    # A random half of the classes is what is missing more often, or less
    half = rng.random(members.shape[1]) < 0.5
    is_hidden = hidden_rows(kind, members @ half + rng.random(len(members)) / 2, x, rng)
    known = np.flatnonzero(~is_hidden)
    hidden = np.flatnonzero(is_hidden)
    out = np.zeros((len(known), members.shape[1]), dtype=np.float32)
    mean = np.zeros((len(hidden), members.shape[1]), dtype=np.float32)
    for train, test in KFold(5, shuffle=True, random_state=seed).split(known):
        for k in range(members.shape[1]):
            given = members[known[train], k]
            if given.all() or not given.any():
                out[test, k] = given.mean()
                mean[:, k] += given.mean() / 5
                continue
            model = LogisticRegression(C=3.0, solver="liblinear").fit(x[known[train]], given)
            out[test, k] = model.predict_proba(x[known[test]])[:, 1]
            mean[:, k] += model.predict_proba(x[hidden])[:, 1] / 5
    given = members[known]
    has_empty_sets = float((~given.any(axis=1)).mean()) >= MIN_EMPTY_FRACTION
    rule = SetRule(best_threshold(out, given), has_empty_sets)
    target = rule.predictions(mean)
    found = sets_by_threshold(rule.predictions(out), given, target, THRESHOLDS).estimate
    is_right = (target.sets == members[hidden]).all(axis=1)
    for one in found.thresholds:
        kept = target.confidence >= one.threshold
        if kept.sum() >= MIN_TARGETS and one.low is not None:
            truth = float(is_right[kept].mean())
            is_inside = one.low <= truth <= one.high
            is_no_worse = truth >= one.low
            yield Held(is_inside, is_no_worse, one.high - one.low, one.accuracy - truth)


def numbers_held(x: Features, y: npt.NDArray[np.float64], kind: str, seed: int) -> Iterator[Held]:
    """Hide labels, predict numbers, and compare each estimate with the truth."""
    rng = np.random.default_rng(seed)
    is_hidden = hidden_rows(kind, y, x, rng)
    known = np.flatnonzero(~is_hidden)
    hidden = np.flatnonzero(is_hidden)
    out = np.zeros((len(known), 2))
    mean = np.zeros((len(hidden), 2))
    folds = list(KFold(5, shuffle=True, random_state=seed).split(known))
    for train, test in folds:
        model = Ridge(alpha=3.0).fit(x[known[train]], y[known[train]])
        out[test, 0] = model.predict(x[known[test]])
        mean[:, 0] += model.predict(x[hidden]) / 5
    errors = np.abs(out[:, 0] - y[known])
    for train, test in folds:
        bars = KNeighborsRegressor(N_NEIGHBOURS).fit(x[known[train]], errors[train])
        out[test, 1] = bars.predict(x[known[test]])
        mean[:, 1] += bars.predict(x[hidden]) / 5
    thresholds = np.quantile(mean[:, 1], QUANTILES).tolist()
    found = error_by_threshold(
        NumberPredictions(*out.T), y[known], NumberPredictions(*mean.T), thresholds
    )
    real = np.abs(mean[:, 0] - y[hidden])
    for one in found.thresholds:
        kept = mean[:, 1] <= one.threshold
        if kept.sum() >= MIN_TARGETS and one.low is not None:
            truth = float(real[kept].mean())
            is_inside = one.low <= truth <= one.high
            width = (one.high - one.low) / truth
            error = (one.error - truth) / truth
            yield Held(is_inside, truth <= one.high, width, error)


def members_of(sets: pd.Series[str], separator: str) -> npt.NDArray[np.bool_]:
    """Return whether each frequent class is in each set."""
    found = sets.fillna("").str.get_dummies(separator)
    return found.loc[:, found.sum() >= MIN_WITH_CLASS].to_numpy(dtype=bool)


def sampled(frame: pd.DataFrame) -> pd.DataFrame:
    """Return as many rows as are used."""
    return frame.sample(min(MAX_ROWS, len(frame)), random_state=0)


Runs = Callable[[str, int], Iterator[Held]]


def set_runs(frame: pd.DataFrame, sets: pd.Series[str], separator: str, text: str) -> Runs:
    """Return the simulation for sets of classes."""
    x = features_of(frame, text)
    members = members_of(sets, separator)
    return lambda kind, seed: sets_held(x, members, kind, seed)


def number_runs(frame: pd.DataFrame, numbers: pd.Series[float], text: str = "") -> Runs:
    """Return the simulation for numbers."""
    x = features_of(frame, text)
    return lambda kind, seed: numbers_held(x, numbers.to_numpy(float), kind, seed)


def all_runs(folder: Path) -> Iterator[tuple[str, Runs]]:
    """Yield each data set with its simulation."""
    frame = sampled(pd.read_csv(folder / "goemotions/data.csv"))
    yield "goemotions", set_runs(frame, frame["labels"], _separator(frame["labels"]), "text")
    frame = sampled(pd.read_csv(folder / "multilabel_yeast/data.csv"))
    sets = frame["labels"].astype(str)
    rest = frame.drop(columns=["labels", "split"])
    yield "multilabel_yeast", set_runs(rest, sets, _separator(sets), "")
    frame = sampled(pd.read_csv(folder / "airline_tweets/data.csv"))
    parts = [frame[name].fillna("") for name in ("airline_sentiment", "negativereason", "airline")]
    yield "airline_tweets", set_runs(frame, parts[0].str.cat(parts[1:], "|"), "|", "text")
    frame = sampled(pd.read_csv(folder / "california_housing/data.csv"))
    rest = frame.drop(columns=["median_house_value"])
    yield "california_housing", number_runs(rest, frame["median_house_value"])
    frame = sampled(pd.read_csv(folder / "airbnb_amsterdam/data.csv"))
    yield "airbnb_amsterdam", number_runs(frame.drop(columns=["price", "id"]), frame["price"])
    frame = pd.read_parquet(folder / "hflights/data.parquet").dropna(subset=["ArrDelay"])
    frame = sampled(frame)
    yield "hflights", number_runs(frame.drop(columns=["ArrDelay"]), frame["ArrDelay"])
    errors = folder / "regression_label_errors"
    frame = sampled(pd.read_csv(errors / "airquality_nmhc.csv"))
    rest = frame.drop(columns=["true_error", "true_label", "given_label"])
    yield "airquality_nmhc", number_runs(rest, frame["given_label"])
    frame = sampled(pd.read_csv(errors / "stanford_politeness_stack.csv"))
    yield "politeness_stack", number_runs(frame, frame["given_label"], "text")


def _separator(sets: pd.Series[str]) -> str:
    """Return the mark between the classes of a set."""
    return max(",;|", key=lambda mark: int(sets.str.count(f"\\{mark}").sum()))


def main(write: Callable[[str], object] = sys.stdout.write) -> None:
    """Print a line of JSON for each data set and kind of hiding."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--sets", nargs="*", default=[], help="names of data sets; all by default")
    arguments = parser.parse_args()
    for name, runs in all_runs(arguments.data_dir):
        if arguments.sets and name not in arguments.sets:
            continue
        for kind in KINDS:
            held = [one for seed in range(arguments.runs) for one in runs(kind, seed)]
            line = {
                "set": name,
                "hidden": kind,
                "n": len(held),
                "coverage": mean_of([one.is_inside for one in held]),
                "no_worse": mean_of([one.is_no_worse for one in held]),
                "width": mean_of([one.width for one in held]),
                "bias": mean_of([one.error for one in held]),
            }
            write(json.dumps(line) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
