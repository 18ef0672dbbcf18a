"""What is measured: the studio's two modes through `manage.py`, and the peers, each called in the
same two ways.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.benchmarks import process
from tests.benchmarks.claims import Said
from tests.benchmarks.peers.job import Job
from tests.benchmarks.process import Cost, peers_python

_PEERS = "tests.benchmarks.peers"


Predicted: TypeAlias = tuple[npt.NDArray[np.float64], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """Scores, 1 the worst, and flags per row, with what it cost to get them.

    `predicted` are predictions for the test file from the given labels, where finding errors made
    the whole model. `said` is what the studio says about what it found; None for other programs.
    """

    scores: npt.NDArray[np.float64]
    flags: npt.NDArray[np.bool_]
    cost: Cost
    predicted: Predicted | None = None
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Workplace:
    """A task's files in a folder that is thrown away. A quick program is run `n_goes` times."""

    folder: Path
    job: Job
    limit_s: float
    n_goes: int = 1

    @property
    def job_path(self) -> Path:
        """The job as the peers read it."""
        return self.folder / "job.json"

    def write_job(self) -> None:
        """Write it."""
        self.job_path.write_text(json.dumps(asdict(self.job)))


class Program(Protocol):
    """Finds label errors, and learns from labels."""

    name: str
    needs_embeddings: bool

    def find(self, place: Workplace) -> Found:
        """Score the rows of the training file."""

    def learn(self, place: Workplace, labels: pd.Series) -> Predicted:
        """Return predictions for the test file, and their classes."""


class Peer:
    """A program of `peers/`."""

    def __init__(self, name: str, *, needs_embeddings: bool) -> None:
        self.name = name
        self.needs_embeddings = needs_embeddings

    def find(self, place: Workplace) -> Found:
        """Score the rows of the training file."""
        out = place.folder / "found.npz"
        cost = self._run(place, "find", str(out))
        with np.load(out) as found:
            predicted = _predicted(found) if "values" in found else None
            return Found(found["scores"], found["flags"], cost, predicted)

    def learn(self, place: Workplace, labels: pd.Series) -> Predicted:
        """Return predictions for the test file, and their classes."""
        path, out = place.folder / "labels.csv", place.folder / "learned.npz"
        labels.to_frame(place.job.label).to_csv(path, index=False)
        self._run(place, "learn", str(path), str(out))
        with np.load(out) as learned:
            return _predicted(learned)

    def _run(self, place: Workplace, command: str, *rest: str) -> Cost:
        call = [peers_python(), "-m", f"{_PEERS}.{self.name}", command, str(place.job_path), *rest]
        return process.run(call, limit_s=place.limit_s, environment={"HF_HUB_OFFLINE": "1"})


def _predicted(arrays: Mapping[str, npt.NDArray[np.generic]]) -> Predicted:
    return np.asarray(arrays["values"], dtype=float), tuple(arrays["classes"].tolist())


def _expected_precision(manifest: Path) -> float:
    trust = json.loads(manifest.read_text())["label_trust"]
    return trust["n_expected"] / max(1, trust["n_flagged"])


class Studio:
    """`manage.py clean` and `predict` in one of the modes, with a data folder that is empty at
    first.
    """

    needs_embeddings = False

    def __init__(self, mode: str) -> None:
        self.name = mode
        self._mode = mode

    def find(self, place: Workplace) -> Found:
        """Score the rows of the training file."""
        out = place.folder / "cleanset.csv"
        probabilities, manifest = place.folder / "pred_probs.parquet", place.folder / "run.json"
        shutil.rmtree(self._data_folder(place), ignore_errors=True)
        extra = ("--pred-probs", str(probabilities), "--manifest", str(manifest))
        cost = self._clean(place, place.job.train, out, *extra)
        wanted = ["is_label_issue", "label_issue_score", "suggested_label"]
        found = pd.read_csv(out, usecols=wanted, dtype=str, keep_default_na=False)
        flags = found["is_label_issue"].str.lower() == "true"
        pred_probs = pd.read_parquet(probabilities)
        has_classes = place.job.task != "regression"
        said = Said(
            pred_probs.to_numpy(float) if has_classes else None,
            tuple(pred_probs.columns) if has_classes else (),
            found["suggested_label"],
            _expected_precision(manifest),
        )
        return Found(found["label_issue_score"].to_numpy(float), flags.to_numpy(), cost, said=said)

    def learn(self, place: Workplace, labels: pd.Series) -> Predicted:
        """Return predictions for the test file, and their classes."""
        folder, job = place.folder, place.job
        source, model, out = (
            folder / "relabeled.csv",
            folder / f"model-{self._mode}",
            folder / "predictions.csv",
        )
        rows = pd.read_csv(job.train, dtype=str, keep_default_na=False)
        rows.assign(**{job.label: labels}).to_csv(source, index=False)
        self._clean(place, str(source), folder / "cleanset.csv", "--model", str(model))
        self._manage(place, "predict", str(job.test), "--model", str(model), "--out", str(out))
        said = pd.read_csv(out).drop(columns=list(job.features))
        if job.task == "regression":
            return said["Suggested Label"].to_numpy(float)[:, None], ()
        pred_probs = said.loc[
            :, [name for name in said.columns if not name.startswith("Suggested Label")]
        ]
        return pred_probs.to_numpy(float), tuple(pred_probs.columns)

    def _clean(self, place: Workplace, source: str, out: Path, *rest: str) -> Cost:
        job = place.job
        columns = ["--text", job.text] if job.text else ["--features", ",".join(job.features)]
        choice = ["--label", job.label, *columns, "--task", job.task, "--mode", self._mode]
        return self._manage(place, "clean", source, *choice, "--out", str(out), *rest)

    def _manage(self, place: Workplace, *arguments: str) -> Cost:
        environment = {"STUDIO_DATA_DIR": str(self._data_folder(place))}
        call = [sys.executable, "manage.py", *arguments]
        return process.run(call, limit_s=place.limit_s, environment=environment)

    def _data_folder(self, place: Workplace) -> Path:
        return place.folder / f"studio-{self._mode}"


PROGRAMS: tuple[Program, ...] = (
    Peer("plain", needs_embeddings=False),
    Peer("datalab", needs_embeddings=True),
    Peer("autogluon", needs_embeddings=True),
    Studio("fast"),
    Studio("regular"),
)
PEER_NAMES = tuple(program.name for program in PROGRAMS if isinstance(program, Peer))
MODE_NAMES = tuple(program.name for program in PROGRAMS if isinstance(program, Studio))


def embed(place: Workplace, source: str, out: str) -> Cost:
    """Encode a file's text by sentence-transformers' default call, which takes all cores."""
    call = [peers_python(), "-m", f"{_PEERS}.embed", source, str(place.job.text), out]
    environment = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": str(os.cpu_count())}
    return process.run(call, limit_s=place.limit_s, environment=environment)
