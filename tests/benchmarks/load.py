"""Reviewers who each decide once a second beside running analyses, on SQLite and on PostgreSQL.

Decisions are sent as the review page sends them, and again with the same id where the studio does
not answer. At the end the studio's history is compared with what was confirmed to the reviewers.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import requests

from studio.supervisor import lower_priority
from tests.integration.services_stack import answers, stack
from tests.programs import ROOT, free_port, running, studio_environment, wait_until

if TYPE_CHECKING:
    from tests.visitor import HttpVisitor

EMAIL = "owner@example.org"
N_ROWS = 20_000
WORKERS = {"data": 0, "training": 5}  # with their niceness, as under `up` and compose
CHOICES = ("keep", "exclude", "needs-review")
MAX_TRIES = 5
TIMEOUT_S = 40


@dataclass(frozen=True, slots=True)
class Sent:
    """A decision that the studio confirmed, or that was given up."""

    action_id: str
    row_id: int
    choice: str
    seconds: float
    n_tries: int
    is_confirmed: bool


@dataclass(slots=True)
class Load:
    """What is sent to one studio."""

    url: str
    cleanset: str
    seconds: int
    sent: list[Sent] = field(default_factory=list)
    n_analyses: int = 0
    cookies: dict[str, str] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def put(self, n_reviewers: int) -> None:
        """Let all reviewers decide, beside analyses that follow each other."""
        analyses = threading.Thread(target=self._analyse, daemon=True)
        rows = itertools.count()
        reviewers = [
            threading.Thread(target=self._review, args=(rows, number / n_reviewers))
            for number in range(n_reviewers)
        ]
        analyses.start()
        for reviewer in reviewers:
            reviewer.start()
        for reviewer in reviewers:
            reviewer.join()
        self.over.set()

    def _review(self, rows: Iterator[int], first_pause_s: float) -> None:
        visitor = self._visitor()
        visitor.open(f"/cleansets/{self.cleanset}")
        fields = dict(visitor.form("/decide").pairs)
        wanted = {name: fields[name] for name in ("csrfmiddlewaretoken", "view")}
        starts_at = time.monotonic() + first_pause_s
        for second in range(self.seconds):
            time.sleep(max(starts_at + second - time.monotonic(), 0))
            row_id = next(rows)
            choice = CHOICES[row_id % len(CHOICES)]
            self.sent.append(self._decide(visitor, wanted, row_id, choice))

    def _decide(
        self, visitor: HttpVisitor, fields: Mapping[str, str], row_id: int, choice: str
    ) -> Sent:
        action_id = str(uuid4())
        started = time.monotonic()
        n_tries = 0
        is_confirmed = False
        while not is_confirmed and n_tries < MAX_TRIES:
            n_tries += 1
            try:
                response = visitor.session.post(
                    f"{self.url}/cleansets/{self.cleanset}/rows/{row_id}/decide",
                    data={**fields, "choice": choice, "action_id": action_id},
                    headers={"HX-Request": "true", "Referer": self.url},
                    timeout=TIMEOUT_S,
                )
                is_confirmed = response.status_code == 200
            except requests.RequestException:
                is_confirmed = False
            if not is_confirmed:
                time.sleep(0.5)
        seconds = time.monotonic() - started
        return Sent(action_id, row_id, choice, seconds, n_tries, is_confirmed)

    def _analyse(self) -> None:
        from tests import journey

        visitor = self._visitor()
        dataset = journey.make_dataset(visitor, timeout_s=300)
        while not self.over.is_set():
            try:
                journey.make_cleanset(visitor, dataset, timeout_s=600)
            except (AssertionError, requests.RequestException):
                if not self.over.is_set():
                    raise
            else:
                self.n_analyses += 1

    def log_in(self) -> None:
        """Log in once; all reviewers share the session, as log-ins are limited."""
        from tests.cast import PASSWORD

        visitor = self._visitor()
        visitor.open("/login")
        visitor.submit("/login", username=EMAIL, password=PASSWORD)
        self.cookies = dict(visitor.session.cookies)

    def _visitor(self) -> HttpVisitor:
        from tests.visitor import HttpVisitor

        visitor = HttpVisitor(self.url)
        visitor.session.cookies.update(self.cookies)
        return visitor


def main() -> None:
    """Put the load on a studio of each sort, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--reviewers", type=int, default=20)
    parser.add_argument("--on", nargs="+", default=["SQLite", "PostgreSQL"])
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--history", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepare:
        _prepare(options.prepare)
    elif options.history:
        _print_history(options.history)
    else:
        _print_all(options)


