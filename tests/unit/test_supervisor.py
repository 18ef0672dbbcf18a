"""What the supervisor of `manage.py up` does when a child dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.supervisor import ENDED_BY_WATCHDOG, Child, Supervisor


class Watched:
    """A supervisor of one program, what it said, and the status of each death."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self.deaths: list[int] = []
        self.child = Child("data worker", ["sleep", "60"], self.deaths.append)
        lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
        root = Path(__file__).resolve().parents[2]
        self.supervisor = Supervisor([self.child], root, lock, self.said.append)

    def kill(self, number: int) -> int:
        """Kill the child, and return the pid of the one that is started again at once, or 0."""
        assert self.child.process is not None
        n_before = len(self.deaths)
        self.child.process.send_signal(number)
        self.child.process.wait()
        self.supervisor.look()
        self.supervisor.look()
        assert len(self.deaths) == n_before + 1
        return self.child.process.pid if self.child.process else 0


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    handlers = {number: signal.getsignal(number) for number in (1, 2, 15)}
    watched = Watched(tmp_path)
    watched.supervisor.start()
    yield watched
    watched.supervisor.stop()
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_worker_that_was_ended_for_a_cancelled_run_is_started_again_at_once(
    watched: Watched,
) -> None:
    pids = {watched.kill(ENDED_BY_WATCHDOG) for _ in range(3)}
    assert len(pids) == 3
    assert 0 not in pids
    assert watched.deaths == [-ENDED_BY_WATCHDOG] * 3
    assert watched.said[-1] == (
        "The data worker stopped (a cancelled run did not stop); it is started again in 0 s."
    )


def test_worker_that_dies_soon_after_its_start_has_to_wait(watched: Watched) -> None:
    assert watched.kill(signal.SIGKILL) == 0
    assert watched.said == [
        "The data worker stopped (killed by SIGKILL); it is started again in 1 s."
    ]
