"""The models that `plain` and `datalab` share, each the first that a data scientist would reach
for.
"""

from __future__ import annotations

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

_MAX_CATEGORIES = 255  # what histogram gradient boosting takes


def linear_head(task: str):
    """Return a linear model for the task."""
    if task == "regression":
        return Ridge()
    model = LogisticRegression(max_iter=1000)
    return OneVsRestClassifier(model) if task == "multi-label" else model


def text_pipeline(task: str) -> Pipeline:
    """Words and pairs of words, weighted, into a linear model."""
    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), linear_head(task))


def table_pipeline(task: str, frame: pd.DataFrame) -> Pipeline:
    """Histogram gradient boosting; columns with few levels as categories, others of text by their
    rank.
    """
    words = list(frame.select_dtypes(exclude="number").columns)
    few = [name for name in words if frame[name].nunique() < _MAX_CATEGORIES]
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=float("nan"))
    columns = make_column_transformer(
        (encoder, words), remainder="passthrough", verbose_feature_names_out=False
    )
    columns.set_output(transform="pandas")
    boosting = (
        HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
    )
    return make_pipeline(columns, boosting(categorical_features=few or None, random_state=0))


def scaled_table(frame: pd.DataFrame) -> Pipeline:
    """Return what the tutorials feed to the nearest-neighbour search: scaled numbers and one-hot
    categories.
    """
    words = list(frame.select_dtypes(exclude="number").columns)
    numbers = [name for name in frame if name not in words]
    return make_column_transformer(
        (
            OneHotEncoder(
                handle_unknown="infrequent_if_exist", min_frequency=10, sparse_output=False
            ),
            words,
        ),
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
    )
