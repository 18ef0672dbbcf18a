"""The same code on Redis, PostgreSQL and S3: the main job, a killed worker, two first visitors, a
run that does not stop.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from tests import journey
from tests.integration.services_stack import Stack, stack
from tests.programs import running, wait_until
from tests.visitor import HttpVisitor

LOST = """
from datetime import timedelta
from django.db import connection
from django.utils import timezone
from cleansets.models import Cleanset
from studio import recovery
Cleanset.objects.filter(status="running").update(heartbeat_at=timezone.now() - timedelta(hours=1))
recovery.sweep()
"""
QUEUED = """
from studio.runs import Status, enqueue
from tests.cast import make_user
from tests.factories import make_cleanset
alice, bob = make_user("alice"), make_user("bob")
for owner in (alice, alice, alice, bob):
    enqueue(make_cleanset(owner, status=Status.QUEUED))
"""
ENDS = """
    SELECT split_part(email, '@', 1), status, n_lost FROM cleansets_cleanset
    JOIN accounts_user ON accounts_user.id = created_by_id
    WHERE email IN ('alice@example.org', 'bob@example.org') ORDER BY started_at
"""
OBEYED = """
    SELECT finished_at - cancel_requested_at FROM cleansets_cleanset WHERE status = 'cancelled'
"""
STAGE = re.compile(r"Stage \d of")
STATE = """
from cleansets.models import Cleanset
run = Cleanset.objects.order_by("-queued_at").first()
print(run.status, run.attempt, run.stage)
"""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("services")) as found:
        yield found


def test_two_first_visitors_make_one_owner(services: Stack) -> None:
    visitors = [HttpVisitor(services.url) for _ in range(4)]
    for visitor in visitors:
        visitor.open("/signup")
    with ThreadPoolExecutor(len(visitors)) as pool:
        for number, visitor in enumerate(visitors):
            values = {"email": f"first{number}@example.org", "password": journey.PASSWORD}
            pool.submit(visitor.submit, "/signup", **values)
    owners = services.shell(
        "from studio.accounts.models import User; print(User.objects.filter(is_owner=True).count())"
    )
    assert owners == "1"


def test_main_job_on_services(services: Stack) -> None:
    log = services.folder / "worker.log"
    with running(services.worker("data,training"), environment=services.environment, log=log):
        exported = journey.walk(HttpVisitor(services.url), timeout_s=300)
    assert len(exported) == 1200
    count = (
        "from django.core.files.storage import default_storage as s;"
        " print(len(list(s.bucket.objects.all())))"
    )
    assert int(services.shell(count)) > 5
    assert not (services.folder / "data" / "files").exists(), (
        "files went to the folder and not to S3"
    )


def test_run_whose_worker_was_killed_is_done_by_the_next_one(services: Stack) -> None:
    visitor = HttpVisitor(services.url)
    journey.sign_up(visitor, "killed@example.org")
    log = services.folder / "killed.log"
    with running(
        services.worker("data,training"), environment=services.environment, log=log
    ) as worker:
        dataset = journey.make_dataset(visitor, 120)
        visitor.open(f"/projects/create?dataset={dataset.rsplit('/', 1)[1]}")
        visitor.submit("/projects/create", name="Killed", mode="fast")
        wait_until(
            lambda: STAGE.search(visitor.open(visitor.page.path).text), timeout_s=60, log=log
        )
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    assert services.shell(STATE).startswith("running 1")
    with running(services.worker("data,training"), environment=services.environment, log=log):
        services.shell(LOST)
        journey.wait_for_run(visitor, 300)
    assert services.shell(STATE).startswith("succeeded 2")


def test_run_that_never_looks_is_cancelled_and_others_follow_in_turn(services: Stack) -> None:
    services.shell(QUEUED)
    (services.folder / "stuck").touch()
    log = services.folder / "stuck.log"
    command = [sys.executable, "-m", "tests.integration.slow_worker"]
    command += [str(services.folder / "go-on"), "prefork", "training"]
    with running(command, environment=services.environment, log=log) as worker:
        wait_until(lambda: not (services.folder / "stuck").exists(), timeout_s=60, log=log)
        with psycopg.connect(services.environment["DATABASE_URL"], autocommit=True) as database:
            database.execute(
                "UPDATE cleansets_cleanset SET cancel_requested_at = now() WHERE status = 'running'"
            )
            expected = [("alice", "cancelled", 0), ("bob", "succeeded", 0)]
            expected += [("alice", "succeeded", 0)] * 2
            wait_until(lambda: database.execute(ENDS).fetchall() == expected, timeout_s=60, log=log)
            (obeyed,) = database.execute(OBEYED).fetchall()
        assert obeyed[0] < timedelta(seconds=2)
        assert worker.poll() is None, "its pool has replaced the process"
