"""Measures `manage.py predict` beside a bare scikit-learn or LightGBM pipeline on the same file of
new rows.

Both read a CSV file, predict it and write it again with a column of probabilities per class.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd

from tests.benchmarks import process
from tests.benchmarks.peers.job import Job
from tests.benchmarks.process import Cost
from tests.benchmarks.programs import Workplace, peers_python
from tests.benchmarks.tasks import SEED, TASKS, Task

_SIZES = {"adult": 200_000, "banking77": 100_000}  # rows to predict
_LIMIT_S = 1_800
_HEAD = (
    "| task | rows | program | seconds | CPU s | rows per second | peak MB |\n"
    "| --- | ---: | --- | ---: | ---: | ---: | ---: |\n"
)


def main() -> None:
    """Train once per program, predict with each in turn, print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data-dir", type=Path, required=True, help="folder of the public datasets"
    )
    parser.add_argument("--mode", nargs="*", default=["fast"], choices=["fast", "regular"])
    parser.add_argument("--rows", type=int, help="to predict")
    options = parser.parse_args()
    sys.stdout.write(_HEAD)
    for name, n_rows in _SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            _measure(
                name,
                TASKS[name](options.data_dir),
                Path(folder),
                options.rows or n_rows,
                options.mode,
            )


def _measure(name: str, task: Task, folder: Path, n_rows: int, modes: list[str]) -> None:
    train, fresh, out = folder / "train.csv", folder / "new.csv", folder / "out.csv"
    task.train.to_csv(train, index=False)
    assert task.test is not None
    task.test[task.features].sample(n_rows, replace=True, random_state=SEED).to_csv(
        fresh, index=False
    )
    job = Job(task.task, task.text, tuple(task.features), task.label, str(train), None, None, None)
    place = Workplace(folder, job, _LIMIT_S)
    place.write_job()
    bare, model = [peers_python(), "-m", "tests.benchmarks.peers.bare"], str(folder / "bare.joblib")
    process.run([*bare, "fit", str(place.job_path), model], limit_s=_LIMIT_S)
    _say(
        name,
        n_rows,
        "bare",
        process.run([*bare, "predict", model, str(fresh), str(out)], limit_s=_LIMIT_S),
    )
    for mode in modes:
        environment = {"STUDIO_DATA_DIR": str(folder / f"studio-{mode}")}
        columns = ["--text", task.text] if task.text else ["--features", ",".join(task.features)]
        manage, saved = [sys.executable, "manage.py"], str(folder / f"model-{mode}")
        clean = [
            "clean",
            str(train),
            "--label",
            task.label,
            *columns,
            "--mode",
            mode,
            "--model",
            saved,
        ]
        process.run([*manage, *clean, "--out", str(out)], limit_s=_LIMIT_S, environment=environment)
        predict = [*manage, "predict", str(fresh), "--model", saved, "--out", str(out)]
        for options in ([], ["--guard"]):
            cost = process.run([*predict, *options], limit_s=_LIMIT_S, environment=environment)
            _say(name, n_rows, " ".join([mode, *options]), cost)
        assert len(pd.read_csv(out, usecols=["Suggested Label"])) == n_rows


def _say(name: str, n_rows: int, program: str, cost: Cost) -> None:
    speed = n_rows / cost.wall_s
    cells = (
        f"{n_rows:,} | {program} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {speed:,.0f} |"
        f" {cost.peak_mb:.0f}"
    )
    sys.stdout.write(f"| {name} | {cells} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
