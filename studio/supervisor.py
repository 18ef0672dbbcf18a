"""Starts the processes of an embedded studio, restarts those that die, and leaves none running.

Why not a library: docs/decisions/supervisor.md.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

MAX_DELAY_S = 30.0
STEADY_S = 60.0  # a child that lived this long is restarted without delay
LOOK_EVERY_S = 0.2
ENDED_BY_WATCHDOG = signal.SIGALRM  # by nobody else: no library uses it, nor does the kernel


def check_port(host: str, port: int) -> None:
    """Exit with one line if the port cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SystemExit(
                f"Port {port} on {host} cannot be used ({error.strerror}). Choose another: make run"
                f" PORT={port + 100}"
            ) from error


def lock_folder(folder: Path, wait_s: float = 8.0) -> int:
    """Lock the data folder, after waiting for a studio that is stopping, or exit with one line."""
    lock = os.open(folder / "up.lock", os.O_CREAT | os.O_RDWR, 0o600)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise SystemExit(
                    f"A studio is running on {folder} already. Stop it first, or set"
                    " STUDIO_DATA_DIR to another folder."
                ) from None
            time.sleep(0.2)
        else:
            return lock


@dataclass(slots=True)
class Child:
    """One process and its descendants, in a process group of their own."""

    name: str
    command: list[str]
    on_death: Callable[[int], None] = lambda _: None  # called with the exit status
    niceness: int = 0  # added to that of the supervisor
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    n_quick_deaths: int = 0


@dataclass(slots=True)
class Supervisor:
    """Keeps children running until told to stop; `lock` is held until the last of them is gone."""

    children: list[Child]
    folder: Path
    lock: int
    say: Callable[[str], None]
    stopping: bool = False
    _reaper: subprocess.Popen[str] = field(init=False)

    def start(self) -> None:
        """Start everything; from now on SIGINT, SIGTERM and SIGHUP ask to stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        self._reaper = subprocess.Popen(
            [sys.executable, "-m", "studio.reaper"],
            stdin=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            start_new_session=True,
            pass_fds=[self.lock],
        )
        for child in self.children:
            self._start(child)

    def watch(self) -> None:
        """Restart whatever dies, until asked to stop."""
        while not self.stopping:
            self.look()
            time.sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """Notice deaths, and restart what has waited long enough."""
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.restart_at and not self.stopping:
                    self._start(child)
            elif child.process.poll() is not None:
                self._bury(child)

    def stop(self) -> None:
        """End every group, and return when nothing is left running."""
        self._pipe.close()
        while self._reaper.poll() is None:
            for child in self.children:
                if child.process is not None:
                    # A dead child that is not polled stays a zombie, alive to the reaper.
                    child.process.poll()
            time.sleep(0.02)

    @property
    def _pipe(self) -> IO[str]:
        assert self._reaper.stdin is not None
        return self._reaper.stdin

    def _tell_reaper(self, line: str) -> None:
        self._pipe.write(f"{line}\n")
        self._pipe.flush()

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(child.command, cwd=self.folder, start_new_session=True)
        if child.niceness:
            lower_priority(child.process.pid, child.niceness)
        child.started_at = time.monotonic()
        self._tell_reaper(f"+{child.process.pid}")

    def _bury(self, child: Child) -> None:
        assert child.process is not None
        pid = child.process.pid
        status = child.process.returncode
        child.process = None
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # helpers that it left behind
        self._tell_reaper(f"-{pid}")
        if self.stopping:
            return
        if status == -ENDED_BY_WATCHDOG:
            delay = 0.0
        elif time.monotonic() - child.started_at > STEADY_S:
            child.n_quick_deaths = 0
            delay = 0.0
        else:
            child.n_quick_deaths += 1
            delay = min(2.0 ** (child.n_quick_deaths - 1), MAX_DELAY_S)
        child.restart_at = time.monotonic() + delay
        if status == -ENDED_BY_WATCHDOG:
            cause = "a cancelled run did not stop"
        elif status < 0:
            cause = f"killed by {signal.Signals(-status).name}"
        else:
            cause = f"exit status {status}"
        self.say(f"The {child.name} stopped ({cause}); it is started again in {delay:.0f} s.")
        child.on_death(status)

    def _ask_to_stop(self, _number: int, _frame: object) -> None:
        self.stopping = True


def lower_priority(pid: int, niceness: int) -> None:
    """Let a new session, with all that it starts, have the processor after others."""
    os.setpriority(os.PRIO_PROCESS, pid, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
    # Where Linux groups sessions, niceness counts only within one, and each has its own.
    session = Path(f"/proc/{pid}/autogroup")
    with suppress(OSError):  # there is none on other systems and within some containers
        session.write_text(str(niceness))
