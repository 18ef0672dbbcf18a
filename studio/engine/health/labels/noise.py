"""How many of the given labels are wrong, and how often the models are right about the true
ones.
"""

from __future__ import annotations

from studio.engine.fitting.calibration import wrong_interval
from studio.engine.fitting.metrics import accuracy
from studio.engine.health.base import Analysis
from studio.engine.schema.health import LabelNoise


def find_noise(analysis: Analysis) -> LabelNoise | None:
    """Estimate the share of wrong labels and the accuracy against true ones.

    Notes
    -----
    `wrong_fraction` is what the calibration of the ensemble found. Of wrong labels a model can only
    guess, so accuracy against given labels is `a * t + (1 - a) * f`, where a is that against true
    ones, t and f the probabilities that a true and another class is given; `held_out_true` solves
    it for a.

    None with fewer than two classes.
    """
    evidence = analysis.evidence
    is_judged = evidence.study.is_class_seen
    if len(evidence.study.labels.classes) < 2 or not is_judged.any():
        return None
    codes = evidence.study.labels.codes[is_judged]
    pred_probs = evidence.pred_probs[is_judged]
    calibration = evidence.calibration
    held_out = accuracy(pred_probs, codes)
    spread = calibration.given_if_true - calibration.given_if_not
    held_out_true = (held_out - calibration.given_if_not) / spread if spread > 0 else held_out
    low, high = wrong_interval(pred_probs, codes)
    return LabelNoise(
        wrong_fraction=1 - calibration.given_if_true,
        low=low,
        high=high,
        held_out=held_out,
        held_out_true=min(1.0, max(0.0, held_out_true)),
    )
