"""The process that `subprocess_reader` starts: reads one file and sends back the result."""

from __future__ import annotations

import math
import os
import pickle
import resource
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection

from projects.readers import read_table
from projects.readers.facts import OUT_OF_MEMORY_STATUS, ReadRequest
from studio.engine.errors import DataProblem

_REPORT_EVERY_S = 0.1
_SHOWN_CALLS = 20  # of a traceback


@dataclass(slots=True)
class _Reporter:
    """Sends progress to the parent process."""

    connection: Connection
    stage: str = ""
    reported_at: float = 0.0

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        now = time.monotonic()
        is_due = now - self.reported_at >= _REPORT_EVERY_S
        if is_due or stage != self.stage or (total and done == total):
            self.stage = stage
            self.reported_at = now
            self.connection.send(("progress", (stage, done, total)))

    def log(self, line: str) -> None:
        self.connection.send(("log", line))


def main() -> None:
    """Serve one request."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which kills this
    connection = Connection(int(sys.argv[1]))
    try:
        request: ReadRequest = connection.recv()
    except EOFError:  # the parent ended before it had a file to read
        return
    _limit(request)
    try:
        facts = read_table(
            request.source,
            request.filename,
            request.out,
            progress=_Reporter(connection),
            limits=request.limits,
            options=request.options,
        )
    except BrokenPipeError:  # the parent no longer waits
        return
    except MemoryError:
        _lift_memory_limit()
        connection.send(("memory", None))
    except DataProblem as problem:
        connection.send(("error", problem))
    except Exception as error:  # noqa: BLE001 (the parent raises it)
        connection.send(("error", _sendable(error)))
    else:
        connection.send(("facts", facts))


def _sendable(error: Exception) -> Exception:
    """Return the error with its traceback as a note, as a RuntimeError if it cannot be pickled."""
    where = traceback.format_exc(limit=-_SHOWN_CALLS)
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (our own bytes)
    except Exception:  # noqa: BLE001 (whatever its class does)
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(where)
    return error


def _limit(request: ReadRequest) -> None:
    """Limit memory and processor time, whatever the libraries do with the file."""
    n_bytes = request.limits.memory_bytes(request.n_bytes)
    # Beyond what loading the libraries took; at least a second, in which the process can answer.
    cpu_s = request.limits.time_to_read(request.n_bytes).cpu_s
    cpu_limit_s = math.ceil(time.process_time() + max(1.0, cpu_s))
    limits = {
        resource.RLIMIT_DATA: n_bytes,
        resource.RLIMIT_CPU: cpu_limit_s,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY or most < hard:
            resource.setrlimit(kind, (most, hard))


def _lift_memory_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


if __name__ == "__main__":
    try:
        main()
    except MemoryError:
        os._exit(OUT_OF_MEMORY_STATUS)
    sys.stdout.flush()
    os._exit(0)  # skips the libraries' own exit handlers, which take a tenth of a second
