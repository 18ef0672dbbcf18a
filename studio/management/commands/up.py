"""Runs the web server, the workers and the scheduler, until Ctrl-C."""

from __future__ import annotations

import logging
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connection

from studio import recovery, reserve, runs, tables, turns
from studio.accounts import selectors
from studio.env import unknown_settings
from studio.management.command import UNLISTED
from studio.private_files import keep_private, make_private
from studio.supervisor import ENDED_BY_WATCHDOG, Child, Supervisor, check_port, lock_folder

logger = logging.getLogger(__name__)

WEB_THREADS = 32
SLOTS = {"data": 3, "training": 1}  # runs at a time; those of `data` are of different accounts
NICENESS = {"training": 5}  # people who click or upload go before analyses
ANSWER_WITHIN_S = 60.0
LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}
ANYWHERE = "0.0.0.0"  # noqa: S104 (only ever what the user set)


class Command(BaseCommand):
    """`manage.py up`."""

    help = (
        "Start the web server, the workers and the scheduler; Ctrl-C ends them all. Example:"
        " PORT=8100 manage.py up"
    )
    suppressed_base_arguments = UNLISTED
    requires_system_checks: list[str] = []  # migrations first, and a fast start

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until interrupted."""
        for sentence in unknown_settings():
            self._say(sentence)
        check_port(settings.HOST, settings.PORT)
        keep_private()
        make_private([settings.DATA_DIR, *settings.DATA_DIR.iterdir()])
        # Held until the last process is gone; two studios on one folder would share their runs.
        lock = lock_folder(settings.DATA_DIR)
        call_command("migrate", verbosity=0)
        held = reserve.hold()
        reserve.fill()
        tables.clear_scratch()
        if not settings.BROKER_URL:
            _take_up_runs()
        supervisor = Supervisor(_children(), settings.BASE_DIR, lock, self._say)
        supervisor.start()
        try:
            self._announce(supervisor)
            supervisor.watch()
            self._say("Stopping.")
        finally:
            supervisor.stop()
            if held is not None:
                held.close()

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _announce(self, supervisor: Supervisor) -> None:
        if self._is_answered(supervisor):
            self._say(f"Cleanset Studio runs at {settings.PUBLIC_URL}")
            if selectors.needs_setup_code():
                self._say(f"Create the owner's account here: {selectors.setup_url()}")
            self._say(f"Its data is in {settings.DATA_DIR}. Ctrl-C stops it.")
            if settings.HOST == ANYWHERE and set(settings.ALLOWED_HOSTS) <= LOCAL_NAMES:
                self._say(
                    "Other machines reach it only under the names in STUDIO_ALLOWED_HOSTS or"
                    " STUDIO_PUBLIC_URL, and neither is set."
                )
        elif not supervisor.stopping:
            self._say(
                f"The web server has not answered for {ANSWER_WITHIN_S:.0f} s; its messages are"
                " above."
            )

    def _is_answered(self, supervisor: Supervisor) -> bool:
        deadline = time.monotonic() + ANSWER_WITHIN_S
        while not supervisor.stopping and time.monotonic() < deadline:
            supervisor.look()
            if _answers():
                return True
            time.sleep(0.1)
        return False


def _take_up_runs() -> None:
    """Queue the runs that an earlier studio left. Old messages are purged first, since each of
    these runs gets a new one.
    """
    for message in settings.BROKER_DIR.glob("*.message"):
        message.unlink()
    settings.BROKER_DIR.mkdir(exist_ok=True)
    recovery.release_all()
    connection.close()


def _children() -> list[Child]:
    python = [sys.executable, "-m"]
    # The checks of Django would load every page into each worker.
    celery = [*python, "celery", "-A", "studio.celery", "--quiet", "--skip-checks"]
    web = ["--worker-class=studio.web_worker.Worker", f"--threads={WEB_THREADS}"]
    web += [f"--bind={settings.HOST}:{settings.PORT}"]
    web += ["--timeout=120", "--graceful-timeout=2", "--log-level=warning", "--no-control-socket"]
    return [
        Child("web server", [*python, "gunicorn", "studio.wsgi", *web]),
        *(
            Child(
                f"{queue} worker",
                [*celery, *_worker(queue)],
                partial(_recover, queue),
                niceness=NICENESS.get(queue, 0),
            )
            for queue in runs.QUEUES
        ),
        Child("scheduler", [*celery, "beat", "--pidfile=", "--loglevel=warning"]),
    ]


def _worker(queue: str) -> list[str]:
    """Return the arguments of a worker, whose runs are threads that use all cores."""
    arguments = ["worker", f"--queues={queue}", f"--hostname={queue}@%h"]
    arguments += ["--pool=threads", f"--concurrency={SLOTS[queue]}", "--loglevel=warning"]
    # What workers tell each other; here, every queue has one worker.
    arguments += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return arguments


def _recover(queue: str, status: int) -> None:
    """Recover the runs of a worker that died, without waiting for the sweep."""
    if settings.BROKER_URL:
        return
    close_old_connections()
    try:
        recovery.recover_queue(queue, is_lost=status != -ENDED_BY_WATCHDOG)
        turns.send_next(queue)  # the worker may have had the message of a run that waits
    except DatabaseError:
        logger.warning("Runs of a dead worker are left to the sweep queue=%s", queue, exc_info=True)


def _answers() -> bool:
    host = "127.0.0.1" if settings.HOST == ANYWHERE else settings.HOST
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.PORT}/healthz", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