def _print_all(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["STUDIO_DATA_DIR"] = scratch  # of this process, which only needs its models
        _set_up()
    sys.stdout.write(
        f"{options.reviewers} reviewers, each a decision a second for {options.seconds} s\n"
        f"{'':12}{'decisions':>10}{'lost':>6}{'doubled':>9}{'wrong':>7}{'again':>7}"
        f"{'median':>10}{'p95':>10}{'most':>10}{'analyses':>10}\n"
    )
    for name in options.on:
        with tempfile.TemporaryDirectory() as scratch:
            _measure(name, Path(scratch), options)


def _measure(name: str, folder: Path, options: argparse.Namespace) -> None:
    with {"SQLite": _on_sqlite, "PostgreSQL": _on_postgres}[name](folder) as (url, environment):
        cleanset = _itself("--prepare", str(folder), environment=environment)
        load = Load(url, cleanset, options.seconds)
        load.log_in()
        load.put(options.reviewers)
        history = json.loads(_itself("--history", cleanset, environment=environment))
    confirmed = [sent for sent in load.sent if sent.is_confirmed]
    n_times = Counter(action_id for action_id, _ in history["events"])
    n_lost = sum(not n_times[sent.action_id] for sent in confirmed)
    known = {sent.action_id for sent in load.sent}
    n_doubled = sum(n > 1 or action_id not in known for action_id, n in n_times.items())
    reviews = dict(history["reviews"])
    n_wrong = sum(reviews.get(sent.row_id) != sent.choice for sent in confirmed)
    n_again = sum(sent.n_tries > 1 for sent in load.sent)
    times = sorted(1000 * sent.seconds for sent in load.sent)
    p95 = times[int(0.95 * (len(times) - 1))]
    sys.stdout.write(
        f"{name:12}{len(confirmed):>10,}{n_lost:>6}{n_doubled:>9}{n_wrong:>7}{n_again:>7}"
        f"{statistics.median(times):>7.0f} ms{p95:>7.0f} ms{times[-1]:>7.0f} ms"
        f"{load.n_analyses:>10}\n"
    )
    sys.stdout.flush()


def _itself(*arguments: str, environment: Mapping[str, str]) -> str:
    """Run this file in a process of the studio; return what it printed."""
    command = [sys.executable, "-m", "tests.benchmarks.load", *arguments]
    found = subprocess.run(
        command, cwd=ROOT, env=dict(environment), stdout=subprocess.PIPE, text=True, check=True
    )
    return found.stdout.strip()


@contextmanager
def _on_sqlite(folder: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    port = free_port()
    environment = studio_environment(folder / "data", PORT=str(port))
    url = f"http://localhost:{port}"
    log = folder / "up.log"
    command = [sys.executable, "manage.py", "up"]
    with running(command, environment=environment, log=log):
        wait_until(lambda: answers(f"{url}/healthz"), timeout_s=120, log=log)
        yield url, environment


@contextmanager
def _on_postgres(folder: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    with ExitStack() as open_stack:
        services = open_stack.enter_context(stack(folder))
        for queue, niceness in WORKERS.items():
            command = services.worker(queue)
            log = folder / f"{queue}.log"
            worker = open_stack.enter_context(
                running(command, environment=services.environment, log=log)
            )
            lower_priority(worker.pid, niceness)
        yield services.url, services.environment


def _prepare(folder: Path) -> None:
    """Make an account and a cleanset to review; print its id."""
    _set_up()
    from studio.accounts.models import User
    from tests.benchmarks.large_cleanset import make_large_cleanset
    from tests.cast import PASSWORD

    owner = User.objects.create_user(email=EMAIL, password=PASSWORD)
    cleanset = make_large_cleanset(owner, N_ROWS, 0, folder)
    sys.stdout.write(f"{cleanset.pk}\n")


def _print_history(cleanset_id: str) -> None:
    """Print the events of a cleanset, and the decisions in force."""
    _set_up()
    from cleansets.models import ReviewEvent, RowReview

    events = ReviewEvent.objects.filter(review_action__cleanset=cleanset_id)
    reviews = RowReview.objects.filter(cleanset=cleanset_id)
    history = {
        "events": [
            (str(action_id), row_id)
            for action_id, row_id in events.values_list("review_action", "row_id")
        ],
        "reviews": [
            (review.row_id, "needs-review" if review.needs_review else review.action)
            for review in reviews
        ],
    }
    sys.stdout.write(json.dumps(history))


def _set_up() -> None:
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "studio.settings"
    django.setup()


if __name__ == "__main__":
    main()
