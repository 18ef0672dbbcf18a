"""The labels of each class, which classes are mistaken for each other, and how unequal classes are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.health.base import Analysis
from studio.engine.health.joint import set_joints
from studio.engine.health.report import ClassHealth, Confusion, Imbalance, Overlap
from studio.engine.issues.rare_class import MIN_FRACTION_OF_EVEN_SHARE
from studio.engine.ml_task import MLTask

MAX_PAIRS = 50  # of classes, kept of possibly a million
_MIN_ROWS = 1.0  # fewer estimated rows are no finding


def find_classes(analysis: Analysis) -> tuple[ClassHealth, ...]:
    """Judge the labels of each class, worst first."""
    labels = analysis.evidence.study.labels
    if analysis.evidence.study.spec.task is MLTask.MULTI_LABEL:
        joints = set_joints(analysis.evidence)
        right, given_wrongly, missed = joints[:, 1, 1], joints[:, 1, 0], joints[:, 0, 1]
    else:
        right = analysis.joint.diagonal()
        given_wrongly, missed = analysis.joint.sum(axis=1) - right, analysis.joint.sum(axis=0) - right
    n_rows, n_flagged = labels.class_counts, _flagged_rows(analysis)
    noise = given_wrongly / np.maximum(right + given_wrongly, 1)
    inverse_noise = missed / np.maximum(right + missed, 1)
    rows = [
        ClassHealth(
            name=name,
            n_rows=int(n_rows[k]),
            n_label_issues=int(n_flagged[k]),
            noise=float(noise[k]),
            inverse_noise=float(inverse_noise[k]),
            quality=float(1 - noise[k]),
        )
        for k, name in enumerate(labels.classes)
    ]
    return tuple(sorted(rows, key=lambda row: (row.quality, row.name)))


def _flagged_rows(analysis: Analysis) -> npt.NDArray[np.int64]:
    """Count the label issues among the rows that are given each class, shape (K,)."""
    labels = analysis.evidence.study.labels
    flags = analysis.issues["is_label_issue"].to_numpy()
    if labels.targets.ndim == 2:
        return np.asarray(np.asarray(labels.targets, dtype=bool)[flags].sum(axis=0), dtype=np.int64)
    return np.bincount(labels.codes[flags & labels.is_labeled], minlength=len(labels.classes))


def find_confusions(analysis: Analysis) -> tuple[Confusion, ...]:
    """List the 50 most frequent pairs of given and true class that differ."""
    joint = analysis.joint
    given_rows = np.maximum(joint.sum(axis=1), 1)
    wrong = joint.copy()
    np.fill_diagonal(wrong, 0)
    names = analysis.evidence.study.labels.classes
    return tuple(
        Confusion(names[i], names[j], float(wrong[i, j]), float(wrong[i, j] / given_rows[i]))
        for i, j in _largest(wrong)
    )


def find_overlaps(analysis: Analysis) -> tuple[Overlap, ...]:
    """List the 50 pairs of classes that are mistaken for each other most often."""
    joint = analysis.joint
    both_ways = np.triu(joint + joint.T, k=1)
    rows = analysis.evidence.study.labels.class_counts
    names = analysis.evidence.study.labels.classes
    return tuple(
        Overlap(names[i], names[j], float(both_ways[i, j]), float(both_ways[i, j] / max(1, rows[i] + rows[j])))
        for i, j in _largest(both_ways)
    )


def _largest(counts: npt.NDArray[np.float64]) -> list[tuple[int, int]]:
    flat = np.argsort(-counts, axis=None, kind="stable")[:MAX_PAIRS]
    places = zip(*np.unravel_index(flat, counts.shape), strict=True)
    return [(int(i), int(j)) for i, j in places if counts[i, j] >= _MIN_ROWS]


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
    rarest, largest = int(np.argmin(counts)), int(np.argmax(counts))
    even_share = float(counts.sum() / len(counts))
    return Imbalance(
        rarest=labels.classes[rarest],
        n_rarest=int(counts[rarest]),
        largest=labels.classes[largest],
        n_largest=int(counts[largest]),
        even_share=even_share,
        is_imbalanced=bool(counts[rarest] < MIN_FRACTION_OF_EVEN_SHARE * even_share),
    )
