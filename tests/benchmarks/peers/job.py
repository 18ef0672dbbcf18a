"""What each program is given, and what it has to hand back.

`find` scores the rows of a training file by how wrong their labels look; `learn` trains on given
labels and predicts
the rows of a test file. Embeddings are ready in files: the time to compute them is measured apart.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

N_FOLDS = 5


@dataclass(frozen=True, slots=True)
class Job:
    """A task's files and columns. `text` is None for tables; `features` are all columns to learn
    from.
    """

    task: str
    text: str | None
    features: tuple[str, ...]
    label: str
    train: str
    test: str | None
    train_embeddings: str | None
    test_embeddings: str | None

    def frame(self, *, of_test: bool = False) -> pd.DataFrame:
        """Return the columns to learn from, as pandas reads them."""
        path = self.test if of_test else self.train
        kinds = {self.text: str} if self.text else None
        frame = pd.read_csv(path, usecols=list(self.features), dtype=kinds, low_memory=False)[
            list(self.features)
        ]
        return frame.fillna({self.text: ""}) if self.text else frame

    def labels(self, path: str | None = None) -> pd.Series:
        """Return the labels of the training file, or those in another file of the same rows."""
        kind = float if self.task == "regression" else str
        return pd.read_csv(
            path or self.train, usecols=[self.label], dtype=kind, keep_default_na=False
        )[self.label]

    def embeddings(self, *, of_test: bool = False) -> npt.NDArray[np.float32]:
        """Return the sentence embeddings of the text, shape (n, 384)."""
        return np.load(self.test_embeddings if of_test else self.train_embeddings)


@dataclass(frozen=True, slots=True)
class Predicted:
    """Predictions for the test rows: probabilities with their classes, or values of shape
    (n, 1).
    """

    values: npt.NDArray[np.float64]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Scores per row, 1 the worst, which rows are flagged, and what the fit predicts, where it is a
    whole model.
    """

    scores: npt.NDArray[np.float64]
    flags: npt.NDArray[np.bool_]
    predicted: Predicted | None = None


def class_sets(labels: pd.Series) -> list[list[str]]:
    """Read multi-label cells, whose class names are joined by commas."""
    return [cell.split(",") if cell else [] for cell in labels]


def run(find: Callable[[Job], Found], learn: Callable[[Job, pd.Series], Predicted]) -> None:
    """Do what the command line asks: `find JOB OUT`, or `learn JOB LABELS OUT`."""
    command, job_path, *rest = sys.argv[1:]
    job = Job(**json.loads(Path(job_path).read_text()))
    if command == "find":
        found = find(job)
        said = {} if found.predicted is None else _arrays(found.predicted)
        np.savez(rest[0], scores=found.scores, flags=found.flags, **said)
    else:
        np.savez(rest[1], **_arrays(learn(job, job.labels(rest[0]))))


def _arrays(predicted: Predicted) -> dict[str, npt.NDArray[np.generic]]:
    return {"values": predicted.values, "classes": np.array(predicted.classes, dtype=str)}
