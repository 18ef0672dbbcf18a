"""Measures the studio beside what a user would do instead, on the same machine, files and labels,
one at a time.

Without `--data-dir` only generated support requests are measured; with it, public datasets whose
wrong labels are known or planted with a fixed seed. Measures are kept in a file, so that tasks can
be measured in several goes, and `docs/benchmarks.md` is written from all of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from tests.benchmarks import quality, report
from tests.benchmarks.claims import claims
from tests.benchmarks.peers.job import Job
from tests.benchmarks.process import ROOT, Cost, Failed
from tests.benchmarks.programs import (
    MODE_NAMES,
    PEER_NAMES,
    PROGRAMS,
    Predicted,
    Program,
    Workplace,
    embed,
)
from tests.benchmarks.report import Measure
from tests.benchmarks.tasks import GENERATED, GROWTH, QUICK, TASKS, Task

_UNSUITED = {
    ("autogluon", "multi-label"): "TabularPredictor has no multi-label task",
    ("autogluon", "growth"): "left out: growth is compared with the plain pipeline",
    ("datalab", "growth"): "left out: growth is compared with the plain pipeline",
}
_QUICK_S = 30.0
_GOES = 3  # of a program that is quicker than that


def main() -> None:
    """Measure, print, write the page."""
    options = _options()
    data_dir = options.data_dir
    names = options.tasks or (QUICK if options.quick else TASKS if data_dir else GENERATED)
    wanted = [program for program in PROGRAMS if program.name in (*options.peers, *options.mode)]
    results = options.results or ROOT / ".data" / "benchmarks.json"
    skipped: dict[str, str] = {}
    fresh: list[Measure] = []
    for name in names:
        task = {**GENERATED, **TASKS}[name](data_dir)
        if options.rows:
            task = task.sampled(options.rows)
        for measure in _measured(name, task, wanted, options, skipped):
            fresh.append(measure)
            _say(
                f"{name}: {measure.program} {measure.wall_s:.1f} s, AP"
                f" {measure.average_precision:.3f}"
            )
            if data_dir and not options.rows:
                report.write_document(report.merged(results, fresh), skipped)
    sys.stdout.write(
        f"{report.table(fresh)}\n\n{report.claims_table(fresh)}\n"
        + "".join(f"{name}: {why}\n" for name, why in skipped.items())
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data-dir", type=Path, help="folder of the public datasets")
    parser.add_argument(
        "--tasks", nargs="+", choices=[*GENERATED, *TASKS], metavar="TASK", help=", ".join(TASKS)
    )
    parser.add_argument("--peers", nargs="*", default=PEER_NAMES, choices=PEER_NAMES)
    parser.add_argument("--mode", nargs="*", default=MODE_NAMES, choices=MODE_NAMES)
    parser.add_argument("--quick", action="store_true", help="four small tasks, and no models")
    parser.add_argument(
        "--rows", type=int, help="of each task, drawn with a fixed seed; the page stays as it is"
    )
    parser.add_argument("--no-models", action="store_true", help="measure detection only")
    parser.add_argument(
        "--models-of", nargs="*", metavar="PROGRAM", help="only these programs' models are measured"
    )
    parser.add_argument(
        "--limit", type=float, default=3600.0, metavar="SECONDS", help="for one program (3600)"
    )
    parser.add_argument("--autogluon-limit", metavar="SECONDS", help="for one of its fits (120)")
    parser.add_argument(
        "--threads", type=int, metavar="N", help="OpenMP threads per process, on a shared machine 1"
    )
    parser.add_argument(
        "--results", type=Path, help="where measures are kept (.data/benchmarks.json)"
    )
    options = parser.parse_args()
    if options.threads:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)
    if options.autogluon_limit:
        os.environ["AUTOGLUON_LIMIT_S"] = options.autogluon_limit
    needs_data = options.quick or any(name in TASKS for name in options.tasks or ())
    if needs_data and not options.data_dir:
        parser.error("these tasks read public datasets: give their folder with --data-dir")
    if not options.data_dir and not options.tasks:
        options.peers = [name for name in options.peers if name == "plain"]
    return options


def _measured(
    name: str,
    task: Task,
    wanted: Sequence[Program],
    options: argparse.Namespace,
    skipped: dict[str, str],
) -> Iterator[Measure]:
    with tempfile.TemporaryDirectory() as folder:
        place, embed_s = _workplace(task, Path(folder), wanted, options)
        for program in wanted:
            reason = _UNSUITED.get((program.name, "growth" if name in GROWTH else task.task))
            if reason:
                skipped[f"{program.name} on {name}"] = reason
                continue
            try:
                yield _measure(
                    name,
                    task,
                    program,
                    place,
                    embed_s,
                    has_models=_has_models(program, task, options),
                )
            except Failed as failure:
                skipped[f"{program.name} on {name}"] = str(failure).strip().splitlines()[-1][:300]
                _say(f"{program.name} on {name}: {failure}")


def _has_models(program: Program, task: Task, options: argparse.Namespace) -> bool:
    is_wanted = options.models_of is None or program.name in options.models_of
    return task.test is not None and is_wanted and not options.quick and not options.no_models


def _workplace(
    task: Task, folder: Path, wanted: Sequence[Program], options: argparse.Namespace
) -> tuple[Workplace, float | None]:
    """Write the task's files; encode its text once for all programs that want embeddings."""
    train, test = folder / "train.csv", folder / "test.csv"
    task.train.to_csv(train, index=False)
    if task.test is not None:
        task.test[task.features].to_csv(test, index=False)
    vectors = (folder / "train.npy", folder / "test.npy")
    needs = task.text is not None and any(program.needs_embeddings for program in wanted)
    job = Job(
        task.task, task.text, tuple(task.features), task.label, str(train),
        str(test) if task.test is not None else None,
        *((str(path) for path in vectors) if needs else (None, None)),
    )  # fmt: skip
    n_goes = 1 if options.rows else _GOES
    place = Workplace(folder, job, options.limit, n_goes)
    place.write_job()
    if not needs:
        return place, None
    cost = embed(place, str(train), str(vectors[0]))
    if task.test is not None:
        embed(place, str(test), str(vectors[1]))
    return place, cost.wall_s


