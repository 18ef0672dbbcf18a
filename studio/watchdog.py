"""The watchdog of a worker: ends cancelled work that does not stop by itself.

Work looks for a cancel between two steps, and a step may take long. No thread can interrupt a
library that computes, so the watchdog is a process, forked when the worker starts. It writes the
end of the run and ends the process that still works on it; Celery's pool, `manage.py up` or the
orchestrator starts another one. If that process has other runs, they get some time to end, and are
queued again otherwise. Why so: docs/decisions/cancelling.md.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, connection, connections

from studio import tables, turns
from studio.recovery import give_back, recover, run_models
from studio.runs import QUEUES, Run, Status, stop_cancelled
from studio.supervisor import ENDED_BY_WATCHDOG

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 0.15
OBEY_WITHIN_S = 1.0  # for work that looks by itself
OTHERS_WAIT_S = 10.0  # for the other runs of the process

_READ_BYTES = 65536
_lines: int | None = None  # the pipe to the watchdog of this worker


@dataclass(slots=True, eq=False)
class Work:
    """A task under way; `was_running` says whether its run was seen running."""

    pid: int
    task_name: str
    run_id: str
    was_running: bool = False
    unwanted_since: float | None = None
    has_end: bool = False

    @property
    def model(self) -> type[Run] | None:
        """The kind of run; None for any other task."""
        return next((model for model in run_models() if model.task_name == self.task_name), None)


class Watchdog:
    """Follows what the processes of one worker do, by the lines that they write into a pipe."""

    def __init__(
        self,
        pipe: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        kill: Callable[[int, int], None] = os.kill,
    ) -> None:
        self._pipe = pipe
        self._clock = clock
        self._kill = kill
        self._worker = os.getppid()
        self._unfinished = b""
        self._works: dict[str, Work] = {}

    def follow(self) -> None:
        """Watch until the worker is gone."""
        while True:
            if not self._works:
                connection.close()
            has_worker = self.read(LOOK_EVERY_S if self._works else None)
            try:
                if not has_worker:
                    self._recover(self._works)
                    _send_next()  # the worker may have had the message of a run that waits
                    return
                self.look()
            except (DatabaseError, InterfaceError):
                logger.warning("Runs are not looked after", exc_info=True)
                connection.close()
                if not has_worker:  # the sweep finds its runs
                    return

    def read(self, wait_s: float | None = 0) -> bool:
        """Read what the worker wrote, after waiting for it; False if there is no worker any more.

        None waits for ever.
        """
        ready, _, _ = select.select([self._pipe], [], [], wait_s)
        if not ready:
            return True
        read = os.read(self._pipe, _READ_BYTES)
        *lines, self._unfinished = (self._unfinished + read).split(b"\n")
        for line in lines:
            sign, request_id, *rest = line.decode().split(" ")
            if sign == "+":
                pid, task_name, run_id = rest
                self._works[request_id] = Work(int(pid), task_name, run_id)
            else:
                self._works.pop(request_id, None)
        return bool(read)

    def look(self) -> None:
        """End the work that is no longer wanted and had its time to stop."""
        self._recover(self._dead())
        for request_id, work in list(self._works.items()):
            if request_id not in self._works:  # its process was ended
                continue
            if _is_wanted(work):
                work.unwanted_since = None
                continue
            now = self._clock()
            if work.unwanted_since is None:
                work.unwanted_since = now
            unwanted_s = now - work.unwanted_since
            if unwanted_s < OBEY_WITHIN_S:
                continue
            if not work.has_end and not _write_end(work):
                continue
            work.has_end = True
            in_process = [other for other in self._works.values() if other.pid == work.pid]
            others = [other for other in in_process if other is not work]
            if not others:
                self._end_process(request_id)
            elif unwanted_s >= OTHERS_WAIT_S and all(other.model for other in others):
                for other in others:
                    _give_back(other)
                self._end_process(request_id)

    def _dead(self) -> Iterator[str]:
        """Yield the work of processes that died."""
        for request_id, work in self._works.items():
            try:
                self._kill(work.pid, 0)
            except ProcessLookupError:
                yield request_id

    def _recover(self, request_ids: Iterable[str]) -> None:
        """Recover the runs of processes that died; otherwise only the sweep would notice."""
        for request_id in list(request_ids):
            run = _running(self._works[request_id])
            if run is not None:
                recover(run)
            del self._works[request_id]

    def _end_process(self, request_id: str) -> None:
        """End the process that works on it, unless it has just stopped working on it."""
        work = self._works[request_id]
        try:
            # Frozen, it can neither end the work nor begin another between the look and the end.
            self._kill(work.pid, signal.SIGSTOP)
            self.read()
            is_over = request_id not in self._works
            if not is_over:
                # The processes of a pool have handlers of their own for all other signals.
                is_worker = work.pid == self._worker
                self._kill(work.pid, ENDED_BY_WATCHDOG if is_worker else signal.SIGKILL)
            self._kill(work.pid, signal.SIGCONT)
        except ProcessLookupError:
            is_over = False
        if is_over:
            return
        logger.warning("A cancelled run did not stop; its worker was ended run=%s", work.run_id)
        tables.clear_scratch_of(work.pid)
        for other_id, other in list(self._works.items()):
            if other.pid != work.pid:
                continue
            del self._works[other_id]
            _give_back(other)  # it began while others were given back
        _send_next()


def _send_next() -> None:
    for queue in QUEUES:
        turns.send_next(queue)


def _is_wanted(work: Work) -> bool:
    """Return whether nobody cancelled the run of the work, or deleted it."""
    if work.model is None:
        return True
    row = (
        work.model._default_manager.filter(pk=work.run_id)
        .values_list("status", "cancel_requested_at")
        .first()
    )
    if row is None:
        return not work.was_running
    status, cancel_requested_at = row
    if status == Status.RUNNING:
        work.was_running = True
        return cancel_requested_at is None
    return status != Status.CANCELLED or not work.was_running


def _write_end(work: Work) -> bool:
    """Write that the run was cancelled; False if it has ended otherwise just now."""
    assert work.model is not None
    run = work.model._default_manager.filter(pk=work.run_id).first()
    return run is None or run.status == Status.CANCELLED or stop_cancelled(run)


def _give_back(work: Work) -> None:
    """Queue the run of the work again, if it is running."""
    run = _running(work)
    if run is not None:
        give_back(run)


def _running(work: Work) -> Run | None:
    if work.model is None:
        return None
    return work.model._default_manager.filter(pk=work.run_id, status=Status.RUNNING).first()


def start() -> None:
    """Fork the watchdog of this worker, before the worker has threads or connections."""
    global _lines
    signal.signal(ENDED_BY_WATCHDOG, signal.SIG_DFL)
    connections.close_all()
    pipe, _lines = os.pipe()
    if os.fork():
        os.close(pipe)
        # A watchdog that hangs must not make the worker wait.
        os.set_blocking(_lines, False)
        return
    try:
        os.close(_lines)
        # The worker ends first, and with it the pipe.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        Watchdog(pipe).follow()
    except Exception:
        logger.exception("The watchdog of a worker ended")
    finally:
        os._exit(0)


@contextmanager
def watched(request_id: str, task_name: str, run_id: str) -> Iterator[None]:
    """Tell the watchdog, if this process has one, that the work of a task is under way."""
    _tell(f"+ {request_id} {os.getpid()} {task_name} {run_id}\n")
    try:
        yield
    finally:
        _tell(f"- {request_id}\n")


def _tell(line: str) -> None:
    if _lines is None:
        return
    try:
        os.write(_lines, line.encode())
    except OSError:
        logger.warning("The watchdog of this worker is gone", exc_info=True)
