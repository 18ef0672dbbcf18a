"""How far the list of label issues can be trusted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.engine.fitting.metrics import kappa
from studio.engine.health.base import Analysis
from studio.engine.issues.labels.label_issue_numbers import gross_errors
from studio.engine.ml_task import MLTask
from studio.engine.schema.health import Trust
from studio.engine.tasks.multi_label import given_set_probabilities

N_THRESHOLDS = 50  # at which the two distributions are compared
MAX_CELLS = 5_000_000  # probabilities that are sorted; beyond that, a random sample of the rows
_LOWEST = 0.02  # quantile of the lowest threshold; below it, too few rows make the ratio noisy


def find_trust(analysis: Analysis) -> Trust | None:
    """Estimate how many of the flagged rows are wrong; None if no estimate is possible."""
    return _FINDERS[analysis.evidence.study.spec.task](analysis)


def _trust_in_classes(analysis: Analysis) -> Trust | None:
    """Estimate how many of the flagged rows are wrong; None with fewer than two classes.

    Notes
    -----
    Given labels alone never show whether a label is wrong or only improbable. The estimate is the
    larger of two.

    One is the mean probability that a flagged label is wrong, from the noise of the calibration. It
    is good where labels are wrong at random, and too low where mainly hard rows are mislabeled.

    The other is the geometric mean of two figures. One is the recall, which equals the precision
    if as many rows are flagged as are wrong: the expected errors among the flagged rows as a
    fraction of all expected errors. It is right even if the noise is estimated too low. The other
    is the larger of the mean above and the geometric mean of two that err in opposite
    circumstances:

    - An upper bound. Assume that a wrong label is one of the classes other than the likeliest,
      drawn by their predicted probabilities, and let W be the distribution of the probability of
      such a label. The distribution F of the given labels' probabilities is a mixture of W and an
      unknown one, so the fraction of wrong labels is at most the smallest F(t) / W(t); the fraction
      among flagged rows follows by Bayes' rule. Where classes cannot be told apart, improbable
      right labels look just like W, and the bound is loose.
    - The kappa of likeliest and given classes.

    How close the estimate came: docs/decisions/number-of-flags.md.

    References
    ----------
    Blanchard, Lee and Scott, Semi-Supervised Novelty Detection (JMLR 2010), for the bound.
    """
    study = analysis.evidence.study
    is_learnable = study.is_class_learnable
    is_judged = is_learnable & study.is_learned
    if len(study.labels.classes) < 2 or not is_judged.any():
        return None
    codes = study.labels.codes[is_judged]
    calibration = analysis.evidence.calibration
    judged = analysis.evidence.judged_probs[is_judged, : study.n_learned_classes]
    probabilities = np.clip(np.asarray(judged, dtype=np.float64), 1e-9, 1)
    given = probabilities[np.arange(len(codes)), codes]
    flagged_rows = np.flatnonzero(analysis.issues["is_label_issue"].to_numpy() & is_learnable)
    flagged_codes = study.labels.codes[flagged_rows]
    flagged = analysis.evidence.judged_probs[flagged_rows, flagged_codes].astype(np.float64)
    flagged = np.clip(flagged, 1e-9, 1)
    n_flagged = len(flagged_rows)
    held_out = float((probabilities.argmax(axis=1) == codes).mean())
    baseline = float(study.labels.class_counts.max() / study.labels.class_counts.sum())
    if not n_flagged:
        return Trust(0, 0, held_out, baseline)
    by_noise = float(calibration.wrong_if_given(flagged).mean())
    bound = _bound(
        calibration.as_given(given),
        _sample(calibration.as_given(probabilities), study.spec.seed),
        calibration.as_given(flagged),
    )
    by_bound = max(by_noise, float(np.sqrt(bound * kappa(judged, codes))))
    recall = by_bound
    if by_noise > 0:
        wrong = calibration.wrong_if_given(given)
        is_flagged = analysis.issues["is_label_issue"].to_numpy()[is_judged]
        recall = float(wrong[is_flagged].sum() / wrong.sum())
    precision = max(by_noise, float(np.sqrt(by_bound * recall)))
    return Trust(n_flagged, round(precision * n_flagged), held_out, baseline)


def _trust_in_sets(analysis: Analysis) -> Trust | None:
    """Sum the probabilities that flagged rows have a wrong answer."""
    evidence = analysis.evidence
    answers = evidence.calibration.answers
    is_flagged = analysis.issues["is_label_issue"].to_numpy()
    n_flagged = int(is_flagged.sum())
    if answers is None or not n_flagged:
        return Trust(0, 0)
    members = np.asarray(evidence.study.labels.targets, dtype=bool)[is_flagged]
    applies = answers.if_given(evidence.pred_probs[is_flagged], members)
    is_right = given_set_probabilities(applies, members).prod(axis=1)
    return Trust(n_flagged, round(float((1 - is_right).sum())))


def _trust_in_numbers(analysis: Analysis) -> Trust | None:
    """Multiply the flagged rows by the expected precision of the gross errors."""
    n_flagged = int(analysis.issues["is_label_issue"].sum())
    if not n_flagged:
        return Trust(0, 0)
    return Trust(n_flagged, round(gross_errors(analysis.evidence).precision * n_flagged))


_FINDERS = {
    MLTask.MULTI_CLASS: _trust_in_classes,
    MLTask.MULTI_LABEL: _trust_in_sets,
    MLTask.REGRESSION: _trust_in_numbers,
}


def _sample(probabilities: npt.NDArray[np.float64], seed: int) -> npt.NDArray[np.float64]:
    n_rows = max(1, MAX_CELLS // probabilities.shape[1])
    drawn = np.arange(len(probabilities))
    if len(drawn) > n_rows:
        drawn = np.random.default_rng(seed).choice(drawn, n_rows, replace=False)
    return np.asarray(probabilities[drawn], dtype=np.float64)


def _bound(
    given: npt.NDArray[np.float64],
    probabilities: npt.NDArray[np.float64],
    flagged: npt.NDArray[np.float64],
) -> float:
    """Return an upper bound on the fraction of flagged rows that are wrong.

    Parameters
    ----------
    given
        Probability of each row's given class, shape (n,).
    probabilities
        Those of all classes, for a sample of the rows, shape (m, K).
    flagged
        Probability of the given class of each flagged row, test rows among them.
    """
    thresholds = np.quantile(given, np.linspace(_LOWEST, 1, N_THRESHOLDS))
    observed = np.searchsorted(np.sort(given), thresholds, side="right") / len(given)
    wrong = _wrong_distribution(probabilities, np.append(thresholds, flagged.max()))
    fraction_wrong = min(1.0, float((observed / np.maximum(wrong[:-1], 1e-12)).min()))
    # A flagged test row may be less likely than all rows that are learned from.
    n_below = max(1, int((given <= flagged.max()).sum()))
    return min(1.0, fraction_wrong * float(wrong[-1]) / (n_below / len(given)))


def _wrong_distribution(
    probabilities: npt.NDArray[np.float64], thresholds: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return W(t) at each threshold: how often a wrong label's probability is at most t."""
    unlikely = probabilities.copy()
    unlikely[np.arange(len(unlikely)), unlikely.argmax(axis=1)] = 0
    weights = unlikely / np.maximum(unlikely.sum(axis=1, keepdims=True), 1e-12) / len(unlikely)
    order = np.argsort(unlikely, axis=None)
    cumulative = np.cumsum(weights.ravel()[order])
    places = np.searchsorted(unlikely.ravel()[order], thresholds, side="right")
    return np.asarray(np.append(0.0, cumulative)[places], dtype=np.float64)
