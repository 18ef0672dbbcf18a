"""Ends the studio's process groups once `manage.py up` is gone, stopped or killed.

`up` writes one line for each group that it starts (`+<pid>`) and for each that is over (`-<pid>`).
When the pipe ends, each leader is asked to stop, and after the grace time whole groups are killed,
grandchildren included. Run as a
program of its own: importing Django here would cost memory for nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

GRACE_S = 4.0


def read_groups(lines: Iterable[str]) -> set[int]:
    """Follow the lines to their end and return the groups that are alive by then."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    return groups


def end_groups(groups: set[int], grace_s: float = GRACE_S) -> None:
    """Ask the leaders to stop, wait, and kill what is left.

    Only leaders are asked: a worker whose helpers disappear would fail its run, which should
    continue at the next start instead.
    """
    for group in groups:
        _signal(os.kill, group, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and any(_signal(os.killpg, group, 0) for group in groups):
        time.sleep(0.05)
    for group in groups:
        _signal(os.killpg, group, signal.SIGKILL)


def _signal(send: Callable[[int, int], None], target: int, number: int) -> bool:
    try:
        send(target, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end_groups(read_groups(sys.stdin))
