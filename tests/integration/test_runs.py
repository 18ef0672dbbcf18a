"""The life of a run: claim, work, end; cancel; messages; recovery of lost runs."""

from __future__ import annotations

import errno
import threading
import time
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError
from celery import current_app
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db import utils as database_errors
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks

from cleansets.models import Cleanset
from projects.models import DatasetVersion
from studio import patience, recovery, runs
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.runs import Run, Status, Tracker
from tests.factories import make_cleanset, make_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(alice: User) -> DatasetVersion:
    return make_dataset(alice, status=Status.QUEUED).versions.get()


@pytest.fixture
def running(waiting: DatasetVersion) -> DatasetVersion:
    assert runs.claim(waiting)
    return waiting


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Messages as (task name, queue), in place of sending them."""
    messages: list[tuple[str, str]] = []
    monkeypatch.setattr(
        current_app,
        "send_task",
        lambda name, *, kwargs, queue, **_: messages.append((name, queue)),
    )
    return messages


def silent_for(run: Run, seconds: float) -> None:
    type(run)._default_manager.filter(pk=run.pk).update(
        heartbeat_at=timezone.now() - timedelta(seconds=seconds)
    )


def waiting_for(run: Run, seconds: float) -> None:
    type(run)._default_manager.filter(pk=run.pk).update(
        queued_at=timezone.now() - timedelta(seconds=seconds)
    )


def test_work_ends_the_run_with_its_results(waiting: DatasetVersion) -> None:
    runs.run_tracked(DatasetVersion, str(waiting.pk), lambda run, progress: {"n_rows": 7})
    waiting.refresh_from_db()
    assert (waiting.status, waiting.n_rows, waiting.attempt) == (Status.SUCCEEDED, 7, 1)


def test_a_second_message_for_the_same_run_does_no_work(waiting: DatasetVersion) -> None:
    worked: list[int] = []

    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        worked.append(run.attempt)
        runs.run_tracked(
            DatasetVersion, str(run.pk), work
        )  # delivered again while the first is at work
        return {}

    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    assert worked == [1]


def test_anticipated_failure_shows_its_sentence(waiting: DatasetVersion) -> None:
    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        raise DataProblem("Line 3 has 4 cells; expected 2.")

    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error_message) == (
        Status.FAILED,
        "Line 3 has 4 cells; expected 2.",
    )
    assert waiting.error_detail == ""


def test_bug_shows_a_neutral_sentence_and_keeps_the_traceback_for_the_owner(
    waiting: DatasetVersion,
) -> None:
    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        raise ZeroDivisionError("secret cell")

    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    waiting.refresh_from_db()
    assert waiting.status == Status.FAILED
    assert "secret cell" not in waiting.error_message
    assert "ZeroDivisionError: secret cell" in waiting.error_detail


def test_message_may_quote_any_bytes_of_a_file(running: DatasetVersion) -> None:
    assert runs.fail(running, "Found '\x00\udcff' in line 1.")
    assert running.error_message == "Found '\N{REPLACEMENT CHARACTER}?' in line 1."


def test_cancel_ends_a_waiting_run_at_once(waiting: DatasetVersion) -> None:
    assert runs.cancel(waiting)
    assert waiting.status == Status.CANCELLED
    runs.run_tracked(DatasetVersion, str(waiting.pk), lambda run, progress: {"n_rows": 7})
    waiting.refresh_from_db()
    assert (waiting.status, waiting.n_rows) == (Status.CANCELLED, None)


def test_cancel_stops_a_running_run_at_its_next_progress_call(waiting: DatasetVersion) -> None:
    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        progress("Reading file", 1, 3)
        assert runs.cancel(DatasetVersion.objects.get(pk=run.pk))
        progress("Profiling columns")
        raise AssertionError("went on")

    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error_message) == (Status.CANCELLED, "")


def test_cancel_is_looked_for_more_often_than_progress_is_written(
    running: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PROGRESS_EVERY_S", 3600.0)
    monkeypatch.setattr(runs, "LOOK_EVERY_S", 3600.0)
    progress = Tracker(running)
    progress("Reading file", 1, 10)
    assert runs.cancel(running)
    progress("Reading file", 2, 10)
    monkeypatch.setattr(runs, "LOOK_EVERY_S", 0.0)
    with pytest.raises(runs.Cancelled):
        progress("Reading file", 3, 10)
    running.refresh_from_db()
    assert running.progress_done == 1


def test_cancel_ends_a_run_at_once_whose_worker_is_silent(running: DatasetVersion) -> None:
    silent_for(running, 10)
    assert runs.cancel(running)
    running.refresh_from_db()
    assert running.is_cancelling
    silent_for(running, 30)
    assert runs.cancel(running)
    running.refresh_from_db()
    assert running.status == Status.CANCELLED
    assert not runs.finish(running, n_rows=7)


def test_cancel_of_an_ended_run_says_so(running: DatasetVersion) -> None:
    runs.finish(running)
    assert not runs.cancel(running)
    assert running.status == Status.SUCCEEDED


def test_progress_never_goes_back_to_an_earlier_stage(running: DatasetVersion) -> None:
    progress = Tracker(running)
    for stage in ("Reading file", "Profiling columns", "Reading file"):
        progress(stage, 1, 2)
        running.refresh_from_db()
    assert running.stage == "Profiling columns"


def test_progress_is_written_at_most_once_a_second_within_a_stage(running: DatasetVersion) -> None:
    progress = Tracker(running)
    progress("Reading file", 1, 1000)
    for done in range(2, 900):
        progress("Reading file", done, 1000)
    running.refresh_from_db()
    assert (running.stage, running.progress_done) == ("Reading file", 1)
    progress("Reading file", 1000, 1000)
    running.refresh_from_db()
    assert running.progress_done == 1000
    assert [line.split("s  ")[1] for line in running.log.splitlines()] == ["Reading file"]


def test_worker_that_lost_its_run_stops_and_writes_nothing(waiting: DatasetVersion) -> None:
    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        mine = DatasetVersion.objects.get(pk=run.pk)
        runs.requeue(mine, reason="a test.")
        runs.claim(mine)  # somebody else has it now
        progress.beat()
        with pytest.raises(runs.Cancelled):
            progress("Reading file", 5, 9)
        return {"n_rows": 7}

    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.attempt, waiting.n_rows, waiting.stage) == (
        Status.RUNNING,
        2,
        None,
        "",
    )


def test_message_is_sent_when_the_run_is_committed(
    waiting: DatasetVersion,
    sent: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        runs.enqueue(waiting)
        assert sent == []
    assert sent == [("projects.ingest_dataset", "data")]


def test_unreachable_broker_leaves_the_run_waiting_for_the_sweep(
    waiting: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OperationalError("no broker")

    monkeypatch.setattr(current_app, "send_task", refuse)
    runs.send(waiting)
    waiting.refresh_from_db()
    assert waiting.status == Status.QUEUED


def test_every_thread_of_the_web_process_sends_through_the_studios_celery() -> None:
    names: list[str] = []
    thread = threading.Thread(target=lambda: names.append(current_app.main))
    thread.start()
    thread.join()
    assert names == ["studio"]


def test_sweep_queues_a_run_again_whose_worker_fell_silent(
    running: DatasetVersion, sent: list[tuple[str, str]]
) -> None:
    recovery.sweep()
    assert sent == []
    silent_for(running, 300)
    recovery.sweep()
    running.refresh_from_db()
    assert (running.status, running.attempt) == (Status.QUEUED, 1)
    assert sent == [("projects.ingest_dataset", "data")]


def test_run_that_took_two_workers_down_fails_and_says_so_by_mail(
    running: DatasetVersion, sent: list[tuple[str, str]], mailoutbox: list[EmailMessage]
) -> None:
    silent_for(running, 300)
    recovery.sweep()
    running.refresh_from_db()
    assert runs.claim(running)
    silent_for(running, 300)
    recovery.sweep()
    running.refresh_from_db()
    assert running.status == Status.FAILED
    assert "stopped in the middle of this run 2 times" in running.error_message
    assert [mail.subject for mail in mailoutbox] == ["Dataset requests failed"]


def test_lost_run_that_was_to_be_cancelled_is_not_started_again(
    running: DatasetVersion, sent: list[tuple[str, str]]
) -> None:
    runs.cancel(running)
    silent_for(running, 300)
    recovery.sweep()
    running.refresh_from_db()
    assert running.status == Status.CANCELLED
    assert sent == []


def test_sweep_sends_a_lost_message_again_but_lets_runs_wait_their_turn(
    alice: User, sent: list[tuple[str, str]]
) -> None:
    first, second = (
        make_cleanset(alice, status=Status.QUEUED),
        make_cleanset(alice, status=Status.QUEUED),
    )
    waiting_for(second, 300)
    runs.claim(first)
    recovery.sweep()
    assert sent == []
    runs.finish(first)
    recovery.sweep()
    recovery.sweep()
    assert sent == [(Cleanset.task_name, "training")]


def test_death_of_a_worker_brings_back_the_runs_of_its_queue_only(
    running: DatasetVersion, alice: User, sent: list[tuple[str, str]]
) -> None:
    training = make_cleanset(alice, status=Status.RUNNING)
    recovery.recover_queue("training")
    assert sent == [(Cleanset.task_name, "training")]
    training.refresh_from_db()
    running.refresh_from_db()
    assert (training.status, running.status) == (Status.QUEUED, Status.RUNNING)


def test_worker_that_was_ended_for_another_run_counts_as_no_loss(
    running: DatasetVersion, sent: list[tuple[str, str]]
) -> None:
    for _ in range(5):
        recovery.recover_queue("data", is_lost=False)
        running.refresh_from_db()
        assert runs.claim(running)
    assert running.n_lost == 0
    assert sent == [(DatasetVersion.task_name, "data")] * 5
    runs.cancel(running)
    recovery.recover_queue("data", is_lost=False)
    running.refresh_from_db()
    assert running.status == Status.CANCELLED


def test_planned_stop_counts_as_no_attempt(
    running: DatasetVersion, sent: list[tuple[str, str]]
) -> None:
    for _ in range(5):
        recovery.release_all()
        running.refresh_from_db()
        assert (running.status, running.n_lost) == (Status.QUEUED, 0)
        assert runs.claim(running)
    assert sent == [("projects.ingest_dataset", "data")] * 5


def test_mail_tells_of_the_end(waiting: DatasetVersion, mailoutbox: list[EmailMessage]) -> None:
    runs.run_tracked(DatasetVersion, str(waiting.pk), lambda run, progress: {})
    (mail,) = mailoutbox
    assert (mail.subject, mail.to) == ("Dataset requests is ready", ["alice@example.org"])
    assert f"http://localhost:8000/datasets/{waiting.dataset_id}" in mail.body


class Trouble:
    """Fails some times before it works, as a server does that is away for a while."""

    def __init__(self, error: Exception, times: int) -> None:
        self.error = error
        self.times = times

    def __call__(self, *_: object, **__: object) -> int:
        if self.times:
            self.times -= 1
            raise self.error
        return 7


def s3_error(status: int, code: str) -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "PutObject")  # type: ignore[arg-type]


AWAY = [
    EndpointConnectionError(endpoint_url="http://s3:9000"),
    s3_error(503, "SlowDown"),
    database_errors.OperationalError("server closed the connection unexpectedly"),
    database_errors.InterfaceError("connection already closed"),
    database_errors.OperationalError("database or disk is full"),
]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What is waited, in place of waiting."""
    waited: list[float] = []
    monkeypatch.setattr(runs.time, "sleep", waited.append)
    return waited


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_server_that_is_away_for_seconds_is_asked_again(
    waiting: DatasetVersion,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(patience, "PAUSES_S", (0.01, 0.02, 0.04))
    ask = Trouble(error, times=3)
    runs.run_tracked(
        DatasetVersion, str(waiting.pk), lambda run, progress: {"n_rows": patience.patiently(ask)}
    )
    waiting.refresh_from_db()
    assert (waiting.status, waiting.n_rows, waiting.n_lost) == (Status.SUCCEEDED, 7, 0)


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
def test_run_is_queued_again_and_never_fails_for_trouble_not_its_own(
    waiting: DatasetVersion,
    error: Exception,
    monkeypatch: pytest.MonkeyPatch,
    sent: list[tuple[str, str]],
) -> None:
    monkeypatch.setattr(patience, "PAUSES_S", (0.01,))
    for _ in range(3):
        ask = Trouble(error, times=2)
        runs.run_tracked(
            DatasetVersion,
            str(waiting.pk),
            lambda run, progress, ask=ask: {"n_rows": patience.patiently(ask)},
        )
        waiting.refresh_from_db()
        assert (waiting.status, waiting.n_lost) == (Status.QUEUED, 0)
    assert sent == [("projects.ingest_dataset", "data")] * 3
    assert "Queued again: the" in waiting.log


def test_run_whose_trouble_never_ends_fails_at_last(
    waiting: DatasetVersion, monkeypatch: pytest.MonkeyPatch, sent: list[tuple[str, str]]
) -> None:
    monkeypatch.setattr(patience, "PAUSES_S", ())
    monkeypatch.setattr(runs, "MAX_ATTEMPTS", 2)
    for _ in range(2):
        runs.run_tracked(
            DatasetVersion,
            str(waiting.pk),
            lambda run, progress: {"n_rows": Trouble(AWAY[0], times=1)()},
        )
    waiting.refresh_from_db()
    assert (waiting.status, len(sent)) == (Status.FAILED, 1)
    assert waiting.error_message.startswith("The file storage did not answer in 2 attempts.")


@pytest.mark.parametrize("error", AWAY[2:], ids=lambda error: type(error).__name__)
def test_run_is_claimed_once_the_database_answers(
    waiting: DatasetVersion, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES_S", (0.01, 0.01))
    trouble = Trouble(error, times=2)
    claim = runs.claim

    def claim_later(run: Run) -> bool:
        trouble()
        return claim(run)

    monkeypatch.setattr(runs, "claim", claim_later)
    runs.run_tracked(DatasetVersion, str(waiting.pk), lambda run, progress: {"n_rows": 7})
    waiting.refresh_from_db()
    assert (waiting.status, waiting.n_rows) == (Status.SUCCEEDED, 7)


def test_heart_beats_on_after_a_lost_connection(
    waiting: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[None] = []
    monkeypatch.setattr(runs, "HEARTBEAT_EVERY_S", 0.01)
    second_beat = threading.Event()

    def beat(tracker: Tracker) -> None:
        beats.append(None)
        if len(beats) > 1:
            second_beat.set()
        raise AWAY[3]

    monkeypatch.setattr(Tracker, "beat", beat)

    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        return {"n_rows": int(second_beat.wait(30))}

    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.n_rows) == (Status.SUCCEEDED, 1)


@pytest.mark.parametrize(
    "error",
    [
        s3_error(403, "AccessDenied"),
        s3_error(404, "NoSuchKey"),
        NoCredentialsError(),
        database_errors.OperationalError("no such table: nothing"),
        ValueError("a bug"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_mistakes_are_not_waited_for(waiting: DatasetVersion, error: Exception) -> None:
    ask = Trouble(error, times=1)
    runs.run_tracked(
        DatasetVersion, str(waiting.pk), lambda run, progress: {"n_rows": patience.patiently(ask)}
    )
    waiting.refresh_from_db()
    assert (waiting.status, ask.times) == (Status.FAILED, 0)


def test_page_does_not_wait_for_a_server_that_is_away() -> None:
    ask = Trouble(AWAY[0], times=1)
    with pytest.raises(EndpointConnectionError):
        patience.patiently(ask)


def test_cancel_is_heard_while_a_server_is_away(
    waiting: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PAUSES_S", (60.0,))

    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        runs.cancel(DatasetVersion.objects.get(pk=run.pk))
        return {"n_rows": patience.patiently(Trouble(AWAY[0], times=9))}

    started = time.monotonic()
    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED
    assert time.monotonic() - started < 30


def test_end_of_a_run_waits_for_the_database(
    waiting: DatasetVersion, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    ended = Trouble(AWAY[2], times=3)
    finish = runs.finish

    def finish_later(run: Run, **results: object) -> bool:
        ended()
        return finish(run, **results)

    monkeypatch.setattr(runs, "finish", finish_later)
    runs.run_tracked(DatasetVersion, str(waiting.pk), lambda run, progress: {"n_rows": 7})
    waiting.refresh_from_db()
    assert (waiting.status, pauses) == (Status.SUCCEEDED, [0.5, 1.0, 2.0])


def test_want_of_memory_is_told_with_what_to_do(waiting: DatasetVersion) -> None:
    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        raise MemoryError

    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    waiting.refresh_from_db()
    assert waiting.status == Status.FAILED
    assert "not enough memory" in waiting.error_message
    assert "Fast mode" in waiting.error_message


def test_full_disk_is_told_with_what_to_do(waiting: DatasetVersion) -> None:
    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        raise OSError(errno.ENOSPC, "No space left on device")

    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    waiting.refresh_from_db()
    assert waiting.status == Status.FAILED
    assert waiting.error_message.startswith("The studio's disk is full.")


def test_observer_that_fails_does_not_undo_the_end(
    running: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "load_observers", lambda: [Trouble(ValueError("a bug"), times=1)])
    assert runs.finish(running, n_rows=7)
    running.refresh_from_db()
    assert (running.status, running.n_rows) == (Status.SUCCEEDED, 7)


def test_worker_that_is_asked_to_end_gives_its_attempts_back(
    waiting: DatasetVersion, sent: list[tuple[str, str]], pauses: list[float]
) -> None:
    for attempt in range(1, 6):
        assert runs.claim(waiting)
        recovery.give_back_requests(
            [(DatasetVersion.task_name, str(waiting.pk)), ("studio.sweep_runs", "")],
            takes_messages=lambda: False,
        )
        waiting.refresh_from_db()
        assert (waiting.status, waiting.n_lost, waiting.attempt) == (Status.QUEUED, 0, attempt)
    assert len(sent) == 5


def test_work_that_was_given_back_writes_nothing_more(
    waiting: DatasetVersion, sent: list[tuple[str, str]], pauses: list[float]
) -> None:
    def work(run: DatasetVersion, progress: Tracker) -> dict[str, object]:
        recovery.give_back_requests(
            [(DatasetVersion.task_name, str(run.pk))], takes_messages=lambda: False
        )
        progress("Profiling columns")
        return {"n_rows": 7}

    runs.run_tracked(DatasetVersion, str(waiting.pk), work)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.n_rows, waiting.stage) == (Status.QUEUED, None, "")


def test_what_observes_the_end_is_imported_before_the_database_is_locked(
    running: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth = len(connection.savepoint_ids)
    imported_at: list[int] = []
    monkeypatch.setattr(
        runs, "import_string", lambda path: imported_at.append(len(connection.savepoint_ids)) or len
    )
    monkeypatch.setattr(runs, "_end_observers", ["studio.a.b"])
    monkeypatch.setattr(runs, "_call_observers", lambda observers, run: None)
    runs.finish(running)
    assert imported_at == [depth]
