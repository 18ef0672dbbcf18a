"""Which choices are refused, and with what reason."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from studio.engine.choices.facts import ColumnFacts
from studio.engine.choices.validate import check_choice, checked_table
from studio.engine.errors import DataProblem
from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import MLTask
from studio.engine.table.columns import ColumnKind
from tests.data_builders import planted_table
from tests.unit.engine.frames import planted_table_with_oddities, table_spec, text_spec

HEIGHT = ColumnFacts("height", ColumnKind.NUMBER, n_missing=0, n_distinct=80)
WEIGHT = ColumnFacts("weight", ColumnKind.NUMBER, n_missing=5, n_distinct=80)
COLOUR = ColumnFacts("colour", ColumnKind.CATEGORICAL, n_missing=0, n_distinct=3)
LABEL = ColumnFacts("label", ColumnKind.CATEGORICAL, n_missing=10, n_distinct=3)
FEATURES = [HEIGHT, WEIGHT, COLOUR]


def test_sound_choice_passes() -> None:
    check_choice(n_rows=100, label=LABEL, features=FEATURES, spec=table_spec())


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        (None, "no column “label”"),
        (replace(LABEL, n_distinct=1), "only one class"),
        (replace(LABEL, n_missing=98), "Only 2 rows have a label"),
        (replace(LABEL, n_missing=100, n_distinct=0), "empty in every row"),
        (replace(LABEL, n_distinct=90), "Every label in “label” is different"),
    ],
)
def test_labels_that_cannot_be_learned_are_refused(label: ColumnFacts | None, reason: str) -> None:
    with pytest.raises(DataProblem, match=reason):
        check_choice(n_rows=100, label=label, features=FEATURES, spec=table_spec())


def test_more_classes_than_can_be_kept_are_refused() -> None:
    label = replace(LABEL, n_distinct=1_001)
    with pytest.raises(DataProblem, match="1,001 classes"):
        check_choice(n_rows=100_000, label=label, features=FEATURES, spec=table_spec())


def test_features_without_values_or_without_difference_are_refused() -> None:
    empty = [replace(facts, n_missing=100, n_distinct=0) for facts in FEATURES]
    with pytest.raises(DataProblem, match="empty in all 100 rows"):
        check_choice(n_rows=100, label=LABEL, features=empty, spec=table_spec())
    same = [replace(facts, n_missing=0, n_distinct=1) for facts in FEATURES]
    with pytest.raises(DataProblem, match="same value in all rows"):
        check_choice(n_rows=100, label=LABEL, features=same, spec=table_spec())


def test_missing_feature_columns_are_all_named() -> None:
    with pytest.raises(DataProblem, match="no column “weight” and “colour”"):
        check_choice(n_rows=100, label=LABEL, features=[HEIGHT], spec=table_spec())


def test_label_among_the_features_and_no_features_are_refused() -> None:
    spec = table_spec({"height": ColumnKind.NUMBER, "label": ColumnKind.CATEGORICAL})
    with pytest.raises(DataProblem, match="give the answer away"):
        check_choice(n_rows=100, label=LABEL, features=[HEIGHT, LABEL], spec=spec)
    with pytest.raises(DataProblem, match="No feature column"):
        check_choice(n_rows=100, label=LABEL, features=[], spec=replace(spec, feature_columns=()))


def test_text_project_wants_one_text_column_with_text() -> None:
    empty = ColumnFacts("text", ColumnKind.TEXT, n_missing=100, n_distinct=0)
    with pytest.raises(DataProblem, match="text column “text” is empty"):
        check_choice(n_rows=100, label=LABEL, features=[empty], spec=text_spec())


def test_label_column_without_a_task_for_it_is_refused() -> None:
    with pytest.raises(DataProblem, match="Without labels there is no label column"):
        check_choice(
            n_rows=100,
            label=LABEL,
            features=FEATURES,
            spec=replace(table_spec(), task=MLTask.UNSUPERVISED),
        )


def test_one_class_that_every_row_has_is_refused_as_a_set() -> None:
    label = ColumnFacts("label", ColumnKind.TEXT, n_missing=0, n_distinct=1)
    spec = replace(table_spec(), task=MLTask.MULTI_LABEL)
    with pytest.raises(DataProblem, match="only one class, which every row has"):
        check_choice(n_rows=100, label=label, features=FEATURES, spec=spec)
    check_choice(
        n_rows=100, label=replace(label, n_missing=40, n_without=40), features=FEATURES, spec=spec
    )


def test_rare_classes_and_unlabeled_rows_are_not_refused() -> None:
    frame = planted_table_with_oddities().frame
    checked_table(frame, encode_labels(frame["label"].tolist()), table_spec(n_folds=5))


def test_blank_cells_count_as_missing() -> None:
    frame = planted_table(30).frame.assign(label=" ")
    with pytest.raises(DataProblem, match="empty in every row"):
        checked_table(frame, encode_labels(frame["label"].tolist()), table_spec())
    with pytest.raises(DataProblem, match="no rows"):
        checked_table(
            pd.DataFrame(columns=["height", "weight", "colour", "label"]),
            encode_labels([]),
            table_spec(),
        )


def test_checking_a_choice_loads_no_machine_learning() -> None:
    heavy = "{'sklearn', 'torch', 'cleanlab', 'scipy', 'joblib'}"
    code = (
        f"import sys, studio.engine.choices.validate; print(sorted({heavy} & sys.modules.keys()))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"
