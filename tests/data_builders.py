"""Small frames with planted errors, and files of them, for tests that know the truth."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pandas as pd
from django.core.files.uploadedfile import SimpleUploadedFile

TOPICS = {
    "billing": ("invoice", "charged", "refund", "card", "payment", "receipt"),
    "delivery": ("parcel", "courier", "late", "address", "shipped", "tracking"),
    "account": ("password", "login", "locked", "profile", "e-mail", "username"),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """A frame of text cells, and the rows whose given label was changed on purpose."""

    frame: pd.DataFrame
    wrong_rows: frozenset[int]


def _with_wrong_labels(
    frame: pd.DataFrame, labels: list[str], n_wrong: int, rng: np.random.Generator
) -> Planted:
    wrong = rng.choice(len(frame), size=n_wrong, replace=False)
    classes = sorted(set(labels))
    for row in wrong:
        labels[row] = classes[(classes.index(labels[row]) + 1) % len(classes)]
    return Planted(frame.assign(label=labels), frozenset(int(row) for row in wrong))


def planted_table(n_rows: int = 150, *, n_wrong: int = 8, seed: int = 0) -> Planted:
    """Return two numbers and a colour that give the label away, with `n_wrong` labels changed."""
    rng = np.random.default_rng(seed)
    labels = [("low", "middle", "high")[row % 3] for row in range(n_rows)]
    centre = np.array([("low", "middle", "high").index(label) for label in labels]) * 4.0
    frame = pd.DataFrame(
        {
            "height": [f"{value:.3f}" for value in centre + rng.normal(0, 0.5, n_rows)],
            "weight": [f"{value:.3f}" for value in -centre + rng.normal(0, 0.5, n_rows)],
            "colour": rng.choice(["red", "green", "blue"], n_rows),
        }
    )
    return _with_wrong_labels(frame, labels, n_wrong, rng)


def planted_text(n_rows: int = 120, *, n_wrong: int = 6, seed: int = 0) -> Planted:
    """Return short messages whose words give the topic away, with `n_wrong` topics changed."""
    rng = np.random.default_rng(seed)
    topics = list(TOPICS)
    labels = [topics[row % len(topics)] for row in range(n_rows)]
    texts = [
        f"{' '.join(rng.choice(TOPICS[label], 4))} number {row} please"
        f" {rng.choice(['help', 'answer', 'hurry'])}"
        for row, label in enumerate(labels)
    ]
    return _with_wrong_labels(pd.DataFrame({"text": texts}), labels, n_wrong, rng)


def csv_text(frame: pd.DataFrame) -> str:
    """Return the frame as CSV."""
    buffer = io.StringIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue()


def csv_file(content: str | pd.DataFrame, name: str = "rows.csv") -> SimpleUploadedFile:
    """Return an upload of CSV for `Client.post`."""
    text = content if isinstance(content, str) else csv_text(content)
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")
