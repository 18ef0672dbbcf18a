"""Cancelled work that does not stop by itself: when it is ended, and what that spares."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pytest_django import Settings

from projects.models import DatasetVersion
from studio import recovery, runs, tables, turns, watchdog
from studio.accounts.models import User
from studio.runs import Status
from studio.supervisor import ENDED_BY_WATCHDOG
from studio.watchdog import LOOK_EVERY_S, OBEY_WITHIN_S, OTHERS_WAIT_S, Watchdog
from tests.factories import make_dataset

pytestmark = pytest.mark.django_db
WORKER = os.getppid()  # a watchdog is forked from it
POOL_PROCESS = 4_000_001
READING = DatasetVersion.task_name
TOO_LONG_S = OBEY_WITHIN_S + 0.1


class Pipe:
    """A watchdog, the lines that its worker writes, the time, and the signals that it sent."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self.now = 0.0
        self.signals: list[tuple[int, int]] = []
        self.when_frozen = ""
        self.dead: set[int] = set()
        self.watchdog = Watchdog(self.read_end, clock=lambda: self.now, kill=self.kill)

    def kill(self, pid: int, number: int) -> None:
        if pid in self.dead:
            raise ProcessLookupError
        if number == 0:  # which only asks whether it is alive
            return
        self.signals.append((pid, number))
        if number == signal.SIGSTOP:
            os.write(self.write_end, self.when_frozen.encode())

    def begin(self, run: DatasetVersion, *, pid: int = POOL_PROCESS) -> None:
        os.write(self.write_end, f"+ of-{run.pk} {pid} {READING} {run.pk}\n".encode())

    def begin_other_task(self, *, pid: int) -> None:
        os.write(self.write_end, f"+ mail {pid} accounts.send_mail \n".encode())

    def end(self, name: str) -> None:
        os.write(self.write_end, f"- {name}\n".encode())

    def look(self, *, after_s: float = LOOK_EVERY_S) -> None:
        self.now += after_s
        self.watchdog.read()
        self.watchdog.look()

    @property
    def ended(self) -> list[tuple[int, int]]:
        return [sent for sent in self.signals if sent[1] not in (signal.SIGSTOP, signal.SIGCONT)]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    os.close(pipe.read_end)
    with suppress(OSError):
        os.close(pipe.write_end)


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(
        runs.current_app, "send_task", lambda name, *, kwargs, **_: sent.append(kwargs["run_id"])
    )
    monkeypatch.setattr(turns, "_n_messages", lambda queue: len(sent))
    return sent


def running(owner: User) -> DatasetVersion:
    run = make_dataset(owner, status=Status.QUEUED).versions.get()
    assert runs.claim(run)
    return run


def status_of(run: DatasetVersion) -> str:
    run.refresh_from_db()
    return run.status


def test_work_that_stops_in_time_is_left_alone(pipe: Pipe, alice: User) -> None:
    run = running(alice)
    pipe.begin(run)
    pipe.look()
    runs.cancel(run)
    pipe.look()
    pipe.look(after_s=OBEY_WITHIN_S - 0.1)
    assert status_of(run) == Status.RUNNING
    runs.stop_cancelled(run)
    pipe.end(f"of-{run.pk}")
    pipe.look(after_s=60)
    assert pipe.signals == []


@pytest.mark.parametrize(
    ("pid", "number"), [(POOL_PROCESS, signal.SIGKILL), (WORKER, ENDED_BY_WATCHDOG)]
)
def test_work_that_never_looks_is_ended_and_the_next_run_follows(
    pipe: Pipe,
    alice: User,
    sent: list[str],
    settings: Settings,
    tmp_path: Path,
    pid: int,
    number: int,
) -> None:
    settings.SCRATCH_DIR = tmp_path
    run = running(alice)
    next_run = make_dataset(alice, status=Status.QUEUED).versions.get()
    left_behind = settings.SCRATCH_DIR / f"{tables._scratch_prefix(pid)}x"
    (left_behind / "table").mkdir(parents=True)
    of_another_process = settings.SCRATCH_DIR / f"{tables._scratch_prefix(pid + 1)}x"
    of_another_process.mkdir()
    pipe.begin(run, pid=pid)
    runs.cancel(run)
    pipe.look()
    assert pipe.signals == []
    pipe.look(after_s=TOO_LONG_S)
    assert status_of(run) == Status.CANCELLED
    assert pipe.ended == [(pid, number)]
    assert sent == [str(next_run.pk)]
    assert not left_behind.exists()
    assert of_another_process.exists()
    pipe.look(after_s=60)
    assert len(pipe.ended) == 1


