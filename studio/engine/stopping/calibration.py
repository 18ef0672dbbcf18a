"""How likely a flagged label is wrong, and its suggestion right: Bayesian curves of the score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.stopping.review import Review, Verdict

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

N_DRAWS = 1_000
MAX_BINS = 30  # groups of rows with about the same score
MIN_IN_BIN = 4
_EXTREME = 1e-4  # scores closer to 0 or 1 count as this far away
_FARTHEST = 2.5  # standard deviations; scores beyond count as this far away
_SLOPE_MAX, _BEND_MAX = 3.0, 0.6
_N_LEVELS, _N_SLOPES, _N_BENDS = 33, 13, 7
_DRIFT_SD = 0.6  # of the log-odds, across the whole list, away from the rows that were reviewed
_SURE = 0.97  # the models are never believed to be surer than this
_AS_SUGGESTED = 1.6  # log-odds, before any decision, that a wrong label becomes the suggested one


@dataclass(frozen=True, slots=True)
class _Prior:
    """How far the level of a curve may be from where it is expected, in log-odds, how steep the
    curve is and how bent.

    Chosen on data with known errors, see docs/decisions/when-to-stop.md.
    """

    level_sd: float
    slope_mean: float
    slope_sd: float
    bend_sd: float


_OF_ERRORS = _Prior(level_sd=1.0, slope_mean=0.7, slope_sd=0.8, bend_sd=0.25)
# Wide, as with two classes nearly every wrong label becomes the other one.
_OF_SUGGESTIONS = _Prior(level_sd=2.5, slope_mean=0.5, slope_sd=0.5, bend_sd=0.25)


@dataclass(frozen=True, slots=True)
class Bins:
    """Flagged rows in groups of about the same score, highest first, each with its decisions."""

    places: Floats
    scores: Floats
    n_rows: Counts
    n_wrong: Counts
    n_right: Counts
    n_as_suggested: Counts
    n_open: Counts


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """Scores as log-odds, measured in standard deviations of the flagged rows."""

    mean: float
    sd: float

    @classmethod
    def of(cls, scores: Floats) -> ScoreScale:
        """Measure the scores of all flagged rows."""
        odds = _log_odds(scores)
        sd = float(odds.std())
        return cls(float(odds.mean()), sd if sd > 0 else 1.0)

    def places(self, scores: Floats) -> Floats:
        """Return where the scores stand."""
        found = (_log_odds(scores) - self.mean) / self.sd
        return np.clip(found, -_FARTHEST, _FARTHEST)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Draws from the posterior of a curve that maps a score to a probability.

    The log-odds are `level + slope · x + bend · (x² − 1)`, x the place of the score.
    They rise with the score wherever flagged rows are. The farther a place is from the `known`
    ones, where rows were reviewed, the more it may drift away from the curve.
    """

    scale: ScoreScale
    levels: Floats
    slopes: Floats
    bends: Floats
    drifts: Floats
    known: Floats

    def probabilities(self, scores: Floats) -> Floats:
        """Return the probability at each score in each draw, shape (n_draws, n)."""
        x = self.scale.places(scores)
        odds = _log_odds_of(self.levels, self.slopes, self.bends, x)
        return _logistic(odds + self.drifts[:, None] * np.sqrt(self._distances(x)))

    def _distances(self, x: Floats) -> Floats:
        """Return how far places are from the rows that were reviewed, in standard deviations."""
        if not len(self.known):
            return np.zeros(len(x))
        return np.asarray(np.abs(x[:, None] - self.known).min(axis=1))


def calibrated(review: Review) -> tuple[Calibration, Bins]:
    """Return how likely labels are wrong after the decisions of the review, and the rows in groups.

    Notes
    -----
    The prior is centred on the models' own estimate of how many flagged labels are wrong. The
    posterior is computed on a grid, so that the same decisions always give the same answer.
    """
    scale = ScoreScale.of(review.scores)
    bins = _bins(review, scale)
    shares = bins.n_rows / bins.n_rows.sum()
    precision = review.models.n_flagged_wrong / len(review.scores)
    centre = _level_of(min(max(precision, 1 - _SURE), _SURE), bins.places, shares)
    return _fitted(scale, bins.places, (bins.n_wrong, bins.n_right), centre, _OF_ERRORS), bins


def calibrated_suggestions(bins: Bins, scale: ScoreScale) -> Calibration:
    """Return how likely wrong labels become the suggested one.

    The suggestions of higher scores are right more often, so that decisions about the first rows
    alone promise too much of the rows that follow.
    """
    n_otherwise = bins.n_wrong - bins.n_as_suggested
    counts = bins.n_as_suggested, n_otherwise
    return _fitted(scale, bins.places, counts, _AS_SUGGESTED, _OF_SUGGESTIONS, seed=3)


