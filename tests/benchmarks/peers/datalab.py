"""Datalab as in its tutorials: embeddings and a linear model for text, gradient boosting for
tables.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from cleanlab import Datalab
from sklearn.model_selection import cross_val_predict
from sklearn.preprocessing import LabelEncoder, MultiLabelBinarizer

from tests.benchmarks.peers.job import N_FOLDS, Found, Job, Predicted, class_sets, run
from tests.benchmarks.peers.models import linear_head, scaled_table, table_pipeline


def find(job: Job) -> Found:
    """Let Datalab look for every issue type that it can find with these inputs."""
    features, labels = _features(job), job.labels()
    model = _model(job, features)
    space = features if job.text else scaled_table(features).fit_transform(features)
    if job.task == "regression":
        predictions = cross_val_predict(model, features, labels, cv=N_FOLDS)
        return _issues(
            Datalab({"label": labels.tolist()}, label_name="label", task="regression"),
            predictions,
            space,
        )
    if job.task == "multi-label":
        indicators = MultiLabelBinarizer().fit_transform(class_sets(labels))
        pred_probs = cross_val_predict(
            model, features, indicators, cv=N_FOLDS, method="predict_proba"
        )
        sets = [[code for code, has in enumerate(row) if has] for row in indicators]
        return _issues(
            Datalab({"label": sets}, label_name="label", task="multilabel"), pred_probs, space
        )
    codes = LabelEncoder().fit_transform(labels)
    pred_probs = cross_val_predict(model, features, codes, cv=N_FOLDS, method="predict_proba")
    return _issues(
        Datalab({"label": codes.tolist()}, label_name="label", task="classification"),
        pred_probs,
        space,
    )


def _issues(lab: Datalab, pred_probs: np.ndarray, space: np.ndarray) -> Found:
    lab.find_issues(pred_probs=pred_probs, features=np.asarray(space))
    issues = lab.get_issues("label")
    return Found(1 - issues["label_score"].to_numpy(), issues["is_label_issue"].to_numpy())


def learn(job: Job, labels: pd.Series) -> Predicted:
    """Fit the same model on all rows."""
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


def _features(job: Job, *, of_test: bool = False) -> pd.DataFrame | np.ndarray:
    return job.embeddings(of_test=of_test) if job.text else job.frame(of_test=of_test)


def _model(job: Job, features: pd.DataFrame | np.ndarray) -> object:
    return linear_head(job.task) if job.text else table_pipeline(job.task, features)


if __name__ == "__main__":
    run(find, learn)
