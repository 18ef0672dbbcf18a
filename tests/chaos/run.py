"""Harms a running studio by chance while a program uses it, then compares the program's own log
with the studio; ends with a table, and fails on anything lost or stuck.

    .venv/bin/python -m tests.chaos.run --rounds 5 --seed 1
    .venv/bin/python -m tests.chaos.run --stack services --only "S3 away for 5 s"
    .venv/bin/python -m tests.chaos.run --quick
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.faults import (
    QUICK,
    QUICK_ON_SERVICES,
    THOROUGH,
    THOROUGH_ON_SERVICES,
    Fault,
)
from tests.chaos.harmed import EmbeddedStudio, Studio, embedded_studio
from tests.chaos.program import N_ROWS, Api, Decision, Reviewer, table
from tests.chaos.services import services_studio

RECOVERS_WITHIN_S = 300.0


@dataclass(slots=True)
class Outcome:
    """What came of one fault, over all its times."""

    n_times: int = 0
    n_lost_decisions: int = 0
    n_lost_files: int = 0
    n_stuck: int = 0
    recovered_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def is_bad(self) -> bool:
        return bool(self.n_lost_decisions or self.n_lost_files or self.n_stuck or self.failures)


@dataclass(frozen=True)
class Stack:
    """What a studio runs on, and what happens to it."""

    title: str
    start: Callable[[Path], AbstractContextManager[Studio]]
    quick: Mapping[str, Fault]
    thorough: Mapping[str, Fault]
    quick_s: float  # after which no further fault begins


STACKS = {
    "embedded": Stack("`manage.py up`: SQLite and a folder", embedded_studio, QUICK, THOROUGH, 22),
    "services": Stack(
        "PostgreSQL, Redis and S3", services_studio, QUICK_ON_SERVICES, THOROUGH_ON_SERVICES, 8
    ),
}


@dataclass
class Chaos:
    """One studio, the program that uses it, and what became of both."""

    studio: Studio
    chance: random.Random
    cleanset_id: str
    reviewers: Sequence[Reviewer]
    datasets: list[str] = field(default_factory=list)
    is_quick: bool = False
    told: set[str] = field(default_factory=set)

    @property
    def api(self) -> Api:
        return self.studio.api

    def suffer(self, fault: Fault, outcome: Outcome) -> None:
        """Harm the studio while runs are under way, and wait until it has recovered."""
        outcome.n_times += 1
        dataset = self.api.upload(table(self.chance))
        self.datasets.append(dataset)
        waited = [f"/datasets/{dataset}"]
        if not self.is_quick:
            values = {"dataset_id": self.datasets[0], "mode": "fast"}
            project = self.api.send("POST", "/projects", values)
            waited.append(f"/cleansets/{project['cleanset']['id']}")
        try:
            fault(self.studio, self.chance)
        except AssertionError as error:
            outcome.failures.append(str(error))
        over_at = time.monotonic()
        answered_s = self._seconds_to_answer(over_at)
        ended_s = [self._seconds_to_end(path, over_at) for path in waited]
        outcome.n_stuck += ended_s.count(None)
        outcome.recovered_s.append(max(answered_s, *(s for s in ended_s if s is not None), 0.0))
        outcome.n_lost_decisions += self._n_lost_decisions()
        read = self.api.surely("GET", waited[0])
        outcome.n_lost_files += read["run"]["status"] == "succeeded" and read["n_rows"] != N_ROWS
        for reviewer in self.reviewers:
            if reviewer.failure and reviewer.failure not in self.told:
                self.told.add(reviewer.failure)
                outcome.failures.append(reviewer.failure)

    def _seconds_to_answer(self, over_at: float) -> float:
        """Wait until every reviewer had a decision confirmed again."""
        while any(r.confirmed_at < over_at and not r.failure for r in self.reviewers):
            if time.monotonic() - over_at > RECOVERS_WITHIN_S:
                sys.exit("No decision is confirmed any more.")
            time.sleep(0.05)
        return time.monotonic() - over_at

    def _seconds_to_end(self, path: str, over_at: float) -> float | None:
        """Wait until a run has ended well; None if it does not."""
        while time.monotonic() - over_at < RECOVERS_WITHIN_S:
            run = self.api.surely("GET", path)["run"]
            status = run["status"]
            if status == "succeeded":
                return time.monotonic() - over_at
            if status == "failed" and "disk" in run["error_message"]:
                return time.monotonic() - over_at  # its owner was told, and has the file
            if status in ("failed", "cancelled"):
                _say(f"{path} {status}: {run['error_message']}")
                return None
            time.sleep(0.2)
        return None

    def _n_lost_decisions(self) -> int:
        """Count the confirmed decisions that the studio does not have."""
        confirmed: dict[int, Decision] = {}
        for reviewer in self.reviewers:
            reviewer.pause()
            confirmed |= reviewer.confirmed
        stored = stored_decisions(self.api, self.cleanset_id)
        for reviewer in self.reviewers:
            reviewer.go_on()
        return sum(stored.get(row) != decision for row, decision in confirmed.items())


def stored_decisions(api: Api, cleanset_id: str) -> dict[int, Decision]:
    """Return what the studio has."""
    stored: dict[int, Decision] = {}
    while True:
        path = f"/cleansets/{cleanset_id}/decisions?limit=100&offset={len(stored)}"
        page = api.surely("GET", path)
        for found in page["results"]:
            label = found["corrected_label"] if found["action"] == "label" else None
            stored[found["row_id"]] = (found["action"], label)
        if len(stored) >= page["count"]:
            return stored


def main() -> None:
    """Harm a studio on each stack, and print what came of it."""
    options = _options()
    names = [options.stack] if options.stack else list(STACKS)
    at_once = len(names) if options.quick else 1
    with ThreadPoolExecutor(at_once) as pool:
        is_good = list(pool.map(lambda name: _harm(STACKS[name], options), names))
    sys.exit(not all(is_good))


def _harm(stack: Stack, options: argparse.Namespace) -> bool:
    """Harm a studio on one stack; return whether nothing was lost."""
    chance = random.Random(options.seed)
    faults = stack.quick if options.quick else stack.thorough
    if options.only:
        faults = {name: faults[name] for name in faults if name == options.only}
    outcomes = {name: Outcome() for name in faults}
    with tempfile.TemporaryDirectory() as parent, stack.start(Path(parent)) as studio:
        chaos = _prepared(studio, chance)
        chaos.is_quick = options.quick
        if isinstance(studio, EmbeddedStudio) and not studio.is_small_disk:
            outcomes.pop("disk full", None)
            _say("The disk is not filled: a small one for the test can only be mounted by root.")
        began_at = time.monotonic()
        for _ in range(1 if options.quick else options.rounds):
            for name in outcomes:
                if not options.quick or time.monotonic() - began_at < stack.quick_s:
                    chaos.suffer(faults[name], outcomes[name])
        for reviewer in chaos.reviewers:
            reviewer.stop()
        n_damaged = studio.verify()
        n_confirmed = sum(reviewer.n_confirmed for reviewer in chaos.reviewers)
    _say(
        f"{stack.title}\n{_table_of(outcomes)}"
        f"{n_confirmed:,} decisions were confirmed; {n_damaged} stored files are damaged.\n"
    )
    return not n_damaged and not any(outcome.is_bad for outcome in outcomes.values())


def _prepared(studio: Studio, chance: random.Random) -> Chaos:
    """Analyse a table, and begin to decide about its rows."""
    dataset = studio.api.upload(table(chance))
    _wait_for(studio.api, f"/datasets/{dataset}")
    values = {"dataset_id": dataset, "label_column": "label", "mode": "fast"}
    project = studio.api.send("POST", "/projects", values)
    cleanset_id = project["cleanset"]["id"]
    _wait_for(studio.api, f"/cleansets/{cleanset_id}")
    reviewers = [
        Reviewer(studio.api, cleanset_id, range(first, N_ROWS, 2), random.Random(chance.random()))
        for first in (0, 1)
    ]
    for reviewer in reviewers:
        reviewer.start()
    return Chaos(studio, chance, cleanset_id, reviewers, [dataset])


def _wait_for(api: Api, path: str) -> None:
    while (status := api.surely("GET", path)["run"]["status"]) != "succeeded":
        if status in ("failed", "cancelled"):
            sys.exit(f"{path} {status} before any fault.")
        time.sleep(0.2)


def _table_of(outcomes: Mapping[str, Outcome]) -> str:
    """Return the table of what came of each fault, and of what went wrong."""
    columns = ("times", "lost decisions", "lost files", "stuck runs", "recovered s")
    lines = [f"{'fault':<28}" + "".join(f"{column:>16}" for column in columns)]
    for name, outcome in outcomes.items():
        if not outcome.n_times:
            continue
        numbers = (
            outcome.n_times,
            outcome.n_lost_decisions,
            outcome.n_lost_files,
            outcome.n_stuck,
            f"{max(outcome.recovered_s):.1f}",
        )
        lines.append(f"{name:<28}" + "".join(f"{number:>16}" for number in numbers))
        lines += [f"    {failure}" for failure in outcome.failures]
    return "".join(f"{line}\n" for line in lines)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3, help="how often each fault happens")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--stack", choices=STACKS, help="one of them; both if omitted")
    parser.add_argument("--only", choices=THOROUGH | THOROUGH_ON_SERVICES, help="one fault")
    parser.add_argument("--quick", action="store_true", help="the faster faults, once, in a minute")
    return parser.parse_args()


if __name__ == "__main__":
    main()
