"""Small made-up frames whose truth is known, and specs for them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind
from tests.data_builders import Planted, planted_table, planted_text

TABLE_KINDS = {
    "height": ColumnKind.NUMBER,
    "weight": ColumnKind.NUMBER,
    "colour": ColumnKind.CATEGORICAL,
}
TEXT_KINDS = {"text": ColumnKind.TEXT}
TOPIC_OF_WORD = {"refund": "billing", "parcel": "delivery", "password": "account"}


def table_spec(
    kinds: dict[str, ColumnKind] | None = None, *, n_folds: int = 3, seed: int = 0
) -> CleansetSpec:
    """Return a fast spec of a table labeled in `label`."""
    kinds = kinds or TABLE_KINDS
    return CleansetSpec(
        task=MLTask.MULTI_CLASS,
        modality=Modality.TABULAR,
        feature_columns=tuple(kinds),
        column_kinds=kinds,
        label_column="label",
        mode=Mode.FAST,
        n_folds=n_folds,
        seed=seed,
    )


def text_spec(*, mode: Mode = Mode.FAST, n_folds: int = 3, seed: int = 0) -> CleansetSpec:
    """Return a spec of texts labeled in `label`."""
    return CleansetSpec(
        task=MLTask.MULTI_CLASS,
        modality=Modality.TEXT,
        feature_columns=("text",),
        column_kinds=TEXT_KINDS,
        label_column="label",
        mode=mode,
        n_folds=n_folds,
        seed=seed,
    )


def planted_table_with_oddities() -> Planted:
    """Return a table of 150 rows with wrong labels, and four odd rows.

    They are: a far row (150), a copy of row 0 (151), an unlabeled row (152), a row of a class of
    its own (153).
    """
    planted = planted_table(150, n_wrong=8)
    rows = planted.frame.to_dict("records")
    rows.append({"height": "900", "weight": "-900", "colour": "red", "label": "high"})
    rows.append(
        {**rows[0], "height": f" {float(rows[0]['height'])}", "colour": rows[0]["colour"].upper()}
    )
    rows.append({**rows[1], "height": "4.1", "label": " "})
    rows.append({"height": None, "weight": "0.3", "colour": None, "label": "odd one"})
    return Planted(pd.DataFrame(rows, dtype=object), planted.wrong_rows)


def planted_text_with_oddities() -> Planted:
    """Return 120 texts with wrong topics, and five odd ones.

    They are: a copy of row 0 in capitals (120), row 1 with a letter changed (121), an off-topic
    text (122), a blank text (123), an unlabeled text (124).
    """
    planted = planted_text(120, n_wrong=6)
    texts, labels = planted.frame["text"].tolist(), planted.frame["label"].tolist()
    texts += [texts[0].upper().replace(" ", "  "), texts[1].replace("please", "pleese")]
    texts += [
        "zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich",
        "  ",
        texts[2] + " thank you",
    ]
    labels += [labels[0], labels[1], "billing", "billing", None]
    return Planted(pd.DataFrame({"text": texts, "label": labels}, dtype=object), planted.wrong_rows)


def numbers_frame(n_rows: int = 200) -> pd.DataFrame:
    """Return a price that is 3 · size − age and a little noise, as text."""
    rng = np.random.default_rng(0)
    size, age = rng.uniform(10, 100, n_rows), rng.uniform(0, 50, n_rows)
    price = 3 * size - age + rng.normal(0, 2, n_rows)
    columns = {"size": size, "age": age, "price": price}
    return pd.DataFrame(
        {name: [f"{value:.1f}" for value in values] for name, values in columns.items()},
        dtype=object,
    )


def sets_frame(n_rows: int = 150) -> pd.DataFrame:
    """Return texts of up to three topics; each topic's word is in the text if and only if the topic
    is given.
    """
    rng = np.random.default_rng(0)
    rows = []
    for row in range(n_rows):
        words = [word for word in TOPIC_OF_WORD if rng.random() < 0.4]
        noise = " ".join(rng.choice(["please", "hello", "thanks", "now", "dear", "team"], 4))
        rows.append(
            {
                "text": f"{noise} {' '.join(words)} {row}",
                "label": ",".join(TOPIC_OF_WORD[word] for word in words),
            }
        )
    frame = pd.DataFrame(rows, dtype=object)
    return frame.assign(label=frame["label"].where(frame["label"] != "", None))


def shuffled(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the rows in another order, and the old position of each."""
    order = np.random.default_rng(seed).permutation(len(frame))
    return frame.iloc[order].reset_index(drop=True), order


class Watcher:
    """Progress that remembers what it was told, and stops the work at a stage if asked to."""

    def __init__(self, *, stop_at: str | None = None) -> None:
        self.calls: list[tuple[str, int, int]] = []
        self.lines: list[str] = []
        self._stop_at = stop_at

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        from studio.engine.progress import Cancelled

        self.calls.append((stage, done, total))
        if stage == self._stop_at and done > 0:
            raise Cancelled

    def log(self, line: str) -> None:
        self.lines.append(line)

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(stage for stage, _, _ in self.calls))
