"""The label quality of each class, confusions between classes, and class imbalance."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.choices.class_sizes import MIN_FRACTION_OF_EVEN_SHARE
from studio.engine.health.base import Analysis
from studio.engine.health.flagged import wrong_and_missed
from studio.engine.schema.health import ClassHealth, Confusion, Imbalance, Overlap

MAX_PAIRS = 50  # of classes, out of possibly a million


def find_classes(analysis: Analysis) -> tuple[ClassHealth, ...]:
    """Judge the labels of each class, worst first.

    Notes
    -----
    Flagged rows are counted as wrong. `noise` is the fraction of the rows given a class for which
    another one is suggested; `inverse_noise` is the fraction of the rows that should have the class
    which are given another.
    """
    labels = analysis.evidence.study.labels
    n_rows = labels.class_counts
    wrong, missed = wrong_and_missed(analysis.evidence, analysis.issues)
    noise = wrong / np.maximum(n_rows, 1)
    inverse_noise = missed / np.maximum(n_rows - wrong + missed, 1)
    rows = [
        ClassHealth(
            name=name,
            n_rows=int(n_rows[k]),
            n_label_issues=int(wrong[k]),
            noise=float(noise[k]),
            inverse_noise=float(inverse_noise[k]),
            quality=float(1 - noise[k]),
        )
        for k, name in enumerate(labels.classes)
    ]
    return tuple(sorted(rows, key=lambda row: (row.quality, row.name)))


def find_confusions(analysis: Analysis) -> tuple[Confusion, ...]:
    """List the 50 most frequent pairs of a given and a suggested class."""
    pairs = analysis.flagged_pairs
    labels = analysis.evidence.study.labels
    confusions = []
    for given, suggested in _largest(pairs):
        n_rows = int(pairs[given, suggested])
        share = float(n_rows / labels.class_counts[given])
        confusions.append(
            Confusion(labels.classes[given], labels.classes[suggested], n_rows, share)
        )
    return tuple(confusions)


def find_overlaps(analysis: Analysis) -> tuple[Overlap, ...]:
    """List the 50 pairs of classes most often mistaken for each other, in at least two rows."""
    both_ways = np.triu(analysis.flagged_pairs + analysis.flagged_pairs.T, k=1)
    rows = analysis.evidence.study.labels.class_counts
    names = analysis.evidence.study.labels.classes
    overlaps = []
    for first, second in _largest(both_ways):
        n_mistaken = int(both_ways[first, second])
        if n_mistaken > 1:
            share = float(n_mistaken / (rows[first] + rows[second]))
            overlaps.append(Overlap(names[first], names[second], n_mistaken, share))
    return tuple(overlaps)


def _largest(counts: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    flat = np.argsort(-counts, axis=None, kind="stable")[:MAX_PAIRS]
    places = zip(*np.unravel_index(flat, counts.shape), strict=True)
    return [(int(i), int(j)) for i, j in places if counts[i, j]]


def find_imbalance(analysis: Analysis) -> Imbalance | None:
    """Compare the rarest class with the most frequent one.

    References
    ----------
    cleanlab Datalab's class imbalance issue: a class has less than a tenth of an even share.
    """
    labels = analysis.evidence.study.labels
    counts = labels.class_counts
    if not len(counts):
        return None
    rarest = int(np.argmin(counts))
    largest = int(np.argmax(counts))
    even_share = float(counts.sum() / len(counts))
    return Imbalance(
        rarest=labels.classes[rarest],
        n_rarest=int(counts[rarest]),
        largest=labels.classes[largest],
        n_largest=int(counts[largest]),
        even_share=even_share,
        is_imbalanced=bool(counts[rarest] < MIN_FRACTION_OF_EVEN_SHARE * even_share),
    )
