"""What the public client sends to be predicted and what it gets back, in all the forms that its
pandas makes.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from inference.client_batch import read_client_batch
from inference.exports import client_csv
from inference.models import PredictionBatch
from projects.readers import ReadLimits
from studio import storage, tables
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.engine.ml_task import Modality
from studio.engine.progress import Silent
from studio.engine.table.columns import ColumnKind
from tests.factories import make_cleanset, make_model, make_prediction, make_project

TEXT = {"message": ColumnKind.TEXT}
TABLE = {"age": ColumnKind.INTEGER, "note": ColumnKind.CATEGORICAL, "when": ColumnKind.INTEGER}


def cells(
    content: str | bytes, kinds: dict[str, ColumnKind], folder: Path
) -> dict[str, list[str | None]]:
    """Read a batch for a model of these columns; return what the model sees."""
    source, out = folder / "batch", folder / "rows.parquet"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    modality = Modality.TEXT if kinds is TEXT else Modality.TABULAR
    model: Any = SimpleNamespace(
        feature_columns=tuple(kinds), spec=SimpleNamespace(modality=modality, column_kinds=kinds)
    )
    read_client_batch(source, out, model, progress=Silent(), limits=ReadLimits())
    frame = pd.read_parquet(out)
    return {
        name: [None if pd.isna(cell) else cell for cell in frame[name]]
        for name in frame
        if name != "__row_id"
    }


def listed(*texts: str) -> str:
    """Return what the client makes of a list."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([["text"], *([text] for text in texts)])
    return buffer.getvalue()


def test_list_of_texts_is_read_row_by_row(tmp_path: Path) -> None:
    texts = ["one; two", "", "NA", 'quo"te', "two\nlines", "a,b", "\ttab", "é 漢"]
    assert cells(listed(*texts), TEXT, tmp_path) == {"message": [text or None for text in texts]}


def test_list_without_texts_has_no_rows(tmp_path: Path) -> None:
    assert cells(listed(), TEXT, tmp_path) == {"message": []}


def test_index_of_a_frame_is_not_a_feature(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"note": ["x", None], "extra": 1, "age": [3, 4], "when": 5},
        index=pd.Index([7, 8], name="age"),
    )
    assert cells(frame.to_csv(), TABLE, tmp_path) == {
        "age": ["3", "4"],
        "note": ["x", None],
        "when": ["5", "5"],
    }


def test_dates_are_milliseconds_as_they_were_when_the_frame_was_uploaded(tmp_path: Path) -> None:
    when = pd.to_datetime(["2024-01-02", None, "2024-01-02 03:04:05.678"], format="mixed")
    frame = pd.DataFrame({"age": [1, 2, -300000000], "note": "2024-01-02", "when": when})
    uploaded = pd.read_json(
        io.StringIO(frame.to_json(orient="records", date_unit="ms")), convert_dates=False
    )
    found = cells(frame.to_csv(), TABLE, tmp_path)
    assert found["when"] == [str(int(uploaded["when"][0])), None, str(int(uploaded["when"][2]))]
    assert found["note"] == ["2024-01-02"] * 3
    assert found["age"][2] == "-300000000"


def test_frame_for_a_text_model_may_call_its_column_text(tmp_path: Path) -> None:
    assert cells(pd.DataFrame({"text": ["a"]}).to_csv(), TEXT, tmp_path) == {"message": ["a"]}
    assert cells(pd.DataFrame({"text": ["b"], "message": ["a"]}).to_csv(), TEXT, tmp_path) == {
        "message": ["a"]
    }


@pytest.mark.parametrize(
    ("content", "kinds", "sentence"),
    [
        ("text\r\nhello\r\n", TABLE, "Send a frame"),
        (",age\r\n0,1\r\n", TABLE, "frame has no columns “note” and “when”"),
        (",message\r\n0\r\n", TEXT, "line 2"),
        (b",message\r\n0,\xff\r\n", TEXT, "UTF-8"),
        (',message\r\n0,"open\r\n', TEXT, "not valid CSV"),
        (
            ",Age,note,when\r\n0,1,x,5\r\n",
            TABLE,
            r"It has “Age”.*df.rename\(columns={'Age': 'age'}\)",
        ),
        ("", TEXT, "frame has no column “message”"),
    ],
)
def test_batch_that_cannot_be_read_is_a_sentence(
    content: str | bytes, kinds: dict[str, ColumnKind], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(DataProblem, match=sentence):
        cells(content, kinds, tmp_path)


def predicted(
    owner: User, task: str, labels: list[str], folder: Path, **columns: list[float]
) -> pd.DataFrame:
    """Return what the client reads of predictions; `columns` are the classes."""
    cleanset = make_cleanset(owner, project=make_project(owner, task=task))
    batch: PredictionBatch = make_prediction(
        owner, model=make_model(owner, cleanset=cleanset, manifest={"classes": list(columns)})
    )
    frame = pd.DataFrame({"__row_id": range(len(labels)), **columns, "Suggested Label": labels})
    (frame.assign(**{"Suggested Label Error": 0.5}) if task == "regression" else frame).to_parquet(
        folder / "r"
    )
    batch.result_key = tables.publish(folder / "r", storage.prediction_file(batch.pk, 1, "r"))
    return pd.read_csv(io.BytesIO(b"".join(client_csv(batch))))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["3", "1"], "int64"),
        (["True", "False"], "bool"),
        (["=a", "b,\n"], "str"),
        (["true", "false"], "bool"),
    ],
)
def test_labels_come_back_with_their_type(
    labels: list[str], kind: str, alice: User, tmp_path: Path
) -> None:
    found = predicted(alice, "multi-class", labels, tmp_path, a=[0.25, 0.5], B=[0.75, 0.5])
    assert found["Suggested Label"].dtype == kind
    assert found["Suggested Label"].astype(str).str.lower().tolist() == [
        label.lower() for label in labels
    ]
    assert found.drop(columns="Suggested Label").to_dict("list") == {
        "a": [0.25, 0.5],
        "B": [0.75, 0.5],
    }


@pytest.mark.django_db
def test_numbers_come_alone(alice: User, tmp_path: Path) -> None:
    found = predicted(alice, "regression", ["1.5", "-2"], tmp_path)
    assert found.to_dict("list") == {"Suggested Label": [1.5, -2.0]}


@pytest.mark.django_db
def test_sets_survive_whatever_the_classes_are_called(alice: User, tmp_path: Path) -> None:
    names = ["None", "007", 'a, "b"']
    written = ['"a, ""b""",007', "", "007", "None"]
    found = predicted(alice, "multi-label", written, tmp_path, **dict.fromkeys(names, [0.5] * 4))
    cells = found["Suggested Label"]
    assert [next(csv.reader([cell])) if isinstance(cell, str) else [] for cell in cells] == [
        ['a, "b"', "007"],
        [],
        ["007"],
        ["None"],
    ]