def test_cancel_at_the_moment_of_success_loses_no_result(pipe: Pipe, alice: User) -> None:
    run = running(alice)
    pipe.begin(run)
    runs.cancel(run)
    pipe.look()
    assert runs.finish(run, n_rows=7)
    pipe.look(after_s=60)
    assert (status_of(run), run.n_rows) == (Status.SUCCEEDED, 7)
    assert pipe.signals == []


def test_run_that_was_ended_does_not_end_again(
    pipe: Pipe, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[str] = []
    monkeypatch.setattr(runs, "load_observers", lambda: [lambda run: ends.append(run.status)])
    run = running(alice)
    pipe.begin(run)
    runs.cancel(run)
    pipe.look()
    pipe.look(after_s=TOO_LONG_S)
    assert not runs.finish(run, n_rows=7)
    assert not runs.stop_cancelled(run)
    assert (status_of(run), run.n_rows) == (Status.CANCELLED, None)
    assert ends == [Status.CANCELLED]


def test_process_that_stops_just_before_its_end_lives_on(pipe: Pipe, alice: User) -> None:
    run = running(alice)
    pipe.begin(run)
    runs.cancel(run)
    pipe.look()
    pipe.when_frozen = f"- of-{run.pk}\n"
    pipe.look(after_s=TOO_LONG_S)
    assert status_of(run) == Status.CANCELLED
    assert pipe.signals == [(POOL_PROCESS, signal.SIGSTOP), (POOL_PROCESS, signal.SIGCONT)]


def test_other_runs_of_the_process_get_time_and_are_given_back(
    pipe: Pipe, alice: User, bob: User, charlie: User, sent: list[str]
) -> None:
    stuck, other, elsewhere = running(alice), running(bob), running(charlie)
    pipe.begin(stuck, pid=WORKER)
    pipe.begin(other, pid=WORKER)
    pipe.begin(elsewhere)
    runs.cancel(stuck)
    pipe.look()
    pipe.look(after_s=TOO_LONG_S)
    assert status_of(stuck) == Status.CANCELLED, "which the user sees at once"
    assert pipe.signals == []
    pipe.look(after_s=OTHERS_WAIT_S)
    assert pipe.ended == [(WORKER, ENDED_BY_WATCHDOG)]
    assert (status_of(other), other.n_lost) == (Status.QUEUED, 0)
    assert recovery.GIVEN_BACK in other.log
    assert status_of(elsewhere) == Status.RUNNING
    assert sent == [str(other.pk)]


def test_process_is_ended_as_soon_as_its_other_run_is_over(
    pipe: Pipe, alice: User, bob: User
) -> None:
    stuck, other = running(alice), running(bob)
    pipe.begin(stuck)
    pipe.begin(other)
    runs.cancel(stuck)
    pipe.look()
    pipe.look(after_s=TOO_LONG_S)
    runs.finish(other)
    pipe.end(f"of-{other.pk}")
    pipe.look()
    assert pipe.ended == [(POOL_PROCESS, signal.SIGKILL)]
    assert status_of(other) == Status.SUCCEEDED


def test_mail_under_way_in_the_process_is_sent_first(pipe: Pipe, alice: User) -> None:
    stuck = running(alice)
    pipe.begin(stuck)
    pipe.begin_other_task(pid=POOL_PROCESS)
    runs.cancel(stuck)
    pipe.look()
    pipe.look(after_s=10 * OTHERS_WAIT_S)
    assert status_of(stuck) == Status.CANCELLED
    assert pipe.signals == []
    pipe.end("mail")
    pipe.look()
    assert pipe.ended == [(POOL_PROCESS, signal.SIGKILL)]


def test_run_that_begins_in_the_moment_of_the_end_is_given_back(
    pipe: Pipe, alice: User, bob: User, sent: list[str]
) -> None:
    stuck, late = running(alice), running(bob)
    pipe.begin(stuck)
    runs.cancel(stuck)
    pipe.look()
    pipe.when_frozen = f"+ late {POOL_PROCESS} {READING} {late.pk}\n"
    pipe.look(after_s=TOO_LONG_S)
    assert (status_of(late), late.n_lost) == (Status.QUEUED, 0)
    assert sent == [str(late.pk)]


def test_work_on_a_deleted_run_is_ended(pipe: Pipe, alice: User) -> None:
    run = running(alice)
    pipe.begin(run)
    pipe.look()
    run.dataset.delete()
    pipe.look()
    pipe.look(after_s=TOO_LONG_S)
    assert pipe.ended == [(POOL_PROCESS, signal.SIGKILL)]


def test_run_of_a_process_that_died_is_queued_again_at_once(
    pipe: Pipe, alice: User, bob: User, sent: list[str]
) -> None:
    lost, cancelled = running(alice), running(bob)
    pipe.begin(lost)
    pipe.begin(cancelled)
    pipe.begin_other_task(pid=POOL_PROCESS)
    runs.cancel(cancelled)
    pipe.dead.add(POOL_PROCESS)
    pipe.look()
    assert (status_of(lost), lost.n_lost) == (Status.QUEUED, 1)
    assert status_of(cancelled) == Status.CANCELLED
    assert sent == [str(lost.pk)]
    assert runs.claim(lost)
    pipe.dead.clear()
    pipe.look(after_s=60)
    assert status_of(lost) == Status.RUNNING, "in another process by now"
    assert pipe.signals == []


def test_message_of_a_run_that_ended_before_is_left_alone(pipe: Pipe, alice: User) -> None:
    run = make_dataset(alice, status=Status.QUEUED).versions.get()
    runs.cancel(run)
    pipe.begin(run)
    pipe.look()
    pipe.look(after_s=60)
    assert pipe.signals == []


def test_line_may_arrive_in_two_parts(pipe: Pipe, alice: User) -> None:
    run = running(alice)
    line = f"+ id {POOL_PROCESS} {READING} {run.pk}\n".encode()
    os.write(pipe.write_end, line[:20])
    runs.cancel(run)
    pipe.look()
    os.write(pipe.write_end, line[20:])
    pipe.look()
    pipe.look(after_s=TOO_LONG_S)
    assert pipe.ended == [(POOL_PROCESS, signal.SIGKILL)]


def test_work_goes_on_without_its_watchdog(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_lines", pipe.write_end)
    with watchdog.watched("id", READING, "of-a-run"):
        pass
    assert os.read(pipe.read_end, 1000).decode() == (
        f"+ id {os.getpid()} {READING} of-a-run\n- id\n"
    )
    monkeypatch.setattr(watchdog, "_lines", pipe.read_end)  # which cannot be written to
    worked = []
    with watchdog.watched("id", READING, "of-a-run"):
        worked.append(True)
    assert worked


def test_watchdog_ends_with_its_worker_and_recovers_its_runs(
    pipe: Pipe, alice: User, bob: User, sent: list[str]
) -> None:
    lost, given_back = running(alice), running(bob)
    pipe.begin(lost, pid=WORKER)
    pipe.begin(given_back, pid=WORKER)
    runs.requeue(given_back, reason="its worker was asked to end.")
    os.close(pipe.write_end)
    pipe.watchdog.follow()
    assert (status_of(lost), lost.n_lost) == (Status.QUEUED, 1)
    assert (status_of(given_back), given_back.n_lost) == (Status.QUEUED, 0)
    assert sent == [str(lost.pk)]


def test_watchdog_sends_the_run_whose_message_its_worker_took_along(
    pipe: Pipe, alice: User, sent: list[str]
) -> None:
    waiting = make_dataset(alice, status=Status.QUEUED).versions.get()
    os.close(pipe.write_end)
    pipe.watchdog.follow()
    assert sent == [str(waiting.pk)]


def test_scratch_of_this_process_is_named_by_it(settings: Settings, tmp_path: Path) -> None:
    settings.SCRATCH_DIR = tmp_path
    with tables.scratch() as folder:
        tables.clear_scratch_of(os.getpid() + 1)
        assert folder.exists()
        tables.clear_scratch_of(os.getpid())
        assert not folder.exists()
        folder.mkdir()
