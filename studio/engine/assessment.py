"""Compares candidates on rows that they have not seen, and mixes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studio.engine.candidates import Candidate
from studio.engine.crossval import OutOfSample
from studio.engine.ensemble import ensemble_weights, mixture
from studio.engine.labels import Labels
from studio.engine.metrics import (
    Probabilities,
    accuracy,
    at_temperature,
    fit_temperature,
    given_probabilities,
    log_loss,
)
from studio.engine.schema import CandidateResult

STAGE = "Ensembling"
ENSEMBLE_KEY = "ensemble"


@dataclass(frozen=True, slots=True)
class Member:
    """A candidate's share in the ensemble, and the temperature that calibrates its probabilities."""

    candidate: Candidate
    temperature: float
    weight: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """What cross-validation says of the candidates.

    Attributes
    ----------
    pred_probs
        Out-of-sample probabilities of the ensemble, shape (n_rows, K).
    members
        All candidates in the order of the table, with their weights.
    candidates
        The table of models, best held-out accuracy first, the ensemble among them.
    """

    pred_probs: Probabilities
    members: tuple[Member, ...]
    candidates: tuple[CandidateResult, ...]


def assess(fits: Sequence[OutOfSample], labels: Labels) -> Assessment:
    """Calibrate the candidates, weigh them, and measure each and their mixture on the labeled rows."""
    is_labeled = labels.is_labeled
    codes = labels.codes[is_labeled]
    temperatures = [fit_temperature(fit.pred_probs[is_labeled], codes) for fit in fits]
    calibrated = [at_temperature(fit.pred_probs, t) for fit, t in zip(fits, temperatures, strict=True)]
    given = np.column_stack([given_probabilities(probs[is_labeled], codes) for probs in calibrated])
    weights = ensemble_weights(given)
    pred_probs = mixture(calibrated, weights.tolist())
    members = tuple(
        Member(fit.candidate, temperature, float(weight))
        for fit, temperature, weight in zip(fits, temperatures, weights, strict=True)
    )
    rows = [
        CandidateResult(
            key=fit.candidate.key,
            name=fit.candidate.name,
            accuracy=accuracy(probs[is_labeled], codes),
            log_loss=log_loss(given[:, m]),
            weight=float(weights[m]),
            training_time_s=fit.training_time_s,
            inference_time_s=fit.inference_time_s,
        )
        for m, (fit, probs) in enumerate(zip(fits, calibrated, strict=True))
    ]
    rows.append(_ensemble_row(pred_probs[is_labeled], codes, rows))
    return Assessment(pred_probs, members, tuple(sorted(rows, key=lambda row: (-row.accuracy, row.log_loss))))


def _ensemble_row(
    pred_probs: Probabilities, codes: npt.NDArray[np.int32], rows: Sequence[CandidateResult]
) -> CandidateResult:
    used = [row for row in rows if row.weight > 0]
    return CandidateResult(
        key=ENSEMBLE_KEY,
        name="Ensemble Predictor",
        accuracy=accuracy(pred_probs, codes),
        log_loss=log_loss(given_probabilities(pred_probs, codes)),
        weight=1.0,
        training_time_s=sum(row.training_time_s for row in used),
        inference_time_s=sum(row.inference_time_s for row in used),
    )
