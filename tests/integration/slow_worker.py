"""A Celery worker of the embedded studio whose ingest lasts until a file appears, or for ever in
one step if there is a file `stuck`; run as a program by the tests.

Everything but the work itself is real: broker, claim, heartbeat, progress, the end.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import django

from studio.celery import app

GO_ON = Path(sys.argv[1])
POOL = sys.argv[2]
STUCK = GO_ON.with_name("stuck")


def work(run: object, progress: object) -> Mapping[str, object]:
    """Report progress until the test lets go."""
    if STUCK.exists():
        STUCK.unlink()
        progress("Reading file", 0, 1)  # type: ignore[operator]
        from studio import tables  # importable once Django is set up

        with tables.scratch():
            re.match("(a|a)*b", "a" * 100)  # takes ages, and lets no other thread run
    done = 0
    while not GO_ON.exists():
        progress("Reading file", done, 1_000_000)  # type: ignore[operator]
        done += 1
        time.sleep(0.05)
    return {"n_rows": 7}


if __name__ == "__main__":
    django.setup()
    import projects.pipeline
    import studio.runs

    studio.runs.HEARTBEAT_EVERY_S = studio.runs.PROGRESS_EVERY_S = 0.2
    projects.pipeline.ingest = work  # type: ignore[assignment]
    lean = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "info"]
    app.worker_main(["worker", "--queues", "data", "--pool", POOL, "--concurrency", "1", *lean])
