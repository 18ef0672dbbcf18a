"""The order in which flagged rows are worth the most to review."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.stopping.calibration import ScoreScale

Codes = npt.NDArray[np.int64]

_DECAY = 0.97  # of the value, each time that twice as many rows of the same kind come before
_BALANCE = 0.15  # how far the gain of a class rises as its number of rows falls
_MOST = 1.2  # and at most


@dataclass(frozen=True, slots=True)
class Flagged:
    """Flagged rows, shape (n,) each.

    Attributes
    ----------
    scores
        The label issue score.
    given, suggested
        Codes of the classes; all 0 where rows have several classes or numbers.
    topic
        Code of a group of rows with similar content; all 0 where there is none.
    duplicate_set
        Number of the set of near duplicates; -1 for none.
    """

    scores: npt.NDArray[np.float64]
    given: Codes
    suggested: Codes
    topic: Codes
    duplicate_set: Codes


def most_valuable_first(flagged: Flagged) -> Codes:
    """Return the positions of the rows, the most valuable one first.

    Notes
    -----
    The value of a row is how likely its label is wrong times what is gained by correcting it. A
    correction gains more in a rare class, where it is a larger share of the labels, and in a set of
    near duplicates, where it tells the labels of the others; one row of each set comes early and
    the others last. Each further row of the same pair of classes and topic is worth a little less.
    Ties are broken by position.
    """
    n_rows = len(flagged.scores)
    value = (
        _likely_wrong(flagged.scores)
        * _gain(flagged.given)
        * np.sqrt(_set_sizes(flagged.duplicate_set))
    )
    kinds = _joint([flagged.given, flagged.suggested, flagged.topic])
    value = value * _DECAY ** np.log2(1 + _ranks(kinds, value))
    is_repeated = _ranks(_own_sets(flagged.duplicate_set), flagged.scores) > 0
    return np.asarray(np.lexsort((np.arange(n_rows), -value, is_repeated)), dtype=np.int64)


def _likely_wrong(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how likely labels are wrong, by a curve that fits most data before any decision."""
    if not len(scores):
        return np.zeros(0)
    odds = 1 + ScoreScale.of(scores).places(scores)
    return np.asarray(1 / (1 + np.exp(-odds)), dtype=np.float64)


def _gain(given: Codes) -> npt.NDArray[np.float64]:
    _, codes, counts = np.unique(given, return_inverse=True, return_counts=True)
    if not len(counts):
        return np.ones(0)
    relative = (np.median(counts) / counts[codes]) ** _BALANCE
    return np.asarray(np.clip(relative, 1 / _MOST, _MOST), dtype=np.float64)


def _set_sizes(sets: Codes) -> Codes:
    _, codes, counts = np.unique(_own_sets(sets), return_inverse=True, return_counts=True)
    return np.asarray(counts[codes], dtype=np.int64)


def _own_sets(sets: Codes) -> Codes:
    """Return the sets, with one of its own for each row that is in none."""
    return np.where(sets < 0, -1 - np.arange(len(sets)), sets)


def _joint(parts: list[Codes]) -> Codes:
    codes = np.zeros(len(parts[0]), dtype=np.int64)
    for part in parts:
        _, own = np.unique(part, return_inverse=True)
        codes = codes * (int(own.max(initial=0)) + 1) + own
    return codes


def _ranks(groups: Codes, value: npt.NDArray[np.float64]) -> Codes:
    """Return how many rows of its group come before each row, highest value first."""
    order = np.lexsort((np.arange(len(groups)), -value, groups))
    ordered = groups[order]
    is_first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    starts = np.maximum.accumulate(np.where(is_first, np.arange(len(ordered)), 0))
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = np.arange(len(ordered)) - starts
    return ranks
