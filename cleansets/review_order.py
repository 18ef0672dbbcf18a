"""Orders of review besides that of the scores: the most valuable rows first, and random rows.

Both depend on the results alone, which never change, so that the order stays as it is while people
decide, and each process computes it once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleansets.mapped_results import mapped_table
from studio import tables
from studio.engine.stopping.order import Codes, Flagged, most_valuable_first

VALUABLE = "valuable"
# One of so many rows is a random one that is not flagged.
RANDOM_PERIODS = {"valuable-random-10": 10, "valuable-random-5": 5}
REVIEW_ORDERS = (VALUABLE, *RANDOM_PERIODS)
VALUE_PLACE = "value_place"
RANDOM_PLACE = "random_place"
FLAG, SCORE = "is_label_issue", "label_issue_score"
MAX_RANDOM_ROWS = 1_000  # that a view of random rows lists
ENOUGH_DECIDED = 0.9
_N_DIRECTIONS = 3  # whose signs tell topics apart
_SEED = 0


@dataclass(frozen=True, slots=True)
class ReviewPlaces:
    """Places from 1: of each flagged row by value, of each other labeled row by chance; else 0.

    `random_rows` are the labeled rows that are not flagged, in random order.
    """

    by_value: npt.NDArray[np.int32]
    by_chance: npt.NDArray[np.int32]
    random_rows: npt.NDArray[np.int64]

    @property
    def n_flagged(self) -> int:
        """The number of flagged rows."""
        return int(self.by_value.max(initial=0))


@lru_cache(maxsize=4)
def review_places(results_key: str, space_key: str) -> ReviewPlaces | None:
    """Return the places of all rows; None if labels were not checked.

    `space_key` are vectors of the rows' contents, if there are any.
    """
    results = mapped_table(results_key)
    if FLAG not in results.column_names:
        return None
    is_flagged = results.column(FLAG).to_numpy()
    rows = np.flatnonzero(is_flagged)
    by_value = np.zeros(len(results), dtype=np.int32)
    order = most_valuable_first(_flagged(results, rows, space_key))
    by_value[rows[order]] = np.arange(1, len(rows) + 1)
    can_be_drawn = ~is_flagged & is_labeled(results)
    others = np.flatnonzero(can_be_drawn)
    by_chance = np.zeros(len(results), dtype=np.int32)
    shuffled = np.random.default_rng(_SEED).permutation(others)
    by_chance[shuffled] = np.arange(1, len(others) + 1)
    return ReviewPlaces(by_value, by_chance, shuffled)


def is_labeled(results: pa.Table) -> npt.NDArray[np.bool_]:
    """Return which rows have a label and were analysed."""
    labeled = np.ones(len(results), dtype=bool)
    for name in ("is_initially_unlabeled", "is_not_analyzed"):
        if name in results.column_names:
            labeled &= ~results.column(name).to_numpy()
    return labeled


def n_reviewed_of(rows: npt.NDArray[np.int64], is_decided: npt.NDArray[np.bool_]) -> int:
    """Return how many of the random rows, from the first one on, count as reviewed.

    A row that somebody looked at because it seemed wrong is no evidence of the others. So only the
    beginning of the random order counts, as far as nearly all of it is decided.
    """
    n_at_most = int(np.count_nonzero(is_decided) / ENOUGH_DECIDED)
    rows = rows[:n_at_most]
    decided = np.cumsum(is_decided[rows])
    is_enough = decided >= ENOUGH_DECIDED * np.arange(1, len(rows) + 1)
    places = np.flatnonzero(is_enough)
    return int(places[-1]) + 1 if len(places) else 0


def _flagged(results: pa.Table, rows: npt.NDArray[np.int64], space_key: str) -> Flagged:
    flagged = results.take(pa.array(rows))
    return Flagged(
        scores=flagged.column(SCORE).to_numpy().astype(np.float64),
        given=_codes(flagged, "given_label"),
        suggested=_codes(flagged, "suggested_label"),
        topic=_topics(space_key, rows),
        duplicate_set=_sets(flagged),
    )


def _codes(table: pa.Table, column: str) -> Codes:
    if column not in table.column_names:
        return np.zeros(len(table), dtype=np.int64)
    texts = table.column(column).cast(pa.string()).combine_chunks().dictionary_encode()
    codes = pc.fill_null(texts.indices, -1).to_numpy(zero_copy_only=False)
    return np.asarray(codes, dtype=np.int64)


def _sets(table: pa.Table) -> Codes:
    column = "near_duplicate_cluster_id"
    if column not in table.column_names:
        return np.full(len(table), -1, dtype=np.int64)
    sets = pc.fill_null(table.column(column).cast(pa.int64()), -1)
    return np.asarray(sets.to_numpy(), dtype=np.int64)


def _topics(space_key: str, rows: npt.NDArray[np.int64]) -> Codes:
    """Group rows by the sides of a few planes on which their contents lie."""
    if not space_key or not len(rows):
        return np.zeros(len(rows), dtype=np.int64)
    space = np.load(tables.local_path(space_key), mmap_mode="r")
    vectors = np.nan_to_num(np.asarray(space[rows], dtype=np.float32))
    directions = np.random.default_rng(_SEED).normal(size=(vectors.shape[1], _N_DIRECTIONS))
    sides = (vectors - vectors.mean(axis=0)) @ directions.astype(np.float32) > 0
    return np.asarray(sides @ (2 ** np.arange(_N_DIRECTIONS)), dtype=np.int64)
