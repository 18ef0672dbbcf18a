"""How the folds agree about a row.

The models that predict a row learned from all folds but its own. Each of these folds by itself
says something about the row, too: the labels of the rows in it that are most like the row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from cleansets import row_query
from cleansets.label_text import number, number_text
from cleansets.models import Cleanset
from cleansets.row_query import RowSource
from studio.engine.conventions.label_sets import split_labels
from studio.engine.ml_task import MLTask

MIN_FOLDS = 2  # that can agree


@dataclass(frozen=True, slots=True)
class FoldVote:
    """What most of the similar rows in a fold have: a class, or a number as their median.

    `fold` counts from 1; `n_same` of the `n_rows` rows have the class. Of sets, the class is
    always the one in doubt, whether many have it or few.
    """

    fold: int
    label: str
    n_same: int | None
    n_rows: int


def fold_votes(
    cleanset: Cleanset, near: Mapping[int, Sequence[int]], source: RowSource, doubted: str
) -> list[FoldVote]:
    """Return what each fold speaks for, given the similar rows in it; `doubted` is the class of a
    set that is in doubt.
    """
    row_ids = [row_id for rows in near.values() for row_id in rows]
    facts = row_query.fetch_decidable(row_ids, source)
    votes = []
    for fold, rows in near.items():
        labels = [facts[row_id]["clean_label"] for row_id in rows]
        vote = _vote(cleanset, fold + 1, [label for label in labels if label is not None], doubted)
        if vote is not None:
            votes.append(vote)
    return votes if len(votes) >= MIN_FOLDS else []


def _vote(cleanset: Cleanset, fold: int, labels: list[str], doubted: str) -> FoldVote | None:
    if not labels:
        return None
    n_rows = len(labels)
    if cleanset.task is MLTask.MULTI_LABEL:
        n_same = sum(doubted in split_labels(label) for label in labels)
        return FoldVote(fold, doubted, n_same, n_rows) if doubted else None
    if cleanset.task is MLTask.REGRESSION:
        convention = cleanset.label_convention
        numbers = [number(label, convention) for label in labels]
        known = [value for value in numbers if value is not None]
        if not known:
            return None
        return FoldVote(fold, number_text(median(known), convention), None, len(known))
    label, n_same = Counter(labels).most_common(1)[0]
    return FoldVote(fold, label, n_same, n_rows)


def folds_sentence(task: MLTask, votes: Sequence[FoldVote]) -> str:
    """Say how the folds agree."""
    if not votes:
        return ""
    n_folds = len(votes)
    if task is MLTask.REGRESSION:
        folds = ", ".join(vote.label for vote in votes)
        return f"Fold by fold, the medians of the most similar rows are {folds}."
    if task is MLTask.MULTI_LABEL:
        n_for = sum(2 * (vote.n_same or 0) > vote.n_rows for vote in votes)
        return (
            f"Fold by fold, most similar rows have “{votes[0].label}” in {n_for} of {n_folds}"
            " folds."
        )
    counted = Counter(vote.label for vote in votes).most_common()
    if len(counted) == 1:
        return f"Each of {n_folds} folds by itself says “{counted[0][0]}”, by its similar rows."
    parts = [f"{n} of {n_folds} folds say “{label}”" for label, n in counted[:1]]
    parts += [f"{n} “{label}”" for label, n in counted[1:]]
    return f"Each by its own similar rows, {', '.join(parts)}."
