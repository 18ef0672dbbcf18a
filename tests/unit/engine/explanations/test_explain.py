"""What explains single rows: votes, near rows and what cells speak for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetSpec
from studio.engine.schema.explanation import EVERY_CLASS, EVERY_VALUE, Explanation
from studio.engine.table.columns import ColumnKind
from studio.engine.text.words import word_spans, words_of

N_ROWS = 120
KINDS = {
    "note": ColumnKind.TEXT,
    "age": ColumnKind.INTEGER,
    "colour": ColumnKind.CATEGORICAL,
    "day": ColumnKind.DATETIME,
}


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    is_cat = np.arange(N_ROWS) % 2 == 0
    return pd.DataFrame(
        {
            "note": np.where(is_cat, "it says meow at night", "it says woof at night"),
            "age": [str(age) for age in np.where(is_cat, 3, 30) + rng.integers(0, 3, N_ROWS)],
            "colour": np.where(rng.random(N_ROWS) < 0.5, "black", None),
            "day": [f"2024-{1 + row % 12:02}-03" for row in range(N_ROWS)],
            "label": np.where(is_cat, "cat", "dog"),
        }
    )


def explained(task: MLTask = MLTask.MULTI_CLASS, **changes: object) -> Explanation:
    table = frame().assign(**changes)
    spec = CleansetSpec(
        task=task,
        modality=Modality.TABULAR,
        feature_columns=tuple(KINDS),
        column_kinds=KINDS,
        label_column=None if task is MLTask.UNSUPERVISED else "label",
        mode=Mode.FAST,
    )
    explanation = build_cleanset(table, spec, is_explained=True).explanation
    assert explanation is not None
    return explanation


def n_rows(explanation: Explanation, column: str, value: str, code: int) -> int:
    counts = explanation.value_counts
    assert counts is not None
    found = counts[
        (counts["column"] == column) & (counts["value"] == value) & (counts["code"] == code)
    ]
    return int(found["n"].sum())


def test_words_and_values_are_counted_for_each_class() -> None:
    found = explained()
    assert n_rows(found, EVERY_VALUE, "", EVERY_CLASS) == N_ROWS
    assert [n_rows(found, EVERY_VALUE, "", code) for code in (0, 1)] == [60, 60]
    assert [n_rows(found, "note", "meow", code) for code in (0, 1, EVERY_CLASS)] == [60, 0, 60]
    n_black = int((frame()["colour"] == "black").sum())
    assert n_rows(found, "colour", "black", EVERY_CLASS) == n_black
    assert n_rows(found, "colour", "no value", EVERY_CLASS) == N_ROWS - n_black


def test_levels_name_the_value_of_each_row() -> None:
    found = explained()
    counts = found.value_counts
    assert counts is not None
    age = found.levels[:, found.leveled_columns.index("age")]
    names = counts[counts["column"] == "age"].drop_duplicates("level").set_index("level")["value"]
    for given, level in zip(frame()["age"], age.tolist(), strict=True):
        low, _, high = names[level].partition(" to ")
        assert float(low) <= int(given) <= float(high or low)
    assert found.leveled_columns == ("age", "colour", "day")


def test_every_model_votes_for_a_class_by_its_place_in_the_alphabet() -> None:
    found = explained()
    assert found.votes is not None
    assert found.votes.shape == (N_ROWS, len(found.voters))
    heaviest = np.where(found.votes[:, 0] == 0, "cat", "dog")
    assert (heaviest == frame()["label"]).all()
    assert all(0.5 < threshold <= 1 for threshold in found.class_thresholds)


def test_models_vote_for_numbers_in_the_unit_of_the_labels() -> None:
    numbers = np.where(np.arange(N_ROWS) % 2 == 0, 1_000, 3_000)
    found = explained(MLTask.REGRESSION, label=[str(number) for number in numbers])
    assert found.votes is not None
    assert found.value_counts is None
    assert np.abs(found.votes[:, 0] - numbers).mean() < 300


def test_sets_are_counted_without_votes() -> None:
    labels = ["cat,night" if row % 2 == 0 else "dog,night" for row in range(N_ROWS)]
    found = explained(MLTask.MULTI_LABEL, label=labels)
    assert found.votes is None
    assert [n_rows(found, "note", "meow", code) for code in (0, 1, 2)] == [60, 0, 60]


@pytest.mark.parametrize("task", [MLTask.UNSUPERVISED, MLTask.MULTI_CLASS])
def test_near_rows_are_near_in_the_space_that_is_kept(task: MLTask) -> None:
    space = explained(task).space
    assert space is not None
    far = np.linalg.norm(space.astype(np.float32) - space[0].astype(np.float32), axis=1)
    assert set(np.argsort(far)[:20] % 2) == {0}


def test_words_are_found_where_they_stand() -> None:
    text = "Der Öl-Preis, 3 m: 中文字 ไทย"
    spans = list(word_spans(text))
    assert [word for word, _, _ in spans] == ["der", "öl", "preis", "中文", "文字", "ไท", "ทย"]
    assert all(text[start:end].lower() == word for word, start, end in spans)
    assert words_of("a b") == set()
