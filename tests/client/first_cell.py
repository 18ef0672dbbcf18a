"""The first cell of the tests' notebook: the client, small frames of every task with planted
errors, and a way to try.

It runs in the client's environment, where `KEY` is set.
"""

# ruff: noqa: F401 (what is imported here, later cells use)

import pathlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from cleanlab_studio import Studio
from cleanlab_studio.internal import clean_helpers
from cleanlab_studio.internal.api import api
from cleanlab_studio.internal.dataset_source import FilepathDatasetSource, PandasDatasetSource
from cleanlab_studio.internal.upload_helpers import upload_dataset

studio = Studio(KEY)  # noqa: F821 (the cell before sets it)
rng = np.random.default_rng(0)
N = 90
WORDS = {
    "billing": ["invoice", "charged", "refund", "card", "payment", "receipt"],
    "delivery": ["parcel", "courier", "late", "address", "shipped", "tracking"],
    "account": ["password", "login", "locked", "profile", "email", "username"],
}
AWKWARD = [
    'a, "b"',
    "None",
    "007",
]  # names of classes that a CSV cell has to quote, and that pandas would read
TOPICS = list(WORDS)
topic = [TOPICS[row % 3] for row in range(N)]
texts = [f"{' '.join(rng.choice(WORDS[name], 4))} ticket {row}" for row, name in enumerate(topic)]
given = [
    TOPICS[(row + 1) % 3] if row % 15 == 0 else name for row, name in enumerate(topic)
]  # every 15th is wrong
level = np.arange(N) % 3
height = level * 4 + rng.normal(0, 0.4, N)


def quoted_set(names):
    """Write classes as one CSV record."""
    return ",".join('"' + name.replace('"', '""') + '"' for name in names)


sets = [[AWKWARD[k] for k in range(3) if k == row % 3 or (k == 0 and row % 2)] for row in range(N)]
set_texts = [
    " ".join(" ".join(WORDS[TOPICS[AWKWARD.index(name)]][:3]) for name in names) + f" {i}"
    for i, names in enumerate(sets)
]

frames = {
    "text": pd.DataFrame({"message": texts, "topic": given}),
    "integer": pd.DataFrame(
        {
            "height": height,
            "when": (
                pd.date_range("2024-01-01", periods=N, tz=None) + pd.to_timedelta(level * 900, "D")
            ),
            "is_label_issue": "mine",
            "level": level,
        }
    ),
    "boolean": pd.DataFrame(
        {"height": height, "colour": rng.choice(["red", "blue"], N), "tall": level > 0}
    ),
    "multi-label": pd.DataFrame(
        {"message": set_texts, "tags": [quoted_set(names) for names in sets]}
    ),
    "regression": pd.DataFrame(
        {"height": height, "width": rng.normal(0, 1, N), "price": 10 * height + rng.normal(0, 1, N)}
    ),
    "unsupervised": pd.DataFrame({"height": height, "width": rng.normal(0, 1, N)}),
}
frames["integer"].loc[[0, 15], "level"] = 2  # wrong
frames["regression"].loc[[3, 30], "price"] = 500.0  # wrong
typed = pd.DataFrame({"amount": [1, 2] * 10, "size": [3, 4] * 10, "label": ["a", "b"] * 10})
choices = {
    "text": {"modality": "text"},
    "integer": {"modality": "tabular", "label_column": "level"},
    "boolean": {"modality": "tabular", "label_column": "tall"},
    "multi-label": {"modality": "text", "task_type": "multi-label"},
    "regression": {"modality": "tabular", "task_type": "regression"},
    "unsupervised": {"modality": "tabular", "task_type": "unsupervised"},
}


create_project = (
    Studio.create_project.__wrapped__
)  # without the report of a failure, which runs pip for seconds


def make(name):
    """Upload a frame and create its project; return the IDs."""
    dataset = studio.upload_dataset(frames[name], f"{name} v1.2")
    project = studio.create_project(dataset, f"Project {name}", model_type="fast", **choices[name])
    return {
        "dataset": dataset,
        "project": project,
        "cleanset": studio.get_latest_cleanset_id(project),
    }


def make_all():
    """Make everything side by side: most of the time is spent waiting."""
    with ThreadPoolExecutor(len(frames)) as pool:
        return dict(zip(frames, pool.map(make, frames), strict=True))
