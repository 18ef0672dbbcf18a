"""Errors found per 100 reviewed rows in each order of review, on analyses with known errors."""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.engine.stopping.order import Flagged, most_valuable_first
from tests.benchmarks.stopping.analyses import StoredAnalysis, stored_analyses

N_REVIEWED = 100
PERIODS = (10, 5)


def orders(analysis: StoredAnalysis) -> dict[str, npt.NDArray[np.int64]]:
    """Return the rows in each order."""
    flagged = np.flatnonzero(analysis.is_flagged)
    others = np.random.default_rng(0).permutation(np.flatnonzero(~analysis.is_flagged))
    valuable = flagged[
        most_valuable_first(
            Flagged(
                scores=analysis.scores[flagged],
                given=analysis.given[flagged],
                suggested=analysis.suggested[flagged],
                topic=analysis.topic[flagged],
                duplicate_set=np.full(len(flagged), -1, dtype=np.int64),
            )
        )
    ]
    found = {
        "by score": flagged[np.argsort(-analysis.scores[flagged], kind="stable")],
        "most valuable first": valuable,
    }
    for period in PERIODS:
        found[f"with 1 in {period} random"] = _mixed(valuable, others, period)
    found["flagged rows at random"] = np.random.default_rng(1).permutation(flagged)
    return found


def _mixed(
    rows: npt.NDArray[np.int64], others: npt.NDArray[np.int64], period: int
) -> npt.NDArray[np.int64]:
    place = np.arange(len(rows))
    place += place // (period - 1)
    n_random = min(len(others), len(rows) // (period - 1))
    places = np.concatenate([place, np.arange(1, n_random + 1) * period - 1])
    return np.concatenate([rows, others[:n_random]])[np.argsort(places, kind="stable")]


def main() -> None:
    """Print the errors among the first rows of each order, with the kinds of mistakes met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args()
    means: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for name, kind, analysis in stored_analyses(options.data_dir, options.store):
        cells = []
        for order, rows in orders(analysis).items():
            first = rows[:N_REVIEWED]
            errors = 100 * float(analysis.is_wrong[first].mean())
            pairs = set(zip(analysis.given[first], analysis.suggested[first], strict=True))
            means[order].append((errors, len(pairs)))
            cells.append(f"{errors:.0f} ({len(pairs)})")
        if not means["printed"]:
            means["printed"].append((0.0, 0.0))
            print("| data | errors | " + " | ".join(orders(analysis)) + " |")  # noqa: T201
        print(f"| {name} | {kind} | {' | '.join(cells)} |", flush=True)  # noqa: T201
    del means["printed"]
    summary = [f"{np.mean([e for e, _ in found]):.1f}" for found in means.values()]
    print("| mean | | " + " | ".join(summary) + " |")  # noqa: T201


if __name__ == "__main__":
    main()
