"""How often each class occurs among rows without a label, estimated from their predictions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Rows of one predicted class and bin of confidence are one observation.
BIN_EDGES = (0.6, 0.85)
MAX_BINNED_CLASSES = 50  # with more classes, an observation is the predicted class alone
N_DRAWS = 100  # of the weights, for their uncertainty
MAX_ITERATIONS = 200
TOLERANCE = 1e-5  # of the share of a class, at which the iteration ends
PRIOR = 0.5  # rows of a class that are distributed over the observations like all rows


@dataclass(frozen=True, slots=True)
class ClassWeights:
    """How much more often each class occurs among unlabeled rows than among labeled ones.

    Attributes
    ----------
    labeled
        Share of each class among the labeled rows, shape (k,).
    weights
        Estimated share among the unlabeled rows divided by that, shape (k,); 0 for a class without
        labeled rows.
    drawn
        The weights for data as they might have been as well, shape (n_draws, k).
    """

    labeled: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    drawn: npt.NDArray[np.float64]


def observations(
    codes: npt.NDArray[np.int64], confidence: npt.NDArray[np.float64], n_classes: int
) -> npt.NDArray[np.int64]:
    """Return a code for the predicted class of each row with its bin of confidence, shape (n,)."""
    if n_classes > MAX_BINNED_CLASSES:
        return codes
    bins = np.searchsorted(BIN_EDGES, confidence, side="right")
    return np.asarray(codes * (len(BIN_EDGES) + 1) + bins)


def class_weights(
    labeled: npt.NDArray[np.int64],
    given: npt.NDArray[np.int64],
    unlabeled: npt.NDArray[np.int64],
    *,
    n_classes: int,
    seed: int = 0,
) -> ClassWeights:
    """Estimate the weights of the classes.

    Parameters
    ----------
    labeled, unlabeled
        What `observations` returns for out-of-sample predictions of both.
    given
        The class of each labeled row, in [0, n_classes).

    Notes
    -----
    If rows of a class look alike with and without a label, the distribution of the observations
    among unlabeled rows is a mixture of those of the classes among labeled rows. Its shares are
    estimated by maximum likelihood (expectation maximisation). Their uncertainty is that of the
    Bayesian bootstrap over both kinds of rows.

    References
    ----------
    Saerens, Latinne and Decaestecker, Adjusting the Outputs of a Classifier to New a Priori
    Probabilities (2002).
    Lipton, Wang and Smola, Detecting and Correcting for Label Shift with Black Box Predictors
    (2018).
    """
    found, codes = np.unique(np.concatenate([labeled, unlabeled]), return_inverse=True)
    own = codes[: len(labeled)]
    counts = np.bincount(own * n_classes + given, minlength=len(found) * n_classes)
    joint = counts.reshape(len(found), n_classes).astype(np.float64)
    target = np.bincount(codes[len(labeled) :], minlength=len(found)).astype(np.float64)
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(N_DRAWS):
        drawn.append(_weights(rng.gamma(joint), rng.gamma(target)))
    return ClassWeights(joint.sum(axis=0) / joint.sum(), _weights(joint, target), np.array(drawn))


def _weights(
    joint: npt.NDArray[np.float64], target: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    n_of_class = joint.sum(axis=0)
    overall = joint.sum(axis=1) + target
    smooth = PRIOR * overall[:, None] / overall.sum()
    likelihoods = (joint + smooth) / (n_of_class + PRIOR)
    before = n_of_class / n_of_class.sum()
    shares = before
    for _ in range(MAX_ITERATIONS):
        mixture = np.maximum(likelihoods @ shares, np.finfo(np.float64).tiny)
        updated = shares * (likelihoods.T @ (target / mixture))
        updated /= updated.sum()
        is_settled = np.abs(updated - shares).max() < TOLERANCE
        shares = updated
        if is_settled:
            break
    weights: npt.NDArray[np.float64] = np.zeros_like(shares)
    np.divide(shares, before, out=weights, where=before > 0)
    return weights
