"""What a data scientist would write in ten lines: TF-IDF, logistic regression, cross-validation, cleanlab."""

from __future__ import annotations

import sys

import pandas as pd
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder


def main(source: str, out: str, text: str, label: str) -> None:
    """Write the file's rows with a flag and a score, 1 the worst."""
    frame = pd.read_csv(source, dtype=str, keep_default_na=False)
    labeled = frame[frame[label] != ""]
    y = LabelEncoder().fit_transform(labeled[label])
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
    pred_probs = cross_val_predict(model, labeled[text], y, cv=5, method="predict_proba")
    frame.loc[labeled.index, "is_label_issue"] = find_label_issues(y, pred_probs)
    frame.loc[labeled.index, "label_issue_score"] = 1 - get_label_quality_scores(y, pred_probs)
    frame.to_csv(out, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
