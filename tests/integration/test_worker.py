"""A real worker process on the embedded broker: killed during a run, sent a message twice,
cancelled.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from studio.supervisor import ENDED_BY_WATCHDOG
from tests.programs import manage, running, studio_environment, wait_until

MAKE_RUN = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from studio.runs import Status, enqueue
from tests.cast import make_user
from tests.factories import make_dataset
enqueue(make_dataset(make_user("alice"), status=Status.QUEUED).versions.get())
"""
TELL_AGAIN = (
    "from projects.models import DatasetVersion as V; from studio.runs import send;"
    " send(V.objects.get())"
)
CANCEL = (
    "from projects.models import DatasetVersion as V; from studio.runs import cancel; assert"
    " cancel(V.objects.get())"
)
SWEEP_LATER = """
from datetime import timedelta
from studio import recovery
recovery.LOST_AFTER = timedelta(seconds=0.5)
recovery.sweep()
"""


@dataclass(frozen=True, slots=True)
class Studio:
    """A data folder with one waiting run, and the worker that may take it."""

    data_dir: Path

    @property
    def log(self) -> Path:
        return self.data_dir / "worker.log"

    @property
    def environment(self) -> dict[str, str]:
        return studio_environment(self.data_dir)

    def worker(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        command = [
            sys.executable,
            "-m",
            "tests.integration.slow_worker",
            str(self.data_dir / "go-on"),
            "threads",
            "data",
        ]
        return running(command, environment=self.environment, log=self.log)

    def let_go(self) -> None:
        (self.data_dir / "go-on").touch()

    def shell(self, code: str) -> None:
        result = manage("shell", "-v", "0", "-c", code, environment=self.environment)
        assert result.returncode == 0, result.stderr

    def cancel(self) -> datetime:
        """Ask for a cancel as `cancel` does, without the seconds that a shell takes to start."""
        now = datetime.now(UTC)
        with closing(sqlite3.connect(self.data_dir / "studio.sqlite3")) as database, database:
            database.execute(
                "UPDATE projects_datasetversion SET cancel_requested_at = ?",
                [now.strftime("%Y-%m-%d %H:%M:%S.%f")],
            )
        return now

    def run(self) -> sqlite3.Row:
        with closing(sqlite3.connect(self.data_dir / "studio.sqlite3")) as database:
            database.row_factory = sqlite3.Row
            row: sqlite3.Row = database.execute("SELECT * FROM projects_datasetversion").fetchone()
            return row

    def wait_for(self, status: str, *, stage: str = "") -> None:
        wait_until(
            lambda: self.run()["status"] == status and stage in self.run()["stage"],
            timeout_s=60,
            log=self.log,
        )


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a data folder with one waiting run; each test has a copy, as migrating takes seconds."""
    folder = tmp_path_factory.mktemp("waiting")
    Studio(folder).shell(MAKE_RUN)
    return folder


@pytest.fixture
def studio(waiting: Path, tmp_path: Path) -> Studio:
    shutil.copytree(waiting, tmp_path, dirs_exist_ok=True)
    return Studio(tmp_path)


def test_run_of_a_killed_worker_is_done_by_the_next_one(studio: Studio) -> None:
    with studio.worker() as worker:
        studio.wait_for("running", stage="Reading file")
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    assert studio.run()["status"] == "running"  # nobody was left to say otherwise
    with studio.worker():
        wait_until(
            lambda: studio.log.read_text().count(" ready.") == 2, timeout_s=60, log=studio.log
        )
        studio.shell(SWEEP_LATER)
        studio.wait_for("running", stage="Reading file")
        studio.let_go()
        studio.wait_for("succeeded")
    assert (studio.run()["attempt"], studio.run()["n_rows"]) == (2, 7)


def test_message_delivered_twice_is_worked_on_once(studio: Studio) -> None:
    studio.shell(TELL_AGAIN)
    with studio.worker():
        studio.wait_for("running", stage="Reading file")
        studio.let_go()
        studio.wait_for("succeeded")
        wait_until(
            lambda: studio.log.read_text().count(" succeeded in ") == 2,
            timeout_s=30,
            log=studio.log,
        )
    assert studio.run()["attempt"] == 1
    assert not list((studio.data_dir / "broker").iterdir())


def test_running_run_is_cancelled(studio: Studio) -> None:
    with studio.worker():
        studio.wait_for("running", stage="Reading file")
        studio.shell(CANCEL)
        studio.wait_for("cancelled")
    assert studio.run()["n_rows"] is None


def test_run_that_never_looks_is_cancelled_within_two_seconds(studio: Studio) -> None:
    (studio.data_dir / "stuck").touch()
    with studio.worker() as worker:
        studio.wait_for("running", stage="Reading file")
        cancelled_at = studio.cancel()
        studio.wait_for("cancelled")
        assert worker.wait(10) == -ENDED_BY_WATCHDOG
    finished_at = datetime.fromisoformat(f"{studio.run()['finished_at']}+00:00")
    assert finished_at - cancelled_at < timedelta(seconds=2)
    wait_until(lambda: not list((studio.data_dir / "scratch").iterdir()), timeout_s=10)
    assert studio.run()["n_lost"] == 0


def test_worker_that_is_asked_to_end_gives_its_run_to_the_next_one(studio: Studio) -> None:
    with studio.worker() as worker:
        studio.wait_for("running", stage="Reading file")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert studio.run()["n_lost"] == 0
    with studio.worker():
        studio.wait_for("running", stage="Reading file")
        studio.let_go()
        studio.wait_for("succeeded")
    assert (studio.run()["attempt"], studio.run()["n_lost"]) == (2, 0)
