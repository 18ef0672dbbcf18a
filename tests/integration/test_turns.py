"""Fair turns: whose run is next when several accounts wait for a worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone
from pytest_django import Settings

from cleansets import tasks as cleanset_tasks
from cleansets.models import Cleanset, CleansetOrigin
from models_app import tasks as model_tasks
from projects import tasks
from projects.models import DatasetVersion
from studio import runs, turns
from studio.accounts.models import User
from studio.runs import Run, Status, Tracker
from tests.factories import make_cleanset, make_dataset, make_model

pytestmark = pytest.mark.django_db
READING = DatasetVersion.task_name


class Worker:
    """Takes messages one after the other, as a worker does."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.n_taken = 0
        self.done: list[str] = []

    def send_task(self, name: str, *, kwargs: dict[str, str], **_: object) -> None:
        self.messages.append((name, kwargs["run_id"]))

    def work(self) -> None:
        while self.messages:
            name, run_id = self.messages.pop(0)
            self.n_taken += 1
            task = current_app.tasks[name]
            task.push_request(is_eager=False)
            try:
                task(run_id=run_id)
            finally:
                task.pop_request()

    def read(self, model: type[Run], run_id: str, _: object) -> None:
        run = model._default_manager.get(pk=run_id)
        if runs.claim(run):
            runs.finish(run)
            self.done.append(run.created_by.email.partition("@")[0])


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    worker = Worker()
    monkeypatch.setattr(current_app, "send_task", worker.send_task)
    monkeypatch.setattr(turns, "_n_messages", lambda queue: len(worker.messages))
    monkeypatch.setattr(tasks, "run_tracked", worker.read)
    return worker


def queued(owner: User, *, minutes_ago: float = 1) -> DatasetVersion:
    version = make_dataset(owner, status=Status.QUEUED).versions.get()
    version.queued_at = timezone.now() - timedelta(minutes=minutes_ago)
    version.save()
    runs.send(version)
    return version


def test_account_with_many_runs_leaves_every_second_turn_to_another_one(
    worker: Worker, alice: User, bob: User
) -> None:
    for _ in range(6):
        queued(alice, minutes_ago=9)
    for _ in range(3):
        queued(bob, minutes_ago=1)
    worker.work()
    assert worker.done == ["alice", "bob", "alice", "bob", "alice", "bob", *["alice"] * 3]


def test_order_of_many_runs_costs_few_messages(worker: Worker, alice: User, bob: User) -> None:
    for _ in range(8):
        queued(alice, minutes_ago=9)
    for _ in range(8):
        queued(bob, minutes_ago=1)
    worker.work()
    assert worker.done == ["alice", "bob"] * 8
    assert worker.n_taken <= 4 * 16


def test_account_whose_last_turn_was_longest_ago_goes_first(
    worker: Worker, alice: User, bob: User, charlie: User
) -> None:
    for owner in (alice, bob):
        earlier = queued(owner)
        runs.claim(earlier)
        runs.finish(earlier)
    queued(bob, minutes_ago=3)
    second_of_alice = queued(alice, minutes_ago=2)
    assert turns.next_run("data") == second_of_alice
    first_of_charlie = queued(charlie, minutes_ago=0)
    assert turns.next_run("data") == first_of_charlie


def test_each_queue_has_its_own_turns(worker: Worker, alice: User, bob: User) -> None:
    reading = queued(bob)
    analysis = make_cleanset(alice, status=Status.QUEUED)
    assert turns.next_run("training") == analysis
    assert turns.next_run("data") == reading


def test_run_whose_time_has_not_come_is_not_next(worker: Worker, alice: User) -> None:
    run = queued(alice)
    assert runs.claim(run)
    assert runs.requeue(run, reason="the database did not answer.", in_s=10)
    assert turns.next_run("data") is None


def test_next_message_is_sent_before_the_work_for_another_slot(
    worker: Worker, alice: User, bob: User
) -> None:
    first, second = queued(alice, minutes_ago=2), queued(bob, minutes_ago=1)
    worker.messages.clear()
    turns.send_next("data", after=str(first.pk))
    assert worker.messages == [(READING, str(second.pk))]
    turns.send_next("data")
    assert len(worker.messages) == 1


def test_account_never_holds_two_slots_of_the_short_work(
    worker: Worker, alice: User, bob: User
) -> None:
    long = queued(alice, minutes_ago=9)
    turns.send_next("data", after=str(long.pk))
    assert len(worker.messages) == 1, "the long run is about to start"
    assert runs.claim(long)
    others = [queued(alice, minutes_ago=8) for _ in range(5)]
    two_lines = queued(bob, minutes_ago=0)
    worker.work()
    assert worker.done == ["bob"]
    assert turns.next_run("data") is None
    runs.finish(long)
    assert turns.next_run("data") == others[0]
    assert not turns.gives_way(READING, str(two_lines.pk), "data")


def test_trainings_of_one_account_may_run_side_by_side(alice: User) -> None:
    assert runs.claim(make_cleanset(alice, status=Status.QUEUED))
    second = make_cleanset(alice, status=Status.QUEUED)
    assert turns.next_run("training") == second


def test_rows_that_are_added_do_not_wait_for_an_analysis(
    worker: Worker, alice: User, bob: User
) -> None:
    make_cleanset(bob, status=Status.QUEUED)
    added = make_cleanset(alice, status=Status.QUEUED, origin=CleansetOrigin.ROWS)
    assert turns.queue_of(Cleanset.task_name, str(added.pk)) == "data"
    assert not turns.gives_way(Cleanset.task_name, str(added.pk), "data")


def test_run_that_takes_too_long_ends_and_says_so(alice: User, settings: Settings) -> None:
    run = make_dataset(alice, status=Status.QUEUED).versions.get()
    settings.RUN_TIME_LIMIT_S = 3600

    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        assert run.started_at is not None
        run.started_at -= timedelta(hours=2)
        progress("Reading file")
        return {}

    runs.run_tracked(DatasetVersion, str(run.pk), work)
    run.refresh_from_db()
    assert run.status == Status.FAILED
    assert run.error_message.startswith("This took longer than 1 h")


def training(owner: User, *, minutes_ago: float) -> Cleanset:
    queued_at = timezone.now() - timedelta(minutes=minutes_ago)
    cleanset = make_cleanset(owner, status=Status.QUEUED, queued_at=queued_at)
    runs.send(cleanset)
    return cleanset


def test_one_analysis_is_second_though_another_account_queued_ten_before(
    worker: Worker, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanset_tasks, "run_tracked", worker.read)
    for _ in range(10):
        training(alice, minutes_ago=9)
    training(bob, minutes_ago=1)
    worker.work()
    assert worker.done == ["alice", "bob", *["alice"] * 9]


def test_model_to_deploy_takes_its_turn_among_analyses(
    worker: Worker, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanset_tasks, "run_tracked", worker.read)
    monkeypatch.setattr(model_tasks, "run_tracked", worker.read)
    for _ in range(3):
        training(alice, minutes_ago=9)
    model = make_model(bob, status=Status.QUEUED)
    runs.send(model)
    worker.work()
    assert worker.done == ["alice", "bob", "alice", "alice"]


def test_second_training_worker_takes_the_run_of_the_account_that_waits(
    worker: Worker, alice: User, bob: User
) -> None:
    """As with `docker compose up --scale worker-training=2`."""
    under_way = training(alice, minutes_ago=9)
    training(alice, minutes_ago=8)
    of_bob = training(bob, minutes_ago=1)
    assert runs.claim(under_way)
    assert turns.next_run("training") == of_bob
