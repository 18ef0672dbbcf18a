"""What the decisions so far say of the rows that are left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleansets import row_query, selectors
from cleansets.analytics.kept import kept
from cleansets.mapped_results import mapped_table
from cleansets.models import Action, Cleanset
from cleansets.review_order import FLAG, SCORE, is_labeled, n_reviewed_of
from cleansets.row_address import RowQuery
from cleansets.row_query import RowSource
from studio.engine.schema.health import Health
from studio.engine.stopping.estimate import Estimate, errors_among, estimate
from studio.engine.stopping.interval import Interval
from studio.engine.stopping.review import ModelEstimate, RandomRows, Review, Verdict


@dataclass(frozen=True, slots=True)
class _Decisions:
    """The decisions of people, shape (n,) each: rows, and what was found there."""

    rows: npt.NDArray[np.int64]
    verdicts: npt.NDArray[np.int8]
    is_as_suggested: npt.NDArray[np.bool_]


def stopping(cleanset: Cleanset) -> Estimate | None:
    """Return the estimate; None if no label is flagged."""
    return kept(cleanset, "stopping", lambda: _estimated(cleanset))


def _estimated(cleanset: Cleanset) -> Estimate | None:
    found = kept_review(cleanset)
    return None if found is None else estimate(found)


def kept_review(cleanset: Cleanset) -> Review | None:
    """Return the flagged rows with the decisions about them; None if there are none."""
    source = selectors.row_source(cleanset)
    return kept(cleanset, "review", lambda: review_so_far(cleanset, source))


def expected_errors(cleanset: Cleanset, query: RowQuery, k: int) -> tuple[int, Interval] | None:
    """Return how many of the first `k` rows of a view are undecided label issues, and how many of
    these are expected to be wrong; None if there are none.
    """
    review = kept_review(cleanset)
    if review is None:
        return None
    source = selectors.row_source(cleanset)
    scores = np.array(row_query.undecided_scores(query, source, k), dtype=np.float64)
    if not len(scores):
        return None
    return len(scores), errors_among(review, scores)


def review_so_far(cleanset: Cleanset, source: RowSource) -> Review | None:
    """Return the flagged rows with the decisions about them; None if there are none.

    A decision counts as evidence if a person made it about this row. Rows that only Clean Top K
    changed are settled: they are neither evidence nor left to review. A label that was corrected in
    an earlier version is settled, too.
    """
    results = mapped_table(cleanset.issues_key)
    if FLAG not in results.column_names:
        return None
    is_flagged = results.column(FLAG).to_numpy()
    flagged = np.flatnonzero(is_flagged)
    if not len(flagged):
        return None
    decisions = _decisions(source, results)
    verdicts = np.full(len(results), Verdict.OPEN, dtype=np.int8)
    verdicts[decisions.rows] = decisions.verdicts
    is_as_suggested = np.zeros(len(results), dtype=bool)
    is_as_suggested[decisions.rows] = decisions.is_as_suggested
    labeled = is_labeled(results)
    is_unflagged = labeled & ~is_flagged
    return Review(
        scores=results.column(SCORE).to_numpy()[flagged].astype(np.float64),
        verdicts=verdicts[flagged],
        n_labeled=int(labeled.sum()),
        n_unflagged_open=int((is_unflagged & (verdicts == Verdict.OPEN)).sum()),
        random_rows=_random_rows(source, verdicts),
        is_as_suggested=is_as_suggested[flagged],
        models=_expected_by_models(cleanset, len(flagged)),
    )


def _decisions(source: RowSource, results: pa.Table) -> _Decisions:
    reviews = source.reviews.filter(pc.is_valid(source.reviews.column("action")))
    rows = reviews.column("row_id").to_numpy()
    action = reviews.column("action")
    decided = reviews.column("decided_label")
    at_rows = pa.array(rows)
    given = results.column("given_label").take(at_rows).cast(pa.string())
    suggested = results.column("suggested_label").take(at_rows).cast(pa.string())
    is_settled = ~_true(reviews.column("is_manual")) | _true(reviews.column("is_given_corrected"))
    is_excluded = _true(pc.equal(action, Action.EXCLUDE.value))
    is_relabeled = _true(pc.not_equal(decided, given)) | (
        _true(decided.is_valid()) & ~_true(given.is_valid())
    )
    verdicts = np.where(is_excluded | is_relabeled, Verdict.WRONG, Verdict.RIGHT)
    return _Decisions(
        rows=rows,
        verdicts=np.where(is_settled, Verdict.SETTLED, verdicts).astype(np.int8),
        is_as_suggested=_true(pc.equal(decided, suggested)),
    )


def _true(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(column, fill_value=False).to_numpy(), dtype=bool)


def _random_rows(source: RowSource, verdicts: npt.NDArray[np.int8]) -> RandomRows:
    places = source.places
    if places is None:
        return RandomRows()
    rows = places.random_rows
    rows = rows[: n_reviewed_of(rows, verdicts != Verdict.OPEN)]
    seen = verdicts[rows]
    n_wrong = int((seen == Verdict.WRONG).sum())
    return RandomRows(n_wrong, int((seen == Verdict.RIGHT).sum()))


def _expected_by_models(cleanset: Cleanset, n_flagged: int) -> ModelEstimate:
    health = Health.from_dict(cleanset.health)
    if health.trust is None:
        return ModelEstimate(n_flagged / 2)
    expected = health.trust.precision * n_flagged
    noise = health.noise
    quality = health.label_quality
    if noise is None or quality is None:
        return ModelEstimate(expected)
    return ModelEstimate(
        expected,
        n_wrong=noise.wrong_fraction * quality.n_labeled,
        low=noise.low * quality.n_labeled,
        high=noise.high * quality.n_labeled,
    )
