"""The datasets that are measured: each becomes a training file with wrong labels, their truth, a
clean test file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from projects.sample.support_requests import Planted, make_support_requests
from tests.benchmarks import noise
from tests.benchmarks.peers.models import table_pipeline, text_pipeline
from tests.benchmarks.process import peers_python, run

SEED = 0
_PICTURES_LIMIT_S = 600.0
_JITTER = 0.01  # of a column's standard deviation


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learned from what, with the truth.

    Attributes
    ----------
    train, test
        Features and given labels; the test rows' labels are true. `test` is None where only
        detection is measured.
    truth
        True label of each training row; equal to the given one where that is right.
    is_error
        Which given labels are wrong.
    is_judged
        Rows whose truth is known; only they count.
    """

    task: str
    text: str | None
    label: str
    train: pd.DataFrame
    test: pd.DataFrame | None
    truth: pd.Series
    is_error: pd.Series
    is_judged: pd.Series

    def sampled(self, n_rows: int) -> Task:
        """Return the task with at most so many training rows, drawn with a fixed seed."""
        if n_rows >= len(self.train):
            return self
        rows = np.random.default_rng(SEED).permutation(len(self.train))[:n_rows]
        parts = (self.train, self.truth, self.is_error, self.is_judged)
        train, truth, is_error, is_judged = (
            part.iloc[rows].reset_index(drop=True) for part in parts
        )
        return replace(self, train=train, truth=truth, is_error=is_error, is_judged=is_judged)

    @property
    def features(self) -> list[str]:
        """The columns to learn from."""
        return [name for name in self.train.columns if name != self.label]


def _planted(
    train: pd.DataFrame,
    given: pd.Series,
    test: pd.DataFrame | None,
    label: str,
    *,
    task: str,
    text: str | None = None,
) -> Task:
    truth = train[label]
    judged = pd.Series(data=True, index=train.index)
    return Task(
        task, text, label, train.assign(**{label: given}), test, truth, given != truth, judged
    )


def _requests(data_dir: Path | None) -> Task:
    """Generated support requests: the only task that needs no data folder."""
    sample = make_support_requests(n_rows=3000)
    labeled = sample.frame["topic"].fillna("") != ""
    frame = sample.frame.loc[labeled, ["message", "topic"]].reset_index(drop=True)
    truth = sample.truth.loc[labeled].reset_index(drop=True)
    is_error = truth["planted"] == Planted.LABEL_ERROR
    judged = pd.Series(data=True, index=frame.index)
    true_topic = truth["true_topic"]
    return Task("multi-class", "message", "topic", frame, None, true_topic, is_error, judged)


def _banking77(data_dir: Path) -> Task:
    data = pd.read_csv(data_dir / "banking77" / "data.csv", dtype=str)
    train, test = _by_split(data, "split", ["text", "label"])
    given = noise.confusable(train["label"], train["text"], text_pipeline("multi-class"))
    return _planted(train, given, test, "label", task="multi-class", text="text")


def _imdb(data_dir: Path) -> Task:
    data = pd.read_parquet(data_dir / "imdb_50k" / "data.parquet")
    reviewed = data[data["reviewed"]]
    others = data[(data["split"] == "test") & ~data["reviewed"]].sample(
        10_000 - len(reviewed), random_state=SEED
    )
    rows = pd.concat([reviewed, others]).sample(frac=1, random_state=SEED).reset_index(drop=True)
    test = data[data["split"] == "train"].sample(5_000, random_state=SEED)
    human = rows["human_label"].where(
        rows["human_label"].isin(["positive", "negative"]), rows["label"]
    )
    is_error = rows["is_label_error"].astype(str).str.lower() == "true"
    columns = ["text", "label"]
    return Task(
        "multi-class",
        "text",
        "label",
        rows[columns],
        test[columns],
        human,
        is_error,
        rows["reviewed"],
    )


def _hate_raters(data_dir: Path) -> Task:
    data = pd.read_csv(
        data_dir / "hate_offensive_raters" / "data.csv", dtype=str, keep_default_na=False
    )
    train = data[["text", "true_label"]]
    return _planted(train, data["given_label"], None, "true_label", task="multi-class", text="text")


def _cifar10n(data_dir: Path) -> Task:
    """Statistics of pictures with the label that most of three people gave. The environment of the
    other programs reads the pictures, as the studio has no use for a library that does.
    """
    pictures = data_dir / "cifar10n" / "train.parquet"
    with tempfile.TemporaryDirectory() as folder:
        statistics = str(Path(folder) / "statistics.csv")
        script = "tests.benchmarks.peers.pictures"
        run([peers_python(), "-m", script, str(pictures), statistics], limit_s=_PICTURES_LIMIT_S)
        data = pd.read_csv(statistics)
    train = data.drop(columns="given_label")
    return _planted(train, data["given_label"], None, "true_label", task="multi-class")


