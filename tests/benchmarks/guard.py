"""Measures what the guard of a model promises: coverage, recognition of strange texts, drift.

Reads public datasets from a folder given by `--data-dir`; docs/predictions.md has the results.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import betabinom
from sklearn.metrics import roc_auc_score

from studio.engine.guard.near_rows import NearRows
from studio.engine.guard.strangeness import fit_strangeness
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.progress import Silent
from studio.engine.recipes.train import train_model
from studio.engine.recipes.trained import TrainedModel
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind
from studio.engine.text import encoder
from studio.engine.text.embedding_store import EmbeddingStore
from studio.engine.text.processor import arithmetic_here

SEED = 0
N_TRAINED = 3_000
N_NEW = 4_000
COVERAGES = (0.8, 0.9, 0.95)
N_BATCHES = 100
ROWS_PER_BATCH = 300


@dataclass(frozen=True)
class Data:
    """A dataset whose labels are known in new rows too."""

    name: str
    task: MLTask
    label: str
    kinds: dict[str, ColumnKind]
    trained: pd.DataFrame
    new: pd.DataFrame

    def model(self, mode: Mode = Mode.FAST) -> TrainedModel:
        modality = Modality.TABULAR
        if list(self.kinds.values()) == [ColumnKind.TEXT]:
            modality = Modality.TEXT
        spec = CleansetSpec(
            task=self.task,
            modality=modality,
            feature_columns=tuple(self.kinds),
            column_kinds=self.kinds,
            label_column=self.label,
            mode=mode,
            seed=SEED,
        )
        return train_model(self.trained[[*self.kinds]], self.trained[self.label].tolist(), spec)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument(
        "--only", nargs="*", choices=["strange", "coverage", "drift"], help="all if left out"
    )
    parser.add_argument("--mode", choices=list(Mode), default=Mode.FAST, help="of --only coverage")
    parser.add_argument("--data", nargs="*", help="which datasets of --only coverage")
    parser.add_argument("--vectors", type=Path, help="keeps the embeddings of the texts here")
    options = parser.parse_args()
    wanted = options.only or ["strange", "coverage", "drift"]
    if "strange" in wanted:
        _measure_strange(options.data_dir, options.vectors)
    if "coverage" in wanted:
        for read in (_adult, _airlines, _housing):
            data = read(options.data_dir)
            if not options.data or data.name in options.data:
                _measure_coverage(data, Mode(options.mode))
    if "drift" in wanted:
        _measure_drift(_adult(options.data_dir), "age", "50", "adult, people over 50")


def _measure_strange(folder: Path, kept: Path | None) -> None:
    """Print how well out-of-scope questions are told from those of 150 known intents."""
    frame = pd.read_csv(folder / "clinc150_oos" / "data.csv", dtype=str)
    vectors = encoder.encode(
        [" ".join(text.split()) for text in frame["text"]],
        store=EmbeddingStore(kept),
        n_threads=1,
        progress=Silent(),
        arithmetic=arithmetic_here(None),
    )
    trained = np.flatnonzero(frame["split"] == "train")
    asked = np.flatnonzero(frame["split"].isin(["test", "oos_test"]))
    is_strange = (frame["split"][asked] == "oos_test").to_numpy()
    codes = pd.factorize(frame["label"][trained])[0].astype(np.int64)
    drawn = np.sort(np.random.default_rng(SEED).choice(len(trained), 10_000, replace=False))
    own = np.full(len(trained), -1)
    own[drawn] = np.arange(len(drawn))
    near_rows = NearRows(vectors[trained[drawn]].astype(np.float16), drawn, ("",) * len(drawn))
    strangeness = fit_strangeness(vectors[trained], near_rows, own, codes, seed=SEED)
    distances, _ = near_rows.search(vectors[asked])
    scores = strangeness.scores(vectors[asked], distances)
    by_distance = roc_auc_score(is_strange, distances.mean(axis=1))
    _say(
        f"clinc150_oos: AUROC {roc_auc_score(is_strange, scores):.4f}"
        f" (near rows alone {by_distance:.4f}), weight of classes {strangeness.weight};"
        f" {(scores[~is_strange] > 0.5).mean():.1%} of in-scope and"
        f" {(scores[is_strange] > 0.5).mean():.1%} of out-of-scope rows are marked"
    )


def _measure_coverage(data: Data, mode: Mode) -> None:
    """Print how often the right label is in the set or interval, and is right if kept.

    The interval of chance allows for the rows of both sides: those that the sets were learned from
    and those that they are tried on.
    """
    model = data.model(mode)
    n_trained = len(data.trained)
    for coverage in COVERAGES:
        result, _ = _predicted(model, data.new, coverage)
        truth = data.new[data.label]
        if data.task is MLTask.REGRESSION:
            numbers = truth.astype(float).to_numpy()
            is_within = (result["interval_low"] <= numbers) & (numbers <= result["interval_high"])
            size = f"mean width {(result['interval_high'] - result['interval_low']).mean():,.4g}"
        else:
            sets = result["prediction_set"].str.split(",")
            is_within = np.array([label in found for label, found in zip(truth, sets, strict=True)])
            size = f"{sets.str.len().mean():.2f} labels on average"
        n_within = np.ceil((n_trained + 1) * coverage)
        chance = betabinom(len(truth), n_within, n_trained + 1 - n_within)
        low, high = (chance.ppf(share) / len(truth) for share in (0.025, 0.975))
        kept = result[~result["abstain"]]
        is_right = kept["Suggested Label"] == truth[kept.index]
        right = "" if data.task is MLTask.REGRESSION else f"; {is_right.mean():.1%} of kept right"
        _say(
            f"{data.name} at {coverage:.0%}: {is_within.mean():.1%} covered (chance"
            f" {low:.1%} to {high:.1%}), {size}; {result['abstain'].mean():.1%} abstain,"
            f" {result['is_out_of_distribution'].mean():.1%} out of distribution{right}"
        )
    if data.task is not MLTask.REGRESSION:
        is_right = (result["Suggested Label"] == truth).to_numpy()
        confidence = result["confidence"].to_numpy()
        places = np.clip((confidence * 15).astype(int), 0, 14)
        gaps = [
            abs(is_right[places == place].mean() - confidence[places == place].mean())
            * (places == place).mean()
            for place in np.unique(places)
        ]
        _say(f"{data.name}: expected calibration error of confidence {sum(gaps):.4f}")


def _measure_drift(data: Data, column: str, bound: str, shifted_name: str) -> None:
    """Print how often batches raise an alarm, with and without a shift."""
    model = data.model()
    generator = np.random.default_rng(SEED)
    is_shifted = data.new[column].astype(float) > float(bound)
    for name, pool in (("drawn as trained", data.new), (shifted_name, data.new[is_shifted])):
        n_alarms = 0
        for _ in range(N_BATCHES):
            rows = generator.choice(len(pool), ROWS_PER_BATCH, replace=False)
            _, report = _predicted(model, pool.iloc[rows], 0.9)
            p_values = [one["drift"]["p_value"] for one in report["comparisons"]]
            n_alarms += min(p_values) < 0.05
        _say(
            f"{data.name}, {name}: {n_alarms} of {N_BATCHES} batches of {ROWS_PER_BATCH} rows"
            " raise an alarm"
        )


def _predicted(
    model: TrainedModel, frame: pd.DataFrame, coverage: float
) -> tuple[pd.DataFrame, dict[str, object]]:
    from inference.pipeline import predict_table

    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rows.parquet"
        columns = {name: pa.array(frame[name], pa.string()) for name in model.feature_columns}
        pq.write_table(pa.table({"__row_id": range(len(frame)), **columns}), table)
        out = Path(folder) / "out.parquet"
        found = predict_table(model, table, out, progress=Silent(), coverage=coverage)
        result = pd.read_parquet(out)
    result.index = frame.index
    return result, dict(found.report or {})


def _split(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    drawn = frame.sample(min(len(frame), N_TRAINED + N_NEW), random_state=SEED)
    drawn = drawn.reset_index(drop=True).astype(object).where(lambda cells: cells.notna(), None)
    return drawn[:N_TRAINED], drawn[N_TRAINED:]


def _adult(folder: Path) -> Data:
    path = next(iter(sorted((folder / "adult").glob("*.csv"))))
    frame = pd.read_csv(path, dtype=str)
    numbers = ("age", "education-num", "education_num", "capital-gain", "capital_gain",
               "capital-loss", "capital_loss", "hours-per-week", "hours_per_week")  # fmt: skip
    label = next(name for name in ("income", "label", "class", "target") if name in frame)
    dropped = {label, "fnlwgt", "split"}
    kinds = {
        name: ColumnKind.INTEGER if name in numbers else ColumnKind.CATEGORICAL
        for name in frame
        if name not in dropped
    }
    return Data("adult", MLTask.MULTI_CLASS, label, kinds, *_split(frame))


def _airlines(folder: Path) -> Data:
    path = next(iter(sorted((folder / "airline_tweets").glob("*.csv"))))
    frame = pd.read_csv(path, dtype=str)
    kinds = {"text": ColumnKind.TEXT}
    label = "airline_sentiment"
    return Data("airline_tweets", MLTask.MULTI_CLASS, label, kinds, *_split(frame))


def _housing(folder: Path) -> Data:
    path = next(iter(sorted((folder / "california_housing").glob("*.csv"))))
    frame = pd.read_csv(path, dtype=str)
    label = "median_house_value"
    kinds = {name: ColumnKind.NUMBER for name in frame if name != label}
    kinds["ocean_proximity"] = ColumnKind.CATEGORICAL
    return Data("california_housing", MLTask.REGRESSION, label, kinds, *_split(frame))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")

    django.setup()
    main()
