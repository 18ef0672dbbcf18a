"""The pipeline that a data scientist would deploy: `fit JOB OUT`, then `predict MODEL CSV OUT` for
a file of new rows.

For tables LightGBM on encoded columns, for text TF-IDF and logistic regression.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import joblib
import pandas as pd
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_transformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from tests.benchmarks.peers.job import Job
from tests.benchmarks.peers.models import text_pipeline


def fit(job_path: str, out: str) -> None:
    """Train on the job's rows and keep the pipeline."""
    job = Job(**json.loads(Path(job_path).read_text()))
    frame = job.frame()
    pipeline = text_pipeline(job.task) if job.text else _table_pipeline(frame)
    pipeline.fit(frame[job.text] if job.text else frame, job.labels())
    joblib.dump({"pipeline": pipeline, "features": list(job.features), "text": job.text}, out)


def predict(model: str, source: str, out: str) -> None:
    """Write the file's rows with a column of probabilities per class and the likeliest class."""
    kept = joblib.load(model)
    pipeline, text = kept["pipeline"], kept["text"]
    frame = pd.read_csv(source, low_memory=False)
    pred_probs = pipeline.predict_proba(frame[text] if text else frame[kept["features"]])
    said = pd.DataFrame(pred_probs, columns=pipeline.classes_)
    frame.join(said).assign(label=pipeline.classes_[pred_probs.argmax(axis=1)]).to_csv(
        out, index=False
    )


def _table_pipeline(frame: pd.DataFrame) -> Pipeline:
    words = list(frame.select_dtypes(exclude="number").columns)
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    columns = make_column_transformer(
        (encoder, words), remainder="passthrough", verbose_feature_names_out=False
    )
    columns.set_output(transform="pandas")
    return make_pipeline(columns, LGBMClassifier(verbose=-1))


if __name__ == "__main__":
    {"fit": fit, "predict": predict}[sys.argv[1]](*sys.argv[2:])
