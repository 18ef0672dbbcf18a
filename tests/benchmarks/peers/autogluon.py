"""AutoGluon's TabularPredictor, five folds bagged, medium quality, and cleanlab on what it says out
of fold.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace

import pandas as pd
from autogluon.tabular import TabularPredictor
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

from tests.benchmarks.peers.job import N_FOLDS, Found, Job, Predicted, run
from tests.benchmarks.peers.residuals import residual_scores

# For a fit, as one may be given; without it california_housing takes more than nine minutes.
_LIMIT_S = float(os.environ.get("AUTOGLUON_LIMIT_S", "120"))
_PROBLEM = {"regression": "regression", "binary": "binary", "multi-class": "multiclass"}


def find(job: Job) -> Found:
    """Score rows by the self-confidence of their labels."""
    labels = job.labels()
    with tempfile.TemporaryDirectory() as folder:
        predictor = _fitted(job, labels, folder)
        predicted = _predicted(job, predictor) if job.test else None
        if job.task == "regression":
            return replace(residual_scores(labels, predictor.predict_oof()), predicted=predicted)
        pred_probs = predictor.predict_proba_oof()
    codes = pd.Categorical(labels, categories=pred_probs.columns).codes
    values = pred_probs.to_numpy(dtype=float)
    return Found(
        1 - get_label_quality_scores(codes, values), find_label_issues(codes, values), predicted
    )


def learn(job: Job, labels: pd.Series) -> Predicted:
    """Fit in the same way and predict the test rows."""
    with tempfile.TemporaryDirectory() as folder:
        return _predicted(job, _fitted(job, labels, folder))


def _predicted(job: Job, predictor: TabularPredictor) -> Predicted:
    asked = _features(job, of_test=True)
    if job.task == "regression":
        return Predicted(predictor.predict(asked).to_numpy()[:, None], ())
    pred_probs = predictor.predict_proba(asked)
    return Predicted(pred_probs.to_numpy(), tuple(map(str, pred_probs.columns)))


def _fitted(job: Job, labels: pd.Series, folder: str) -> TabularPredictor:
    problem = "binary" if job.task == "multi-class" and labels.nunique() == 2 else job.task
    predictor = TabularPredictor(
        label=job.label,
        problem_type=_PROBLEM[problem],
        eval_metric="root_mean_squared_error" if problem == "regression" else "log_loss",
        path=folder,
        verbosity=1,
    )
    frame = _features(job).assign(**{job.label: labels.to_numpy()})
    # Its forests of numbers look at all of a thousand columns at each split: one took nine minutes
    # beyond the limit.
    without = ["RF", "XT"] if problem == "regression" and job.text else None
    limits = {
        "num_bag_folds": N_FOLDS,
        "dynamic_stacking": False,
        "num_cpus": len(os.sched_getaffinity(0)),
    }
    return predictor.fit(
        frame, presets="medium_quality", time_limit=_LIMIT_S, excluded_model_types=without, **limits
    )


def _features(job: Job, *, of_test: bool = False) -> pd.DataFrame:
    frame = job.frame(of_test=of_test)
    if not job.text:
        return frame
    vectors = job.embeddings(of_test=of_test)
    names = [f"embedding_{place}" for place in range(vectors.shape[1])]
    return pd.concat([frame, pd.DataFrame(vectors, columns=names, index=frame.index)], axis=1)


if __name__ == "__main__":
    run(find, learn)
