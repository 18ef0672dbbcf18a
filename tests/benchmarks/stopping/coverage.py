"""How often the 90% intervals contain the truth, over simulated reviews of analyses with known
errors.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from studio.engine.stopping.estimate import Estimate, estimate
from studio.engine.stopping.interval import Interval
from studio.engine.stopping.review import ModelEstimate, RandomRows, Review, Verdict
from tests.benchmarks.stopping.analyses import StoredAnalysis, stored_analyses

N_REVIEWS = 240
DEPTHS = (10, 20, 40, 80, 160, 320)  # flagged rows that were reviewed
SHARE = 0.7  # of the rows, which differ from review to review
RANDOM_ROWS = (25, 50, 100, 200)
FIGURES = ("left flagged", "next 50", "accuracy of next 50", "left unflagged")


def simulated(
    analysis: StoredAnalysis, rng: np.random.Generator
) -> dict[str, tuple[Interval, float]]:
    """Review a data set like this one, and return each estimate with the truth.

    Its rows are drawn from the analysis; some of them are reviewed, by score or at random.
    """
    n_drawn = round(SHARE * len(analysis.scores))
    rows = rng.choice(len(analysis.scores), n_drawn, replace=False)
    flagged = rows[analysis.is_flagged[rows]]
    unflagged = rows[~analysis.is_flagged[rows]]
    flagged = flagged[np.argsort(-analysis.scores[flagged], kind="stable")]
    is_wrong = analysis.is_wrong[flagged]
    depth = min(int(rng.choice(DEPTHS)), 3 * len(flagged) // 4)
    reviewed = np.arange(depth)
    if rng.random() < 0.5:
        reviewed = rng.choice(len(flagged), depth, replace=False)
    verdicts = np.full(len(flagged), Verdict.OPEN, dtype=np.int8)
    verdicts[reviewed] = np.where(is_wrong[reviewed], Verdict.WRONG, Verdict.RIGHT)
    n_random = min(int(rng.choice(RANDOM_ROWS)), len(unflagged) // 2)
    is_wrong_unflagged = analysis.is_wrong[unflagged]
    n_random_wrong = int(is_wrong_unflagged[:n_random].sum())
    is_suggested = analysis.is_suggested[flagged]
    scale = len(rows)
    review = Review(
        scores=analysis.scores[flagged],
        verdicts=verdicts,
        n_labeled=scale,
        n_unflagged_open=len(unflagged) - n_random,
        random_rows=RandomRows(n_random_wrong, n_random - n_random_wrong),
        is_as_suggested=is_suggested,
        models=ModelEstimate(
            float(analysis.n_expected) * SHARE,
            float(analysis.wrong_fraction) * scale,
            float(analysis.low) * scale,
            float(analysis.high) * scale,
        ),
    )
    found = estimate(review)
    return _compared(found, verdicts, is_wrong, is_suggested, is_wrong_unflagged[n_random:])


def _compared(
    found: Estimate,
    verdicts: npt.NDArray[np.int8],
    is_wrong: npt.NDArray[np.bool_],
    is_suggested: npt.NDArray[np.bool_],
    is_wrong_unflagged: npt.NDArray[np.bool_],
) -> dict[str, tuple[Interval, float]]:
    is_open = verdicts == Verdict.OPEN
    step = found.next_rows[0]
    first = np.flatnonzero(is_open)[: step.n_rows]
    n_labeled = len(is_wrong_unflagged) + len(is_wrong) + found.n_random
    compared = {
        "left flagged": (found.left_flagged, float(is_wrong[is_open].sum())),
        "next 50": (step.errors, float(is_wrong[first].sum())),
        "accuracy of next 50": (
            step.accuracy,
            float((is_wrong & is_suggested)[first].sum()) / n_labeled,
        ),
    }
    if found.left_unflagged is not None:
        compared["left unflagged"] = (found.left_unflagged, float(is_wrong_unflagged.sum()))
    return compared


def _before_decisions(analysis: StoredAnalysis) -> Interval:
    flagged = analysis.scores[analysis.is_flagged]
    review = Review(
        scores=flagged,
        verdicts=np.full(len(flagged), Verdict.OPEN, dtype=np.int8),
        n_labeled=len(analysis.scores),
        n_unflagged_open=int((~analysis.is_flagged).sum()),
        random_rows=RandomRows(),
        is_as_suggested=np.zeros(len(flagged), dtype=bool),
        models=ModelEstimate(float(analysis.n_expected)),
    )
    return estimate(review).flagged_wrong


def main() -> None:
    """Print the coverage and the mean width of each interval, by data and kind of errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--reviews", type=int, default=N_REVIEWS)
    options = parser.parse_args()
    header = ("data", "errors", "wrong of flagged, before any decision", *FIGURES)
    print("| " + " | ".join(header) + " |")  # noqa: T201
    print("| --- " * (3 + len(FIGURES)) + "|")  # noqa: T201
    all_hits: dict[str, list[bool]] = defaultdict(list)
    for name, kind, analysis in stored_analyses(options.data_dir, options.store):
        hits: dict[str, list[bool]] = defaultdict(list)
        widths: dict[str, list[float]] = defaultdict(list)
        for seed in range(options.reviews):
            for figure, (interval, truth) in simulated(
                analysis, np.random.default_rng(seed)
            ).items():
                hits[figure].append(interval.low - 1e-9 <= truth <= interval.high + 1e-9)
                widths[figure].append(interval.high - interval.low)
        cells = []
        for figure in FIGURES:
            if not hits[figure]:
                cells.append("–")
                continue
            all_hits[figure] += hits[figure]
            cells.append(f"{np.mean(hits[figure]):.0%} ({np.mean(widths[figure]):.3g})")
        first = _before_decisions(analysis)
        n_wrong = int(analysis.is_wrong[analysis.is_flagged].sum())
        expected = f"{n_wrong}; {first.value:.0f} ({first.low:.0f} to {first.high:.0f})"
        print(f"| {name} | {kind} | {expected} | {' | '.join(cells)} |", flush=True)  # noqa: T201
    means = [f"{np.mean(all_hits[figure]):.0%}" for figure in FIGURES]
    print("| all | | | " + " | ".join(means) + " |")  # noqa: T201


if __name__ == "__main__":
    main()