def _fitted(
    scale: ScoreScale,
    places: Floats,
    counts: tuple[Counts, Counts],
    centre: float,
    prior: _Prior,
    *,
    seed: int = 0,
) -> Calibration:
    """Return the posterior of a curve, given how often each group was a hit and a miss."""
    n_hits, n_misses = counts
    levels, slopes, bends, log_prior = _grid(places, centre, prior)
    chances = _logistic(_log_odds_of(levels, slopes, bends, places))
    # Groups without decisions add nothing.
    is_judged = (n_hits + n_misses) > 0
    judged = np.clip(chances[:, is_judged], 1e-12, 1 - 1e-12)
    log_likelihood = np.log(judged) @ n_hits[is_judged]
    log_likelihood += np.log1p(-judged) @ n_misses[is_judged]
    log_posterior = log_prior + log_likelihood
    weights = np.exp(log_posterior - log_posterior.max())
    rng = np.random.default_rng(seed)
    drawn = rng.choice(len(weights), N_DRAWS, p=weights / weights.sum())
    drifts = rng.normal(0, _DRIFT_SD, N_DRAWS)
    known = places[is_judged]
    return Calibration(scale, levels[drawn], slopes[drawn], bends[drawn], drifts, known)


def _bins(review: Review, scale: ScoreScale) -> Bins:
    order = np.argsort(-review.scores, kind="stable")
    n_bins = max(1, min(MAX_BINS, len(order) // MIN_IN_BIN))
    starts = np.linspace(0, len(order), n_bins, endpoint=False).astype(np.int64)
    scores = review.scores[order]
    verdicts = review.verdicts[order]
    n_rows = np.diff(np.append(starts, len(order)))
    return Bins(
        places=np.add.reduceat(scale.places(scores), starts) / n_rows,
        scores=np.add.reduceat(scores, starts) / n_rows,
        n_rows=n_rows,
        n_wrong=_counted(verdicts == Verdict.WRONG, starts),
        n_right=_counted(verdicts == Verdict.RIGHT, starts),
        n_as_suggested=_counted(
            (verdicts == Verdict.WRONG) & review.is_as_suggested[order], starts
        ),
        n_open=_counted(verdicts == Verdict.OPEN, starts),
    )


def _counted(is_counted: npt.NDArray[np.bool_], starts: Counts) -> npt.NDArray[np.int64]:
    return np.add.reduceat(is_counted.astype(np.int64), starts)


def _grid(places: Floats, centre: float, prior: _Prior) -> tuple[Floats, Floats, Floats, Floats]:
    """Return level, slope, bend and log prior of each curve that is considered."""
    steps = np.linspace(-4, 4, _N_LEVELS)
    grid = np.meshgrid(
        centre + prior.level_sd * steps,
        np.linspace(0, _SLOPE_MAX, _N_SLOPES),
        np.linspace(-_BEND_MAX, _BEND_MAX, _N_BENDS),
        indexing="ij",
    )
    levels, slopes, bends = (part.ravel() for part in grid)
    ends = np.array([places.min(), places.max()])
    is_monotone = ((slopes[:, None] + 2 * bends[:, None] * ends) >= 0).all(axis=1)
    levels, slopes, bends = levels[is_monotone], slopes[is_monotone], bends[is_monotone]
    log_prior = -0.5 * (
        ((levels - centre) / prior.level_sd) ** 2
        + ((slopes - prior.slope_mean) / prior.slope_sd) ** 2
        + (bends / prior.bend_sd) ** 2
    )
    return levels, slopes, bends, log_prior


def _level_of(precision: float, places: Floats, shares: Floats) -> float:
    """Return the level at which a curve of the mean slope has this precision over all rows."""
    low, high = -12.0, 12.0
    for _ in range(50):
        level = (low + high) / 2
        if _logistic(level + _OF_ERRORS.slope_mean * places) @ shares < precision:
            low = level
        else:
            high = level
    return (low + high) / 2


def _log_odds_of(levels: Floats, slopes: Floats, bends: Floats, x: Floats) -> Floats:
    return levels[:, None] + slopes[:, None] * x + bends[:, None] * (x**2 - 1)


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), dtype=np.float64)


def _log_odds(scores: Floats) -> Floats:
    clipped = np.clip(scores, _EXTREME, 1 - _EXTREME)
    return np.log(clipped / (1 - clipped))
