"""Long work as database rows: the abstract `Run`, every transition of its status, and the frame
around each task.

Bringing back runs whose worker died is in `recovery.py`, by the transitions of this file.

    QUEUED ──claim──▶ RUNNING ──finish──▶ SUCCEEDED
       ▲ │               ├──fail────────▶ FAILED
       │ └──cancel──▶ CANCELLED ◀──cancel──┤
       └────────────────requeue────────────┘

Each transition is one conditional UPDATE, which returns whether a row changed, so two workers can
never both own a run. `attempt` is the number of the claim; `n_lost` counts the workers that died
in it.
"""

from __future__ import annotations

import logging
import smtplib
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, TypeVar

from celery import current_app
from django.conf import settings
from django.core.mail import send_mail
from django.db import (
    DatabaseError,
    InterfaceError,
    close_old_connections,
    connection,
    models,
    transaction,
)
from django.db.models import F, Q, Value
from django.db.models.functions import Concat
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError

from studio import database
from studio.engine import stages
from studio.engine.counted import counted
from studio.engine.errors import DataProblem
from studio.engine.progress import Cancelled
from studio.patience import is_passing, patience, patiently, reconnect, what_is_away
from studio.stage_lines import QUEUED_AGAIN, StageLine, found_so_far, stage_lines

logger = logging.getLogger(__name__)

QUEUES = ("data", "training")
HEARTBEAT_EVERY_S = 5.0
SILENT_AFTER = timedelta(seconds=20)  # without a heartbeat, nobody may be there to obey a cancel
PROGRESS_EVERY_S = 1.0
LOOK_EVERY_S = 0.3  # whether somebody cancelled the run
SEND_AGAIN_IN_S = 10.0  # after trouble that is not the run's own
MAX_ATTEMPTS = 500  # hours at least; trouble that lasts longer does not pass by itself
OUT_OF_MEMORY = (
    "There was not enough memory for this. Try Fast mode, fewer columns or rows, or a machine with"
    " more memory."
)
DISK_FULL = (
    "The studio's disk is full. Start this again once whoever runs the studio has made room on it."
)
TOOK_TOO_LONG = (
    "This took longer than {hours:g} h, the most that a run may take here, and was stopped so"
    " that others have their turn. Try fewer rows or columns, or Fast mode."
)
FAULT_OF_THE_STUDIO = (
    "Something went wrong in the studio itself; the run can be started again. The details are in"
    " its log."
)


class Status(models.TextChoices):
    """Where a run stands."""

    QUEUED = "queued", "Waiting"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


ACTIVE = (Status.QUEUED, Status.RUNNING)
TERMINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
MOVES: Mapping[Status, tuple[Status, ...]] = {
    Status.QUEUED: (Status.RUNNING, Status.CANCELLED, Status.FAILED),
    Status.RUNNING: (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED, Status.QUEUED),
    Status.SUCCEEDED: (),
    Status.FAILED: (),
    Status.CANCELLED: (),
}


