"""Predicting a table in chunks, and what the new columns are called."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from inference import pipeline
from inference.pipeline import predict_table, result_columns
from studio.engine.ml_task import MLTask, Modality
from studio.engine.progress import Silent
from studio.engine.recipes.predict import PredictedFrame
from studio.engine.table.columns import ColumnKind
from studio.engine.table.levels import SpelledLevels
from studio.engine.text.arithmetic import Arithmetic

ROWS_PER_CHUNK = 2_000


@dataclass(frozen=True)
class Echo:
    """A model that says of each row what its column "answer" says, and how many rows it was shown
    at once.
    """

    sizes: list[int]
    spec: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            modality=Modality.TABULAR,
            task=MLTask.MULTI_CLASS,
            column_kinds=defaultdict(lambda: ColumnKind.CATEGORICAL),
            conventions={},
        )
    )
    classes: tuple[str, ...] = ("no", "yes")
    feature_columns: tuple[str, ...] = ("answer",)
    arithmetic: Arithmetic | None = None
    levels: dict[str, SpelledLevels] = field(default_factory=dict)

    def predict(self, frame: pd.DataFrame) -> PredictedFrame:
        self.sizes.append(len(frame))
        codes = [self.classes.index(answer) for answer in frame["answer"]]
        return PredictedFrame(
            np.eye(2, dtype=np.float32)[codes], [self.classes[code] for code in codes]
        )


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Echo:
    monkeypatch.setattr(
        pipeline, "predict_frame", lambda model, frame, spelling, reading: model.predict(frame)
    )
    return Echo([])


def write_table(path: Path, answers: list[str], *, row_group_size: int) -> Path:
    columns = {"__row_id": list(range(len(answers))), "other": answers[::-1], "answer": answers}
    pq.write_table(pa.table(columns), path, row_group_size=row_group_size)
    return path


class Recorded(Silent):
    """Progress that remembers."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int]] = []

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        self.calls.append((stage, done, total))


def test_never_more_rows_than_a_chunk_are_in_memory_and_none_is_lost(
    tmp_path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "ROWS_PER_CHUNK", ROWS_PER_CHUNK)
    answers = ["yes" if row % 3 else "no" for row in range(11 * ROWS_PER_CHUNK + 17)]
    table = write_table(tmp_path / "rows", answers, row_group_size=1_999)
    predicted = predict_table(echo, table, tmp_path / "out", progress=Silent())
    assert max(echo.sizes) <= ROWS_PER_CHUNK
    result = pq.read_table(tmp_path / "out")
    assert result.column("Suggested Label").to_pylist() == answers
    assert result.column("__row_id").to_pylist() == list(range(len(answers)))
    assert result.column("yes").to_pylist() == [float(answer == "yes") for answer in answers]
    assert predicted.n_rows == len(answers)
    assert predicted.label_counts == [("yes", answers.count("yes")), ("no", answers.count("no"))]


def test_chunks_of_a_wide_table_have_fewer_rows(
    tmp_path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "CELLS_PER_CHUNK", 60)
    columns = {"answer": ["yes"] * 10} | {f"column {n}": ["x"] * 10 for n in range(19)}
    pq.write_table(pa.table({"__row_id": list(range(10)), **columns}), tmp_path / "rows")
    wide = replace(echo, feature_columns=tuple(columns))
    predict_table(wide, tmp_path / "rows", tmp_path / "out", progress=Silent())
    assert wide.sizes == [3, 3, 3, 1]


def test_note_says_where_text_is_encoded_otherwise_than_in_training(
    tmp_path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = write_table(tmp_path / "rows", ["yes"], row_group_size=100)
    quick = replace(echo, arithmetic=Arithmetic.BFLOAT16)
    native = [Arithmetic.BFLOAT16, Arithmetic.FLOAT32]
    monkeypatch.setattr("studio.engine.text.processor.native_arithmetics", lambda: tuple(native))
    assert not predict_table(quick, table, tmp_path / "out", progress=Silent()).notes
    native.remove(Arithmetic.BFLOAT16)
    (note,) = predict_table(quick, table, tmp_path / "out", progress=Silent()).notes
    assert (
        "trained on text encoded in bfloat16, which this machine does not have; it encodes in"
        " float32" in note
    )


def test_progress_counts_rows_up_to_all_of_them(
    tmp_path: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "ROWS_PER_CHUNK", 4)
    progress = Recorded()
    table = write_table(tmp_path / "rows", ["yes"] * 10, row_group_size=100)
    predict_table(echo, table, tmp_path / "out", progress=progress)
    assert progress.calls == [("Predicting", done, 10) for done in (0, 4, 8, 10)]


@pytest.mark.parametrize(
    ("uploaded", "classes", "named"),
    [
        (["text"], ["no", "yes"], ["no", "yes", "Suggested Label"]),
        (["text", "yes"], ["no", "yes"], ["no", "yes (predicted)", "Suggested Label"]),
        (["yes", "yes (predicted)"], ["yes"], ["yes (predicted 2)", "Suggested Label"]),
        (["Suggested Label"], ["a"], ["a", "Suggested Label (predicted)"]),
        ([], ["Suggested Label", "b"], ["Suggested Label", "b", "Suggested Label (predicted)"]),
        ([], ["__row_id"], ["__row_id (predicted)", "Suggested Label"]),
    ],
)
def test_no_two_columns_of_an_export_share_a_name(
    uploaded: list[str], classes: list[str], named: list[str]
) -> None:
    assert result_columns(uploaded, [*classes, "Suggested Label"]) == named


def test_saved_threshold_decides_what_is_predicted(echo: Echo, tmp_path: Path) -> None:
    table = write_table(tmp_path / "in.parquet", ["yes", "no"], row_group_size=10)
    predicted = predict_table(
        echo, table, tmp_path / "out.parquet", progress=Silent(), thresholds={"yes": 0.0}
    )
    assert predicted.label_counts == [("yes", 2)]
    assert "“yes” is predicted from a probability of 0 on, as chosen for the model." in (
        predicted.notes
    )
