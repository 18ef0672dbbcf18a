"""Plants label errors with a fixed seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline

SEED = 0
FRACTION = 0.1
_FACTORS = (
    1.6,
    2.5,
)  # a wrong number is its true value times or divided by a factor between these …
_REPLACED = 0.5  # … or, in this share of the errors, the value of another row


def uniform(labels: pd.Series) -> pd.Series:
    """Give a tenth of the rows another class, each as likely as any other."""
    rng = np.random.default_rng(SEED)
    classes = np.unique(labels)
    codes = np.searchsorted(classes, labels)
    rows = _drawn(len(labels), rng)
    codes[rows] = (codes[rows] + rng.integers(1, len(classes), len(rows))) % len(classes)
    return pd.Series(classes[codes], index=labels.index)


def confusable(labels: pd.Series, features: pd.DataFrame | pd.Series, model: Pipeline) -> pd.Series:
    """Give a tenth of the rows a class that a model confuses with theirs, pairs of classes as often
    as it does.

    The pairs are drawn from the model's out-of-sample probabilities summed by true class; within a
    class any row may be hit, so that what a model finds hard is not what is planted.
    """
    rng = np.random.default_rng(SEED)
    classes = np.unique(labels)
    codes = np.searchsorted(classes, labels)
    pred_probs = cross_val_predict(model, features, codes, cv=3, method="predict_proba")
    joint = np.zeros((len(classes), len(classes)))
    np.add.at(joint, codes, pred_probs)
    np.fill_diagonal(joint, 0)
    wanted = rng.multinomial(round(FRACTION * len(labels)), (joint / joint.sum()).ravel()).reshape(
        joint.shape
    )
    result = codes.copy()
    for code in range(len(classes)):
        targets = np.repeat(np.arange(len(classes)), wanted[code])
        rows = rng.permutation(np.flatnonzero(codes == code))[: len(targets)]
        result[rows] = rng.permutation(targets)[: len(rows)]
    return pd.Series(classes[result], index=labels.index)


def wrong_sets(cells: pd.Series) -> pd.Series:
    """In a tenth of the rows of multi-label cells drop a class, add one, or put one in another's
    place.
    """
    rng = np.random.default_rng(SEED)
    frequent = cells.str.split(",").explode()
    frequent = frequent[frequent != ""].to_numpy()
    result = cells.copy()
    for row in _drawn(len(cells), rng):
        names = set(filter(None, cells.iloc[row].split(",")))
        other = next(name for name in rng.permutation(frequent)[:1000] if name not in names)
        change = rng.integers(3) if names else 1
        if change != 1:
            names.remove(sorted(names)[rng.integers(len(names))])
        if change != 0:
            names.add(other)
        result.iloc[row] = ",".join(sorted(names))
    return result


def wrong_numbers(values: pd.Series) -> pd.Series:
    """Make a tenth of the numbers wrong: by a factor, or by another row's value."""
    rng = np.random.default_rng(SEED)
    result = values.to_numpy(dtype=float).copy()
    rows = _drawn(len(values), rng)
    factors = rng.uniform(*_FACTORS, len(rows)) ** rng.choice([-1, 1], len(rows))
    replaced = rng.random(len(rows)) < _REPLACED
    result[rows] = np.where(replaced, rng.permutation(result)[: len(rows)], result[rows] * factors)
    return pd.Series(result.round(2), index=values.index)


def _drawn(n_rows: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    return rng.choice(n_rows, round(FRACTION * n_rows), replace=False)
