"""Up to a thousand classes are analysed, whatever the rows, columns, task and mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from studio.engine.ml_task import MLTask, Mode
from studio.engine.recipes.build import build_cleanset
from studio.engine.recipes.predict import predict_frame
from studio.engine.recipes.train import train_model
from studio.engine.schema import CleansetSpec
from studio.engine.table.columns import ColumnKind as K
from tests.unit.engine.frames import table_spec, text_spec

NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # each example is a whole build
WRITE: dict[K, Callable[[int], str]] = {
    K.NUMBER: lambda code: f"{code + 0.25}",
    K.INTEGER: lambda code: f"{3 * code}",
    K.CATEGORICAL: lambda code: f"kind {code % 37}",
    K.BOOLEAN: lambda code: "yes" if code % 2 else "no",
    K.DATETIME: lambda code: f"2024-{1 + code % 12:02d}-{1 + code % 28:02d}",
    K.TEXT: lambda code: f"a message about thing{code % 50} and word{code}",
}
KINDS = st.sets(st.sampled_from(sorted(WRITE)), min_size=1, max_size=3)


def labels_of(n_rows: int, n_classes: int, task: MLTask) -> list[str]:
    codes = range(n_rows)
    if task is MLTask.REGRESSION:
        return [f"{code % n_classes}.5" for code in codes]
    if task is MLTask.MULTI_LABEL:
        return [f"c{code % n_classes},c{(7 * code + 1) % n_classes}" for code in codes]
    return [f"c{code % n_classes}" for code in codes]


def frame_of(kinds: set[K], n_rows: int, n_classes: int, task: MLTask) -> pd.DataFrame:
    columns = {
        kind.value: [WRITE[kind](row % n_classes) for row in range(n_rows)]
        for kind in sorted(kinds)
    }
    return pd.DataFrame({**columns, "label": labels_of(n_rows, n_classes, task)}, dtype=object)


def spec_of(kinds: set[K], task: MLTask, mode: Mode) -> CleansetSpec:
    spec = table_spec({kind.value: kind for kind in sorted(kinds)})
    return replace(spec, task=task, mode=mode)


@settings(max_examples=5, deadline=None, phases=NO_SHRINKING)
@given(
    st.integers(2, 320),
    st.integers(0, 90),
    KINDS,
    st.sampled_from([MLTask.MULTI_CLASS, MLTask.REGRESSION]),
)
@example(201, 40, {K.CATEGORICAL}, MLTask.MULTI_CLASS)
@example(201, 40, {K.NUMBER, K.CATEGORICAL}, MLTask.MULTI_CLASS)
@example(300, 9, {K.INTEGER, K.BOOLEAN, K.DATETIME}, MLTask.MULTI_CLASS)
@example(1000, 30, {K.CATEGORICAL}, MLTask.MULTI_CLASS)
@example(1000, 30, {K.NUMBER, K.TEXT}, MLTask.MULTI_CLASS)
def test_tables_of_any_kinds_of_columns(
    n_classes: int, n_more_rows: int, kinds: set[K], task: MLTask
) -> None:
    n_rows = n_classes + n_more_rows + 6
    frame = frame_of(kinds | {K.INTEGER, K.BOOLEAN}, n_rows, n_classes, task)
    result = build_cleanset(frame, spec_of(kinds | {K.INTEGER}, task, Mode.FAST))
    assert len(result.issues) == n_rows
    if task is MLTask.MULTI_CLASS:
        assert result.pred_probs.shape == (n_rows, n_classes)
        np.testing.assert_allclose(result.pred_probs.sum(axis=1), 1, atol=1e-3)
    assert any(row.weight > 0 for row in result.candidates)


def test_regular_mode_with_a_category_and_text() -> None:
    kinds = {K.CATEGORICAL, K.TEXT}
    frame = frame_of(kinds, 230, 201, MLTask.MULTI_CLASS)
    result = build_cleanset(frame, spec_of(kinds, MLTask.MULTI_CLASS, Mode.REGULAR))
    assert result.pred_probs.shape == (230, 201)


def test_texts() -> None:
    frame = frame_of({K.TEXT}, 320, 300, MLTask.MULTI_CLASS)
    result = build_cleanset(frame, text_spec())
    assert result.pred_probs.shape == (320, 300)


def test_sets_of_many_classes() -> None:
    frame = frame_of({K.CATEGORICAL, K.NUMBER}, 110, 70, MLTask.MULTI_LABEL)
    result = build_cleanset(
        frame, spec_of({K.CATEGORICAL, K.NUMBER}, MLTask.MULTI_LABEL, Mode.FAST)
    )
    assert result.pred_probs.shape == (110, 70)


def test_model_of_many_classes_predicts() -> None:
    kinds = {K.CATEGORICAL, K.INTEGER}
    frame = frame_of(kinds, 450, 220, MLTask.MULTI_CLASS)
    spec = spec_of(kinds, MLTask.MULTI_CLASS, Mode.FAST)
    model = train_model(frame, frame["label"].tolist(), spec)
    assert predict_frame(model, frame.head(3)).pred_probs.shape == (3, 220)