def _measure(
    name: str,
    task: Task,
    program: Program,
    place: Workplace,
    embed_s: float | None,
    *,
    has_models: bool,
) -> Measure:
    found = program.find(place)
    cost = _usual_cost(program, place, found.cost)
    skills = []
    if has_models:
        given = found.predicted or program.learn(place, task.train[task.label])
        fixed_labels = quality.fixed_labels(task, found.scores)
        skills = [
            _skill(task, predicted) for predicted in (given, program.learn(place, fixed_labels))
        ]
    noisy, fixed = skills or (None, None)
    return Measure(
        task=name,
        program=program.name,
        n_rows=len(task.train),
        n_errors=int(task.is_error.sum()),
        measured_at=report.now(),
        wall_s=cost.wall_s,
        cpu_s=cost.cpu_s,
        embed_s=embed_s if program.needs_embeddings else None,
        peak_mb=cost.peak_mb,
        noisy=noisy,
        fixed=fixed,
        **(asdict(claims(task, found.said)) if found.said else {}),
        **asdict(quality.detection(task, np.nan_to_num(found.scores), found.flags)),
    )


def _usual_cost(program: Program, place: Workplace, at_first: Cost) -> Cost:
    """Return what finding costs: as five seconds may take eight by chance, the median of several
    goes if it is quick.
    """
    n_further = place.n_goes - 1 if at_first.wall_s < _QUICK_S else 0
    costs = [at_first, *(program.find(place).cost for _ in range(n_further))]
    return sorted(costs, key=lambda cost: cost.wall_s)[len(costs) // 2]


def _skill(task: Task, predicted: Predicted) -> tuple[float, float, float | None]:
    skill = quality.skill(task, *predicted)
    return skill.accuracy, skill.loss, skill.macro_f1


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