class Run(models.Model):
    """One execution of long work, together with what it produced."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.QUEUED, db_index=True
    )
    stage = models.CharField(max_length=80, blank=True)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    attempt = models.PositiveSmallIntegerField(default=0)
    n_lost = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    error_message = models.TextField(blank=True)
    error_detail = models.TextField(blank=True)
    log = models.TextField(blank=True)

    task_name: ClassVar[str]
    queue: ClassVar[str] = "data"
    size_field: ClassVar[str] = ""  # the bytes that count for the account's quota

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[s.value for s in ACTIVE]) | Q(finished_at__isnull=False),
                name="%(app_label)s_%(class)s_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="running")
                | Q(started_at__isnull=False, heartbeat_at__isnull=False),
                name="%(app_label)s_%(class)s_running_has_heartbeat",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(error_message=""),
                name="%(app_label)s_%(class)s_failed_has_message",
            ),
        ]

    @property
    def kind(self) -> str:
        """What the run makes, in the word that programs know."""
        return str(self._meta.model_name)

    @property
    def resource_id(self) -> uuid.UUID:
        """The id of what the run makes; of most kinds, that is the run itself."""
        return self.pk

    @property
    def worker_queue(self) -> str:
        """The queue whose worker takes this run."""
        return self.queue

    @property
    def is_active(self) -> bool:
        """Whether the run has not ended."""
        return self.status in ACTIVE

    @property
    def is_succeeded(self) -> bool:
        """Whether the run produced its result."""
        return self.status == Status.SUCCEEDED

    @property
    def is_cancelling(self) -> bool:
        """Whether somebody asked the running work to stop."""
        return self.status == Status.RUNNING and self.cancel_requested_at is not None

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that this run goes through, in order."""
        return ()

    @property
    def stage_number(self) -> int:
        """1-based place of the stage among `stages`; 0 before the first."""
        return self.stages.index(self.stage) + 1 if self.stage in self.stages else 0

    @property
    def stage_lines(self) -> list[StageLine]:
        """The stages with their seconds."""
        return stage_lines(self.stages, self.stage, self.log, self.elapsed_s)

    @property
    def found_so_far(self) -> list[str]:
        """What the run has noted until now."""
        return found_so_far(self.stages, self.log)

    @property
    def progress_text(self) -> str:
        """How far the stage is, in words; files are read in bytes, everything else is counted in
        pieces.
        """
        done = self.progress_done
        total = self.progress_total
        if self.stage == stages.READING_FILE:
            return f"{filesizeformat(done)} of {filesizeformat(total)}"
        return f"{done:,} of {total:,}"

    @property
    def elapsed_s(self) -> float:
        """Seconds from the start to the end, or to now."""
        if self.started_at is None:
            return 0.0
        return ((self.finished_at or timezone.now()) - self.started_at).total_seconds()

    def get_absolute_url(self) -> str:
        """Return the page on which the run is seen."""
        raise NotImplementedError

    def ended_notice(self) -> str | None:
        """Return the subject of the e-mail at the end of the run, or None for no e-mail."""
        return None


R = TypeVar("R", bound=Run)

_end_observers: list[str] = []


def when_ended(observer: str) -> None:
    """Call the function of this dotted path with a run that ends, in the transaction that ends it.

    Its module is imported before the first such transaction, which would lock others out meanwhile.
    """
    if observer not in _end_observers:
        _end_observers.append(observer)


def load_observers() -> list[Callable[[Run], None]]:
    """Import and return what observes the end of runs."""
    return [import_string(observer) for observer in _end_observers]


def _move(run: Run, sources: tuple[Status, ...], target: Status, **values: object) -> bool:
    """Compare and set: the only statement in the code base that changes a status."""
    assert all(target in MOVES[source] for source in sources)
    rows = type(run)._default_manager.filter(pk=run.pk, attempt=run.attempt, status__in=sources)
    observers = load_observers() if target in TERMINAL else []
    with transaction.atomic():
        if rows.update(status=target, **values) != 1:
            return False
        run.refresh_from_db()
        _call_observers(observers, run)
    return True


def _call_observers(observers: Iterable[Callable[[Run], None]], run: Run) -> None:
    """Call the observers of a run that has ended; if one of them fails, the run has ended all the
    same.
    """
    for observer in observers:
        try:
            with transaction.atomic():
                observer(run)
        except Exception as error:
            if database.is_passing(error):
                raise
            logger.exception("An observer of the end of a run failed run=%s", run.pk)


def claim(run: Run) -> bool:
    """Take a waiting run; False means that another worker has it or that it ended."""
    now = timezone.now()
    return _move(
        run,
        (Status.QUEUED,),
        Status.RUNNING,
        attempt=run.attempt + 1,
        stage="",
        progress_done=0,
        progress_total=0,
        started_at=now,
        heartbeat_at=now,
    )


def finish(run: Run, **results: object) -> bool:
    """End a running run successfully, and store its results in the same statement."""
    return _move(run, (Status.RUNNING,), Status.SUCCEEDED, finished_at=timezone.now(), **results)


def fail(run: Run, message: str, detail: str = "") -> bool:
    """End a run with a sentence for the user and a traceback for staff."""
    return _move(
        run,
        ACTIVE,
        Status.FAILED,
        finished_at=timezone.now(),
        error_message=_storable(message),
        error_detail=_storable(detail),
    )


