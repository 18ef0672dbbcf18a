"""Runs one program at a time in processes of its own and measures it: seconds, processor seconds,
memory.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
_LOOK_EVERY_S = 1.0  # five looks a second made a program of six seconds take eight
_OUTPUT_SHOWN = 2_000  # characters
# A process counts as its own the memory of the one that started it, which here holds the data: so a
# small one does.
_LAUNCHER = """
import os, sys
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
os.write(int(sys.argv[1]), str(usage.ru_maxrss).encode())
sys.exit(min(1, abs(os.waitstatus_to_exitcode(status))))
"""


def peers_python() -> str:
    """Return the peers' interpreter; without their environment, ours, in which only `plain` can
    run.
    """
    return str(PEERS_PYTHON) if PEERS_PYTHON.exists() else sys.executable


class Failed(Exception):
    """A program ended with another status than 0, or took too long; the message is the end of what
    it wrote.
    """


@dataclass(frozen=True, slots=True)
class Cost:
    """`cpu_s` is that of all its processes together; `peak_mb` their memory at the worst moment,
    shared pages once.

    The memory of several processes together is looked at once a second; the largest one's own peak
    is the system's.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


def run(
    command: Sequence[str], *, limit_s: float, environment: Mapping[str, str] | None = None
) -> Cost:
    """Run a program to its end. Raises Failed."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as own_peak:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", _LAUNCHER, str(own_peak.fileno()), *command],
            pass_fds=[own_peak.fileno()],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        memory = _PeakMemory(process.pid)
        clock = threading.Timer(limit_s, lambda: os.killpg(process.pid, signal.SIGKILL))
        clock.start()
        _, status, usage = os.wait4(process.pid, 0)
        clock.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s, peak_mb = time.monotonic() - started, memory.stop()
        if process.returncode != 0:
            output.seek(0)
            reason = (
                f"stopped after {limit_s:.0f} s"
                if wall_s >= limit_s
                else f"status {process.returncode}"
            )
            raise Failed(f"{reason}: {output.read().decode(errors='replace')[-_OUTPUT_SHOWN:]}")
        own_peak.seek(0)
        peak_mb = max(peak_mb, int(own_peak.read()) / 1024)
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, peak_mb)


class _PeakMemory:
    """Adds up the proportional memory of a process group now and then."""

    def __init__(self, group: int) -> None:
        self._group, self._peak_kb, self._over = group, 0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> float:
        """Return the peak in megabytes."""
        self._over.set()
        self._thread.join()
        return self._peak_kb / 1024

    def _look(self) -> None:
        while not self._over.wait(_LOOK_EVERY_S):
            self._peak_kb = max(
                self._peak_kb, sum(_memory_kb(pid) for pid in _members(self._group))
            )


def _members(group: int) -> list[int]:
    members = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(after_name[2]) == group:
            members.append(int(folder.name))
    return members


def _memory_kb(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(
        (int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0
    )
