"""Does correcting labels make a better model? Movie reviews, with the verdicts of five people each.

Half of the 50,000 reviews have human verdicts on those labels that an algorithm doubted. That half
is learned from, as it is and as people corrected it; the other half is predicted.

    .venv/bin/python -m tests.benchmarks.imdb_story FOLDER [--mode fast]

FOLDER holds `data.parquet` with the columns split, text, label and human_verdict (given, guessed,
neutral, off_topic or no_majority), as in the label errors that cleanlab published for IMDB.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from studio.engine.evaluation.inputs.predictions import class_predictions
from studio.engine.evaluation.metrics.summary import Summary
from studio.engine.evaluation.report import evaluate
from studio.engine.evaluation.runs.comparison import Comparison, compare_runs
from studio.engine.evaluation.runs.run_rows import RunRows
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.train import train_model
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind

LEARNED, HELD_OUT = "test", "train"  # the verdicts are on what the dataset calls its test half
METRICS = ("accuracy", "log_loss", "roc_auc_ovr_macro")
OTHER = {"positive": "negative", "negative": "positive"}


def main() -> None:
    parser = argparse.ArgumentParser(description="Reviews before and after correction.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.FAST.value)
    parser.add_argument("--cache", type=Path, help="a folder that keeps what was computed")
    options = parser.parse_args()
    columns = ["split", "text", "label", "human_verdict"]
    reviews = pd.read_parquet(options.folder / "data.parquet", columns=columns).astype(object)
    learned = reviews[reviews["split"] == LEARNED].reset_index(drop=True)
    held_out = reviews[reviews["split"] == HELD_OUT].reset_index(drop=True)
    judged = learned[learned["human_verdict"].notna()].reset_index(drop=True)
    spec = CleansetSpec(
        task=MLTask.MULTI_CLASS,
        modality=Modality.TEXT,
        feature_columns=("text",),
        column_kinds={"text": ColumnKind.TEXT},
        label_column="label",
        mode=Mode(options.mode),
    )
    for name, rows in (("all reviews", learned), ("only the judged reviews", judged)):
        corrected = correct(rows)
        n_relabeled = int((corrected["label"] != rows.loc[corrected.index, "label"]).sum())
        say(
            f"\n{name}: {len(rows):,} to learn from; {n_relabeled:,} relabeled and"
            f" {len(rows) - len(corrected):,} left out by people; {len(held_out):,} held out"
        )
        started = time.monotonic()
        runs = []
        for title, part in (("before", rows), ("after", corrected)):
            run, summary = scored(part, held_out, spec, options.cache)
            runs.append(run)
            say(f"  {title}: {described(summary)}")
        say(f"  {in_words(compare_runs(*runs))}")
        say(f"  {time.monotonic() - started:.0f} s")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def correct(reviews: pd.DataFrame) -> pd.DataFrame:
    """Take the other label where people did, and leave out what they called neither."""
    verdict = reviews["human_verdict"]
    corrected = reviews.copy()
    is_flipped = verdict == "guessed"
    corrected.loc[is_flipped, "label"] = corrected.loc[is_flipped, "label"].map(OTHER)
    return corrected[~verdict.isin(["neutral", "off_topic"])]


def scored(
    rows: pd.DataFrame, held_out: pd.DataFrame, spec: CleansetSpec, cache: Path | None
) -> tuple[RunRows, Summary]:
    """Train on rows and measure on the held-out ones."""
    frame = rows[["text"]].reset_index(drop=True)
    model = train_model(frame, rows["label"].tolist(), spec, cache_dir=cache, n_jobs=2)
    parts = [
        predict_frame(model, held_out.iloc[first : first + 2_000][["text"]]).pred_probs
        for first in range(0, len(held_out), 2_000)
    ]
    predictions = class_predictions(
        held_out["label"].tolist(), model.classes, np.concatenate(parts)
    )
    report = evaluate(predictions)
    return RunRows(predictions.classes, predictions.row_id, report.measures), report.summary


def described(summary: Summary) -> str:
    found = ((key, summary.metrics[key]) for key in METRICS)
    return "; ".join(f"{key} {one.value:.4f} [{one.low:.4f}, {one.high:.4f}]" for key, one in found)


def in_words(comparison: Comparison) -> str:
    found = {one.metric.key: one for one in comparison.metrics}
    return "; ".join(
        f"{key} {one.difference.value:+.4f} [{one.difference.low:+.4f},"
        f" {one.difference.high:+.4f}] {one.verdict}"
        for key, one in ((key, found[key]) for key in METRICS)
    )


if __name__ == "__main__":
    main()
