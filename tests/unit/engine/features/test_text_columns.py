"""Columns of text are read once for all views of a table, and long texts to a stated length."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from studio.engine.features.base import Matrix
from studio.engine.features.column_encoders import Phrases
from studio.engine.features.tabular import Reader, TableFeatures
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.recipes.build import build_cleanset
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetSpec
from studio.engine.study.views import Views
from studio.engine.table.cells import LEARNED_CHARACTERS, Cells, Table
from studio.engine.table.columns import ColumnKind
from studio.engine.table.rows import content_hashes

KINDS = {"text": ColumnKind.TEXT, "size": ColumnKind.NUMBER}
SPEC = CleansetSpec(
    task=MLTask.MULTI_CLASS,
    modality=Modality.TABULAR,
    feature_columns=tuple(KINDS),
    column_kinds=KINDS,
    label_column="label",
    mode=Mode.FAST,
    n_folds=3,
)


def small_table(n_rows: int = 60) -> Table:
    rng = np.random.default_rng(0)
    words = ["lamp", "chair", "late", "broken", "great", "cheap", "red", "blue"]
    texts = [" ".join(rng.choice(words, 6)) for _ in range(n_rows)]
    sizes = [str(size) for size in rng.integers(1, 90, n_rows)]
    return Table.of(pd.DataFrame({"text": texts, "size": sizes}, dtype=object), list(KINDS))


def dense(matrix: Matrix) -> np.ndarray:
    return matrix if isinstance(matrix, np.ndarray) else matrix.toarray()


def test_all_views_of_a_table_learn_a_column_of_text_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    n_fits = 0
    fit = Phrases.fit

    def counted(self: Phrases, cells: Cells) -> None:
        nonlocal n_fits
        n_fits += 1
        fit(self, cells)

    monkeypatch.setattr(Phrases, "fit", counted)
    table = small_table()
    views = Views(table, content_hashes(table), SPEC, Resources())
    together = {view: views.matrix(view) for view in ("distances", "trees", "linear")}
    assert n_fits == 1
    for view, matrix in together.items():
        alone = TableFeatures(SPEC.feature_columns, KINDS, reader=Reader(view), seed=SPEC.seed)
        assert np.array_equal(dense(matrix), dense(alone.fit_transform(table, Resources())))


def test_rows_that_were_learned_from_are_written_as_new_ones_are() -> None:
    table, again = small_table(), small_table()
    features = TableFeatures(SPEC.feature_columns, KINDS, reader=Reader.TREES, seed=0)
    features.fit(table)
    first = features.transform(table, Resources())
    parts = [dense(features.transform(part, Resources())) for part in table.parts(25)]
    assert np.array_equal(dense(first), dense(features.transform(again, Resources())))
    assert np.array_equal(dense(first), np.vstack(parts))


def test_a_kept_model_holds_no_rows_that_it_was_fitted_to() -> None:
    encoder = Phrases(0)
    cells = small_table()["text"]
    encoder.fit(cells)
    kept = pickle.loads(pickle.dumps(encoder))
    assert kept._fitted is None
    assert np.array_equal(encoder.for_trees(cells), kept.for_trees(cells))


def test_text_is_learned_from_to_a_stated_length() -> None:
    table = small_table()
    texts = table["text"].to_list()
    filler = "lamp " * (LEARNED_CHARACTERS // 5)
    long = Cells.of([filler + "chair", filler + "broken", *texts])
    assert long.is_long.tolist() == [True, True] + [False] * len(texts)
    assert long.beginnings()[0] == long.beginnings()[1]
    encoder = Phrases(0)
    encoder.fit(long)
    linear = dense(encoder.for_linear(long))
    assert np.array_equal(linear[0, 30:], linear[1, 30:])


@pytest.mark.parametrize("modality", list(Modality))
def test_a_note_names_the_texts_that_are_longer(modality: Modality) -> None:
    table = small_table()
    frame = pd.DataFrame({name: cells.to_list() for name, cells in table.items()}, dtype=object)
    frame["label"] = np.where(frame["text"].str.contains("late"), "bad", "good")
    frame.loc[3, "text"] = "late " * (LEARNED_CHARACTERS // 5 + 1)
    columns = ("text",) if modality is Modality.TEXT else tuple(KINDS)
    spec = CleansetSpec(
        task=MLTask.MULTI_CLASS,
        modality=modality,
        feature_columns=columns,
        column_kinds={name: KINDS[name] for name in columns},
        label_column="label",
        mode=Mode.FAST,
        n_folds=3,
    )
    (note,) = build_cleanset(frame, spec).health.reading
    assert "“text”: 1 text has more than 50,000 characters" in note
    assert "in row 4" in note