def _storable(text: str) -> str:
    """Return text that every database accepts; messages may quote bytes of a user's file."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")


def cancel(run: Run) -> bool:
    """Stop a run: at once if it is waiting or its worker is silent, else at its next progress call.
    False if it had already ended.
    """
    # A worker may have claimed the run since it was read.
    run.refresh_from_db(fields=["attempt", "heartbeat_at"])
    if _move(run, (Status.QUEUED,), Status.CANCELLED, finished_at=timezone.now()):
        return True
    if run.heartbeat_at and timezone.now() - run.heartbeat_at > SILENT_AFTER:
        return stop_cancelled(run)
    running = type(run)._default_manager.filter(pk=run.pk, status=Status.RUNNING)
    return running.update(cancel_requested_at=timezone.now()) == 1


def stop_cancelled(run: Run) -> bool:
    """End a running run that somebody asked to stop, once its work has stopped."""
    return _move(run, (Status.RUNNING,), Status.CANCELLED, finished_at=timezone.now())


def requeue(run: Run, *, reason: str, is_lost: bool = False, in_s: float = 0) -> bool:
    """Queue a running run again, for a time in some seconds; `is_lost` counts another worker that
    died in it.
    """
    line = f"{run.elapsed_s:7.1f} s  {QUEUED_AGAIN}{reason}\n"
    return _move(
        run,
        (Status.RUNNING,),
        Status.QUEUED,
        n_lost=run.n_lost + int(is_lost),
        heartbeat_at=None,
        queued_at=timezone.now() + timedelta(seconds=in_s),
        log=Concat(F("log"), Value(_storable(line))),
    )


_start_checks: list[Callable[[Run], None]] = []


def before_start(check: Callable[[Run], None]) -> None:
    """Call `check(run)` for each new run; it may raise DataProblem to refuse the run."""
    if check not in _start_checks:
        _start_checks.append(check)


def enqueue(run: Run) -> None:
    """Send the run to its queue on commit. Raises DataProblem if a check refuses it."""
    for check in _start_checks:
        check(run)
    transaction.on_commit(lambda: send(run))


def send(run: Run, *, in_s: float = 0) -> None:
    """Send the run's message; if the broker cannot be reached, the sweep sends it later."""
    later = {"countdown": in_s} if in_s else {}
    try:
        current_app.send_task(
            run.task_name, kwargs={"run_id": str(run.pk)}, queue=run.worker_queue, **later
        )
    except (OperationalError, OSError):
        logger.exception("Message not sent run=%s", run.pk)


class Tracker:
    """Progress of one attempt, written to its row; raises `Cancelled` when somebody asked
    for that.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._rows = type(run)._default_manager.filter(
            pk=run.pk, attempt=run.attempt, status=Status.RUNNING
        )
        self._stage = ""
        self._written_at = 0.0
        self._looked_at = 0.0
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Record where the work is, at most once a second within a stage."""
        if self._stop.is_set():
            raise Cancelled
        if self._run.elapsed_s > settings.RUN_TIME_LIMIT_S:
            raise DataProblem(TOOK_TOO_LONG.format(hours=settings.RUN_TIME_LIMIT_S / 3600))
        stage = self._not_before(stage)
        now = time.monotonic()
        with self._lock:
            is_written = (
                stage != self._stage
                or now - self._written_at >= PROGRESS_EVERY_S
                or 0 < total <= done
            )
            if not is_written and now - self._looked_at < LOOK_EVERY_S:
                return
            self._looked_at = now
            if is_written:
                if stage != self._stage:
                    self.log(stage)
                self._stage = stage
                self._written_at = now
        if is_written:
            patiently(
                lambda: self._rows.update(stage=stage, progress_done=done, progress_total=total)
            )
        self._raise_unless(patiently(self._is_wanted))

    def wait(self, seconds: float, what_is_away: str) -> None:
        """Wait for a server that is away; a run that is cancelled meanwhile stops."""
        reconnect()
        logger.info("Run waits for the %s run=%s", what_is_away, self._run.pk)
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0:
            time.sleep(min(left_s, 1.0))
            try:
                is_wanted = self._is_wanted()
            except (DatabaseError, InterfaceError):  # the database itself is away
                reconnect()
            else:
                self._raise_unless(is_wanted)

    def _raise_unless(self, is_wanted: bool) -> None:  # noqa: FBT001 (a fact, not a switch)
        if not is_wanted or self._stop.is_set():
            self._stop.set()
            raise Cancelled

    def _not_before(self, stage: str) -> str:
        """Return the stage, or the current one if that is later: a later stage may read features
        again, and the page would jump back.
        """
        stages = self._run.stages
        if (
            stage in stages
            and self._stage in stages
            and stages.index(stage) < stages.index(self._stage)
        ):
            return self._stage
        return stage

    def log(self, line: str) -> None:
        """Append one line with the seconds since the start."""
        seconds = f"{self._run.elapsed_s:7.1f} s  "
        text = f"{seconds}{_storable(line)}\n"
        patiently(lambda: self._rows.update(log=Concat(F("log"), Value(text))))

    def beat(self) -> None:
        """Record that the worker is alive; stop a run that another worker has, or that somebody
        cancelled.
        """
        is_ours = self._rows.update(heartbeat_at=timezone.now()) == 1
        if not is_ours or not self._is_wanted():
            self._stop.set()

    def _is_wanted(self) -> bool:
        return self._rows.filter(cancel_requested_at__isnull=True).exists()


