"""How unlike the training data a row is, by its nearest rows and by the classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from scipy.stats import rankdata

from studio.engine.guard.class_scores import MAX_DIMENSIONS, ClassScores, fit_class_scores
from studio.engine.guard.near_rows import NearRows
from studio.engine.guard.space import Vectors

FALSE_ALARMS = 0.01  # of rows like those of the training data
MAX_CALIBRATION_ROWS = 5_000
_MAX_FITTED_ROWS = 20_000
_MAX_JUDGED_ROWS = 2_000
# Of the distance from the classes. A row that is far from everything is about as far from the
# classes as from the middle, so near rows count for at least half.
_WEIGHTS = (0.0, 0.25, 0.5)
_MIN_CLASSES = 10  # from which leaving out some of them shows what recognises new ones
_N_GROUPS = 5
_SD_PER_IQR = 0.7413  # of a normal distribution

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """Centre and spread of a measure over the training rows."""

    centre: float
    spread: float

    @classmethod
    def of(cls, values: npt.NDArray[np.floating]) -> Scale:
        low, centre, high = np.quantile(values.astype(np.float64), [0.25, 0.5, 0.75])
        spread = _SD_PER_IQR * float(high - low) or float(values.std()) or 1.0
        return cls(float(centre), spread)

    def standardised(self, values: npt.NDArray[np.floating]) -> Floats:
        return (values.astype(np.float64) - self.centre) / self.spread


@dataclass(frozen=True, slots=True)
class Strangeness:
    """A measure of how unlike the training data a row is.

    Attributes
    ----------
    distances
        Scale of the mean distance to the nearest rows.
    classes, from_classes
        How far rows are from the classes, and the scale of that; None if near rows alone decide.
    weight
        That of the classes; near rows have the rest.
    threshold
        The measure that one training row in a hundred exceeds when it is left out.
    """

    distances: Scale
    threshold: float
    classes: ClassScores | None = None
    from_classes: Scale | None = None
    weight: float = 0.0

    def scores(self, vectors: Vectors, distances: npt.NDArray[np.float32]) -> Floats:
        """Return out-of-distribution scores from 0 to 1, above 0.5 beyond the threshold.

        `distances` are those to the nearest rows, shape (n, k).
        """
        measure = self.distances.standardised(distances.mean(axis=1))
        if self.classes is not None and self.from_classes is not None:
            from_classes = self.from_classes.standardised(self.classes.distances(vectors))
            measure = (1 - self.weight) * measure + self.weight * from_classes
        return np.asarray(expit(measure - self.threshold), dtype=np.float64)


def fit_strangeness(
    vectors: Vectors,
    near_rows: NearRows,
    own: npt.NDArray[np.int64],
    codes: npt.NDArray[np.int64] | None,
    *,
    seed: int,
) -> Strangeness:
    """Learn from training rows, each measured as if it had been left out.

    Parameters
    ----------
    vectors
        Of the n training rows.
    near_rows, own
        The rows that are kept, and the position of each training row among them or -1.
    codes
        Classes of the rows; None if they do not have one class each.

    Notes
    -----
    How much the distance from the classes counts is chosen by leaving out whole classes in turn:
    their rows are then as new as those of a subject that nobody thought of. With few classes, or
    many features, near rows alone decide.
    """
    drawn = np.arange(len(vectors))
    if len(drawn) > MAX_CALIBRATION_ROWS:
        generator = np.random.default_rng(seed)
        drawn = np.sort(generator.choice(drawn, MAX_CALIBRATION_ROWS, replace=False))
    found, _ = near_rows.search(vectors[drawn], own[drawn])
    mean_distances = found.mean(axis=1)
    distances = Scale.of(mean_distances)
    measure = distances.standardised(mean_distances)
    n_classes = 0 if codes is None else int(codes.max()) + 1
    if codes is None or n_classes < _MIN_CLASSES or vectors.shape[1] > MAX_DIMENSIONS:
        return Strangeness(distances, _threshold(measure))
    weight = _chosen_weight(vectors, codes, n_classes, seed)
    if not weight:
        return Strangeness(distances, _threshold(measure))
    fitted = _fitted_rows(len(vectors), seed)
    classes, of_fitted = fit_class_scores(vectors[fitted], codes[fitted], n_classes)
    from_classes = Scale.of(of_fitted)
    # Rows that were not fitted are left out anyway.
    of_drawn = classes.distances(vectors[drawn])
    is_fitted = np.isin(drawn, fitted)
    of_drawn[is_fitted] = of_fitted[np.searchsorted(fitted, drawn[is_fitted])]
    measure = (1 - weight) * measure + weight * from_classes.standardised(of_drawn)
    return Strangeness(distances, _threshold(measure), classes, from_classes, weight)


def _threshold(measure: Floats) -> float:
    return float(np.quantile(measure, 1 - FALSE_ALARMS))


def _fitted_rows(n_rows: int, seed: int) -> npt.NDArray[np.int64]:
    rows = np.arange(n_rows)
    if n_rows <= _MAX_FITTED_ROWS:
        return rows
    chosen = np.random.default_rng(seed).choice(rows, _MAX_FITTED_ROWS, replace=False)
    return np.asarray(np.sort(chosen))


def _chosen_weight(
    vectors: Vectors, codes: npt.NDArray[np.int64], n_classes: int, seed: int
) -> float:
    """Return the weight under which rows of classes that were left out stand out most."""
    generator = np.random.default_rng(seed)
    group_of_class = generator.permutation(n_classes) % _N_GROUPS
    is_judged = np.zeros(len(codes), dtype=bool)
    n_judged = min(_MAX_JUDGED_ROWS, len(codes) // 4)
    is_judged[generator.choice(len(codes), n_judged, replace=False)] = True
    areas = np.zeros(len(_WEIGHTS))
    for group in range(_N_GROUPS):
        is_new = group_of_class[codes] == group
        kept = np.flatnonzero(~is_new & ~is_judged)
        judged = np.flatnonzero(is_judged)
        if len(kept) > MAX_CALIBRATION_ROWS:
            kept = np.sort(generator.choice(kept, MAX_CALIBRATION_ROWS, replace=False))
        known, of_kept = np.unique(codes[kept], return_inverse=True)
        classes, _ = fit_class_scores(vectors[kept], of_kept, len(known))
        near_rows = NearRows(vectors[kept].astype(np.float16), kept, ())
        distances, _ = near_rows.search(vectors[judged])
        strange = is_new[judged]
        if strange.all() or not strange.any():
            continue
        mean_distances = distances.mean(axis=1)
        from_classes = classes.distances(vectors[judged])
        by_distance = Scale.of(mean_distances[~strange]).standardised(mean_distances)
        by_class = Scale.of(from_classes[~strange]).standardised(from_classes)
        for place, weight in enumerate(_WEIGHTS):
            areas[place] += _area((1 - weight) * by_distance + weight * by_class, strange)
    return _WEIGHTS[int(np.argmax(areas))]


def _area(measure: Floats, is_strange: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve of a measure that should be high for strange rows."""
    ranks = rankdata(measure)
    n_strange = int(is_strange.sum())
    excess = ranks[is_strange].sum() - n_strange * (n_strange + 1) / 2
    return float(excess / (n_strange * (len(measure) - n_strange)))