def _student_grades(data_dir: Path) -> Task:
    data = pd.read_csv(data_dir / "student_grades" / "data.csv")
    train = data[["exam_1", "exam_2", "exam_3", "notes", "true_letter_grade"]]
    return _planted(
        train, data["given_letter_grade"], None, "true_letter_grade", task="multi-class"
    )


def _adult(data_dir: Path) -> Task:
    data = pd.read_csv(data_dir / "adult" / "data.csv")
    train, test = _by_split(data, "split", [name for name in data.columns if name != "split"])
    train = train.sample(20_000, random_state=SEED).reset_index(drop=True)
    features = train.drop(columns="income")
    given = noise.confusable(train["income"], features, table_pipeline("multi-class", features))
    return _planted(train, given, test, "income", task="multi-class")


def _diabetes(data_dir: Path) -> Task:
    data = pd.read_csv(data_dir / "diabetes_130us" / "data.csv.gz", low_memory=False)
    shuffled = data.sample(frac=1, random_state=SEED).reset_index(drop=True)
    train, test = shuffled[:80_000], shuffled[80_000:]
    return _planted(
        train, noise.uniform(train["readmitted"]), test, "readmitted", task="multi-class"
    )


def _goemotions(data_dir: Path) -> Task:
    data = pd.read_csv(data_dir / "goemotions" / "data.csv", dtype=str, keep_default_na=False)
    train, test = _by_split(data, "split", ["text", "labels"])
    train = train.sample(10_000, random_state=SEED).reset_index(drop=True)
    for frame in (train, test):
        frame["labels"] = [",".join(sorted(cell.split(","))) for cell in frame["labels"]]
    return _planted(
        train, noise.wrong_sets(train["labels"]), test, "labels", task="multi-label", text="text"
    )


def _california(data_dir: Path) -> Task:
    data = pd.read_csv(data_dir / "california_housing" / "data.csv").sample(
        frac=1, random_state=SEED
    )
    train, test = (part.reset_index(drop=True) for part in (data[4_000:], data[:4_000]))
    given = noise.wrong_numbers(train["median_house_value"])
    return _planted(train, given, test, "median_house_value", task="regression")


def _real_regression(name: str, features: tuple[str, ...]) -> Callable[[Path], Task]:
    def load(data_dir: Path) -> Task:
        data = pd.read_csv(data_dir / "regression_label_errors" / f"{name}.csv")
        text = "text" if features == ("text",) else None
        columns = [*(features or _sensors(data)), "given_label"]
        judged = pd.Series(data=True, index=data.index)
        is_error = data["true_error"] == 1
        return Task(
            "regression",
            text,
            "given_label",
            data[columns],
            None,
            data["true_label"],
            is_error,
            judged,
        )

    return load


def _sensors(data: pd.DataFrame) -> list[str]:
    return [name for name in data.columns if not name.startswith(("true_", "given_"))]


def _grown_adult(n_rows: int) -> Callable[[Path], Task]:
    def load(data_dir: Path) -> Task:
        data = pd.read_csv(data_dir / "adult" / "data.csv").drop(columns="split")
        rng = np.random.default_rng(SEED)
        train = data.iloc[rng.integers(0, len(data), n_rows)].reset_index(drop=True)
        for name in train.select_dtypes("number").columns:
            train[name] = (train[name] + rng.normal(0, _JITTER * train[name].std(), n_rows)).round(
                3
            )
        return _planted(train, noise.uniform(train["income"]), None, "income", task="multi-class")

    return load


def _by_split(
    data: pd.DataFrame, column: str, kept: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    parts = (
        data.loc[data[column] == part, kept].reset_index(drop=True) for part in ("train", "test")
    )
    train, test = parts
    return train, test


GENERATED = {"requests": _requests}
TASKS: Mapping[str, Callable[[Path], Task]] = {
    "student_grades": _student_grades,
    "hate_offensive_raters": _hate_raters,
    "cifar10n": _cifar10n,
    "adult": _adult,
    "banking77": _banking77,
    "california_housing": _california,
    "airquality_nmhc": _real_regression("airquality_nmhc", ()),
    "telomere_cq_scg": _real_regression("telomere_cq_scg", ("true.dna.scg",)),
    "politeness_stack": _real_regression("stanford_politeness_stack", ("text",)),
    "goemotions": _goemotions,
    "imdb": _imdb,
    "diabetes": _diabetes,
    "adult-10k": _grown_adult(10_000),
    "adult-100k": _grown_adult(100_000),
    "adult-1m": _grown_adult(1_000_000),
}
QUICK = ("student_grades", "adult", "banking77", "california_housing")
GROWTH = ("adult-10k", "adult-100k", "adult-1m")
