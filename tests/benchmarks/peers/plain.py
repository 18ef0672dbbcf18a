"""One scikit-learn pipeline, cross-validation, cleanlab: what a data scientist would write in ten
lines.
"""

from __future__ import annotations

import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.multilabel_classification import filter as multilabel_filter
from cleanlab.multilabel_classification import get_label_quality_scores as multilabel_scores
from cleanlab.rank import get_label_quality_scores
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder, MultiLabelBinarizer

from tests.benchmarks.peers.job import N_FOLDS, Found, Job, Predicted, class_sets, run
from tests.benchmarks.peers.models import table_pipeline, text_pipeline
from tests.benchmarks.peers.residuals import residual_scores


def find(job: Job) -> Found:
    """Score rows by the self-confidence of their labels."""
    features, labels = _features(job), job.labels()
    model = _model(job, features)
    if job.task == "regression":
        predictions = cross_val_predict(model, features, labels, cv=N_FOLDS)
        return residual_scores(labels, predictions)
    if job.task == "multi-label":
        binary = MultiLabelBinarizer()
        indicators = binary.fit_transform(class_sets(labels))
        pred_probs = cross_val_predict(
            model, features, indicators, cv=N_FOLDS, method="predict_proba"
        )
        sets = [[code for code, has in enumerate(row) if has] for row in indicators]
        return Found(
            1 - multilabel_scores(sets, pred_probs),
            multilabel_filter.find_label_issues(sets, pred_probs),
        )
    codes = LabelEncoder().fit_transform(labels)
    pred_probs = cross_val_predict(model, features, codes, cv=N_FOLDS, method="predict_proba")
    return Found(
        1 - get_label_quality_scores(codes, pred_probs), find_label_issues(codes, pred_probs)
    )


def learn(job: Job, labels: pd.Series) -> Predicted:
    """Fit the same pipeline on all rows."""
    features, asked = _features(job), _features(job, of_test=True)
    model = _model(job, features)
    if job.task == "regression":
        return Predicted(model.fit(features, labels).predict(asked)[:, None], ())
    if job.task == "multi-label":
        binary = MultiLabelBinarizer()
        model.fit(features, binary.fit_transform(class_sets(labels)))
        return Predicted(model.predict_proba(asked), tuple(binary.classes_))
    model.fit(features, labels)
    return Predicted(model.predict_proba(asked), tuple(model.classes_))


def _features(job: Job, *, of_test: bool = False) -> pd.DataFrame | pd.Series:
    frame = job.frame(of_test=of_test)
    return frame[job.text] if job.text else frame


def _model(job: Job, features: pd.DataFrame | pd.Series) -> Pipeline:
    return text_pipeline(job.task) if job.text else table_pipeline(job.task, features)


if __name__ == "__main__":
    run(find, learn)
