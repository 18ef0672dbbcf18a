"""A run on a Dask cluster of two workers gives what it gives on one machine."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from studio.engine.errors import DataProblem
from studio.engine.ml_task import Mode
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetSpec
from studio.fan_out import fan_out
from tests.data_builders import planted_table, planted_text
from tests.programs import ROOT, running, wait_until
from tests.unit.engine.frames import table_spec, text_spec

START_WITHIN_S = 60


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a scheduler and two workers, and return the scheduler's address."""
    folder = tmp_path_factory.mktemp("cluster")
    known = folder / "scheduler.json"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    options = ["--scheduler-file", str(known)]
    quiet = ["--host", "127.0.0.1", "--no-dashboard"]
    worker = [*options, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder), *quiet]
    commands = [
        ["distributed.cli.dask_scheduler", *options, "--port", "0", *quiet],
        *[["distributed.cli.dask_worker", *worker] for _ in range(2)],
    ]
    with ExitStack() as processes:
        for number, command in enumerate(commands):
            log = folder / f"{number}.log"
            processes.enter_context(
                running([sys.executable, "-m", *command], environment=environment, log=log)
            )
        yield _address(known)


def _address(known: Path) -> str:
    from distributed import Client

    wait_until(lambda: known.exists() and known.read_text(), timeout_s=START_WITHIN_S)
    address = str(json.loads(known.read_text())["address"])
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=START_WITHIN_S)
    return address


@pytest.mark.parametrize(
    ("frame", "spec"),
    [
        (planted_table(90).frame, table_spec()),
        (planted_text(60).frame, text_spec(mode=Mode.REGULAR)),
    ],
    ids=["table", "text"],
)
def test_cluster_gives_the_same_cleanset(
    frame: pd.DataFrame, spec: CleansetSpec, scheduler: str, settings: Any
) -> None:
    here = build_cleanset(frame, spec)
    settings.DASK_SCHEDULER = scheduler
    with fan_out() as n_jobs:
        assert n_jobs == 2
        there = build_cleanset(frame, spec, n_jobs=n_jobs)
    pd.testing.assert_frame_equal(there.issues, here.issues)
    np.testing.assert_array_equal(there.fold_id, here.fold_id)
    np.testing.assert_allclose(there.pred_probs, here.pred_probs, atol=1e-6)


def test_scheduler_that_nobody_runs_is_named(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.fan_out.CONNECT_TIMEOUT_S", 1)
    settings.DASK_SCHEDULER = "tcp://127.0.0.1:9"
    with pytest.raises(DataProblem, match=r"tcp://127\.0\.0\.1:9 cannot be reached"), fan_out():
        pass