@contextmanager
def _heartbeat(tracker: Tracker) -> Iterator[None]:
    """Beat from a thread of its own: one fit may be silent for minutes."""
    over = threading.Event()

    def ticker() -> None:
        while not over.wait(HEARTBEAT_EVERY_S):
            close_old_connections()
            try:
                tracker.beat()
            except (DatabaseError, InterfaceError):
                # A missed beat is no reason to stop the work; the next one may succeed.
                logger.warning("Heartbeat not written", exc_info=True)
        connection.close()

    thread = threading.Thread(target=ticker, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def run_tracked(
    model: type[R],
    run_id: str,
    work: Callable[[R, Tracker], Mapping[str, Any]],
    *,
    sends_notice: bool = True,
) -> None:
    """Claim the run, do its work, and end it; every task of the studio is this call.

    `work` returns the values of the run's own fields to store with success. No notice is sent to
    somebody who waits for the end in a terminal.
    """
    # The message is gone by now: without patience the run would wait until it counts as lost.
    with patience(_wait_for_database):
        run = patiently(partial(_claimed, model, run_id))
    if run is None:
        logger.info("Run not claimed run=%s", run_id)
        return
    tracker = Tracker(run)
    end: Callable[[], bool]
    try:
        with patience(tracker.wait), _heartbeat(tracker):
            results = work(run, tracker)
        end = partial(finish, run, **results)
    except Cancelled:
        end = partial(stop_cancelled, run)
    except DataProblem as problem:
        end = partial(fail, run, str(problem))
    except Exception as error:
        logger.exception("Run failed model=%s run=%s", model.__name__, run_id)
        end = partial(_end_after, run, error, traceback.format_exc())
    with patience(_wait_for_database):
        ended = patiently(end)
    if ended and sends_notice and run.status in (Status.SUCCEEDED, Status.FAILED):
        send_notice(run)


def _claimed(model: type[R], run_id: str) -> R | None:
    run = model._default_manager.filter(pk=run_id).first()
    return run if run is not None and claim(run) else None


def _wait_for_database(seconds: float, _: str) -> None:
    reconnect()
    time.sleep(seconds)


def _end_after(run: Run, error: Exception, detail: str) -> bool:
    """End a run after an error that its data does not explain; queue it again if that may pass."""
    if is_passing(error):
        away = what_is_away(error)
        if database.is_full(error) and run.attempt >= MAX_ATTEMPTS:
            return fail(run, DISK_FULL, detail)
        if run.attempt >= MAX_ATTEMPTS:
            return fail(
                run,
                f"The {away} did not answer in {counted(run.attempt, 'attempt')}. Start this again"
                " once it does.",
                detail,
            )
        reason = f"the {away} did not answer."
        is_queued = requeue(run, reason=reason, in_s=SEND_AGAIN_IN_S)
        if is_queued:
            send(run, in_s=SEND_AGAIN_IN_S)
        return is_queued
    if isinstance(error, MemoryError):
        return fail(run, OUT_OF_MEMORY, detail)
    if database.disk_is_full(error):
        return fail(run, DISK_FULL, detail)
    return fail(run, FAULT_OF_THE_STUDIO, detail)


def send_notice(run: Run) -> None:
    """Send an e-mail about the end of a run; without a mail server, the run is still a success."""
    subject = run.ended_notice()
    if subject is None:
        return
    outcome = "is ready" if run.is_succeeded else "failed"
    parts = [f"{subject} {outcome}."]
    if run.error_message:
        parts.append(run.error_message)
    parts.append(settings.PUBLIC_URL + run.get_absolute_url())
    try:
        send_mail(f"{subject} {outcome}", "\n\n".join(parts), None, [run.created_by.email])
    except (smtplib.SMTPException, OSError):
        logger.exception("E-mail not sent run=%s", run.pk)
