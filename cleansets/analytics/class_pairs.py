"""Which classes of multi-label rows are given together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from cleansets import selectors
from cleansets.analytics.kept import kept
from cleansets.models import Cleanset
from studio.engine.ml_task import MLTask


@dataclass(frozen=True, slots=True)
class ClassPairs:
    """Rows by class, most frequent first, and by pair of classes, in the order of the classes."""

    n_rows: dict[str, int]
    n_together: dict[tuple[str, str], int]

    def together(self, first: str, second: str) -> int:
        """Return how many rows have both."""
        return self.n_together.get((first, second), 0) + self.n_together.get((second, first), 0)


def class_pairs(cleanset: Cleanset) -> ClassPairs | None:
    """Count pairs of given classes; None for other tasks."""
    if cleanset.task is not MLTask.MULTI_LABEL:
        return None
    return kept(cleanset, "class_pairs", lambda: _class_pairs(cleanset))


def _class_pairs(cleanset: Cleanset) -> ClassPairs:
    n_rows: Counter[str] = Counter()
    n_together: Counter[tuple[str, str]] = Counter()
    found = selectors.row_source(cleanset).fetch(
        "SELECT given_label::VARCHAR, count(*) FROM issues WHERE given_label IS NOT NULL GROUP BY 1"
    )
    for label, count in found:
        names = sorted(selectors.classes_in(cleanset.task, label))
        for name in names:
            n_rows[name] += count
        for pair in combinations(names, 2):
            n_together[pair] += count
    by_size = sorted(n_rows, key=lambda name: (-n_rows[name], name))
    return ClassPairs({name: n_rows[name] for name in by_size}, dict(n_together))
