"""A Celery worker whose ingest lasts until a file appears, and whose analyses find nothing; either
lasts for ever in one step if there is a file `stuck`. Run as a program by the tests:
`python -m tests.integration.slow_worker FILE POOL QUEUE`.

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
POOL, QUEUE = sys.argv[2:]
STUCK = GO_ON.with_name("stuck")


def get_stuck_once(progress: object) -> None:
    """Take ages in one step, which lets no other thread run."""
    from studio import tables  # importable once Django is set up

    if STUCK.exists():
        STUCK.unlink()
        progress("Reading file", 0, 1)  # type: ignore[operator]
        with tables.scratch():
            re.match("(a|a)*b", "a" * 100)


def find_nothing(run: object, progress: object) -> Mapping[str, object]:
    """End at once, unless the file says otherwise."""
    get_stuck_once(progress)
    return {}


def work(run: object, progress: object) -> Mapping[str, object]:
    """Report progress until the test lets go."""
    get_stuck_once(progress)
    done = 0
    while not GO_ON.exists():
        progress("Reading file", done, 1_000_000)  # type: ignore[operator]
        done += 1
        time.sleep(0.05)
    return {"n_rows": 7}


if __name__ == "__main__":
    django.setup()
    import cleansets.pipeline
    import projects.pipeline
    import studio.runs

    studio.runs.HEARTBEAT_EVERY_S = studio.runs.PROGRESS_EVERY_S = 0.2
    projects.pipeline.ingest = work  # type: ignore[assignment]
    cleansets.pipeline.build = find_nothing  # type: ignore[assignment]
    lean = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "info"]
    app.worker_main(["worker", "--queues", QUEUE, "--pool", POOL, "--concurrency", "1", *lean])
