"""After a few corrections, models start warm from their fits to the first labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone

from studio.engine.features.base import Matrix
from studio.engine.fitting.learners import ClassifierLearner, MultiLabelLearner, RegressorLearner
from studio.engine.labels.encoding import encode_labels
from studio.engine.labels.reading import read_labels
from studio.engine.labels.scale import AS_GIVEN
from studio.engine.ml_task import MLTask, Mode
from studio.engine.models.base import Classifier, MultiLabelClassifier, Regressor
from studio.engine.models.linear import LinearSVMClassifier, MultiLabelLogistic, svm
from studio.engine.models.network import SmallNetwork
from studio.engine.models.trees import (
    BoostingClassifier,
    BoostingRegressor,
    ForestClassifier,
    ForestRegressor,
    MultiLabelForest,
    forest,
)
from studio.engine.recipes.build import build_cleanset
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetResult, CleansetSpec
from studio.engine.study.study import make_study
from studio.engine.table.cells import Table
from studio.engine.table.columns import ColumnKind
from studio.engine.warm_start.corrections import max_corrections
from studio.engine.warm_start.estimator import FitRows
from tests.unit.engine.frames import numbers_frame, sets_frame, shuffled, table_spec
from tests.unit.engine.groups.test_slices import KINDS, exchanged, plain_frame

SPEC = replace(table_spec(KINDS), only_candidates=("gentle-boosting",))
N_ROWS = 400
ALL = np.arange(N_ROWS)
EXCHANGED = {"yes": "no", "no": "yes"}


def corrected(frame: pd.DataFrame, n_rows: int, column: str = "label") -> pd.DataFrame:
    """Return the frame with the labels of its first rows changed."""
    labels = frame[column].copy()
    labels[:n_rows] = labels[:n_rows].map(EXCHANGED)
    return frame.assign(**{column: labels})


def improved(
    before: pd.DataFrame, after: pd.DataFrame, spec: CleansetSpec = SPEC, cache: Path | None = None
) -> CleansetResult:
    first = read_labels(before[spec.label_column or ""], spec)
    return build_cleanset(after, spec, previous_labels=first, cache_dir=cache)


def rows_and_codes(n_classes: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    rows = np.random.default_rng(0).normal(size=(N_ROWS, 3)).astype(np.float32)
    return rows, np.digitize(rows[:, 0], np.linspace(-0.5, 0.5, n_classes - 1)).astype(np.int32)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "model",
    [BoostingClassifier(), ForestClassifier(n_trees=50), SmallNetwork()],
    ids=lambda one: type(one).__name__,
)
def test_warm_start_learns_the_corrections_and_keeps_the_rest(
    model: Classifier, n_classes: int
) -> None:
    rows, codes = rows_and_codes(n_classes)
    first, warm = (ClassifierLearner(clone(model), n_classes) for _ in range(2))
    first.fit(rows, codes)
    before = first.predict(rows)
    is_corrected = rows[:, 1] > 1.2
    now = np.where(is_corrected, (codes + 1) % n_classes, codes).astype(np.int32)
    warm.fit(rows, now, first.warm_start_state(rows, FitRows(ALL, ALL)))
    after = warm.predict(rows, before)
    given = (np.arange(N_ROWS), now)
    np.testing.assert_allclose(after.sum(axis=1), 1, atol=1e-5)
    assert after[given][is_corrected].mean() > 0.1 + before[given][is_corrected].mean()
    assert abs(after[given][~is_corrected].mean() - before[given][~is_corrected].mean()) < 0.1


@pytest.mark.parametrize(
    "model", [BoostingRegressor(), ForestRegressor(n_trees=50)], ids=lambda one: type(one).__name__
)
def test_warm_start_of_a_regressor_moves_towards_the_corrected_numbers(model: Regressor) -> None:
    rows, _ = rows_and_codes(2)
    values = 50 + 10 * rows[:, 0].astype(np.float64)
    is_corrected = rows[:, 1] > 1
    first, warm = (RegressorLearner(clone(model), AS_GIVEN) for _ in range(2))
    first.fit(rows, values)
    warm.fit(rows, values + 10 * is_corrected, first.warm_start_state(rows, FitRows(ALL, ALL)))
    moved = (warm.predict(rows, first.predict(rows)) - first.predict(rows))[:, 0]
    assert moved[is_corrected].mean() > 4
    assert np.abs(moved[~is_corrected]).mean() < 1.5


@pytest.mark.parametrize(
    "model",
    [MultiLabelForest(n_trees=50), MultiLabelLogistic()],
    ids=lambda one: type(one).__name__,
)
def test_warm_start_of_sets_leaves_classes_alone_that_all_rows_have(
    model: MultiLabelClassifier,
) -> None:
    rows, codes = rows_and_codes(2)
    members = np.column_stack([codes, np.ones(N_ROWS, dtype=np.int32), rows[:, 1] > 0]).astype(
        np.int32
    )
    is_corrected = rows[:, 2] > 1.2
    now = members.copy()
    now[is_corrected, 0] = 1 - now[is_corrected, 0]
    first, warm = (MultiLabelLearner(clone(model)) for _ in range(2))
    first.fit(rows, members)
    warm.fit(rows, now, first.warm_start_state(rows, FitRows(ALL, ALL)))
    before, after = first.predict(rows), warm.predict(rows, first.predict(rows))
    assert (after[:, 1] == 1).all()
    closer = np.abs(before - now)[is_corrected, 0] - np.abs(after - now)[is_corrected, 0]
    assert closer.mean() > 0.05
    assert np.abs(after - before)[:, 2].mean() < 0.02


@pytest.mark.parametrize("n_classes", [2, 3])
def test_warm_start_of_a_forest_with_the_same_labels_predicts_the_same(n_classes: int) -> None:
    rows, codes = rows_and_codes(n_classes)
    first, warm = (ClassifierLearner(ForestClassifier(n_trees=20), n_classes) for _ in range(2))
    first.fit(rows[:300], codes[:300])
    before = first.predict(rows[300:])
    warm.fit(rows[:300], codes[:300], first.warm_start_state(rows, FitRows(ALL[:300], ALL[300:])))
    np.testing.assert_allclose(warm.predict(rows[300:], before), before, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("form", [sparse.csr_array, np.asarray], ids=["sparse", "dense"])
def test_warm_start_of_a_linear_model_comes_close_to_a_new_fit(
    form: Callable[[npt.NDArray[np.float32]], Matrix], n_classes: int
) -> None:
    rows, codes = rows_and_codes(n_classes)
    now = np.where(rows[:, 1] > 1.2, (codes + 1) % n_classes, codes).astype(np.int32)
    first, warm, anew = (ClassifierLearner(LinearSVMClassifier(), n_classes) for _ in range(3))
    first.fit(form(rows), codes)
    warm.fit(form(rows), now, first.warm_start_state(form(rows), FitRows(ALL, ALL)))
    anew.fit(form(rows), now)
    expected, before = anew.predict(form(rows)), first.predict(form(rows))
    after = warm.predict(form(rows), before)
    assert np.abs(after - expected).mean() < 0.25 * np.abs(before - expected).mean()


def test_weights_of_too_many_words_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(svm, "_MAX_KEPT_WEIGHTS", 8)
    rows, codes = rows_and_codes(3)
    learner = ClassifierLearner(LinearSVMClassifier(), 3)
    learner.fit(rows, codes)
    assert not learner.warm_start_state(rows, FitRows(ALL, ALL))


def test_forest_of_too_many_rows_keeps_no_leaves_and_is_fitted_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forest, "_MAX_KEPT_LEAVES", 1_000)
    rows, codes = rows_and_codes(2)
    first, warm = (ClassifierLearner(ForestClassifier(n_trees=20), 2) for _ in range(2))
    first.fit(rows, codes)
    memory = first.warm_start_state(rows, FitRows(ALL, ALL))
    assert not memory
    warm.fit(rows, codes, memory)
    assert np.array_equal(warm.predict(rows, first.predict(rows)), first.predict(rows))


def test_fold_whose_classes_changed_is_fitted_from_scratch() -> None:
    rows, codes = rows_and_codes(3)
    first = ClassifierLearner(BoostingClassifier(n_rounds=20), n_classes=3)
    first.fit(rows, np.minimum(codes, 1))
    warm, anew = (ClassifierLearner(BoostingClassifier(n_rounds=20), n_classes=3) for _ in range(2))
    warm.fit(rows, codes, first.warm_start_state(rows, FitRows(ALL, ALL)))
    anew.fit(rows, codes)
    assert np.array_equal(warm.predict(rows, first.predict(rows)), anew.predict(rows))


def test_few_corrections_keep_the_folds_so_that_held_out_rows_stay_unseen(tmp_path: Path) -> None:
    before = plain_frame()
    first = build_cleanset(before, SPEC, cache_dir=tmp_path)
    result = improved(before, corrected(before, 20), cache=tmp_path)
    assert result.is_warm_started
    assert not first.is_warm_started
    assert np.array_equal(result.fold_id, first.fold_id)
    assert abs(result.candidates[0].accuracy - first.candidates[0].accuracy) < 0.1


@pytest.mark.parametrize("key", ["gentle-boosting", "forest", "network"])
def test_warm_start_gives_the_same_with_or_without_a_cache_and_in_any_row_order(
    key: str, tmp_path: Path
) -> None:
    spec = replace(SPEC, only_candidates=(key,))
    before = plain_frame()
    after = corrected(before, 20)
    build_cleanset(before, spec, cache_dir=tmp_path)
    kept, anew = improved(before, after, spec, tmp_path), improved(before, after, spec)
    assert np.array_equal(kept.pred_probs, anew.pred_probs)
    pd.testing.assert_frame_equal(kept.issues, anew.issues)
    mixed, order = shuffled(after, seed=1)
    other = build_cleanset(mixed, spec, previous_labels=[before["label"][row] for row in order])
    assert np.array_equal(other.pred_probs, kept.pred_probs[order])


@pytest.mark.parametrize(
    ("n_labeled", "expected"), [(100, 20), (941, 188), (3_000, 200), (20_000, 1_000)]
)
def test_of_few_rows_a_larger_share_may_be_corrected(n_labeled: int, expected: int) -> None:
    assert max_corrections(n_labeled) == expected


@pytest.mark.parametrize("change", ["nothing", "much", "another class", "a label more"])
def test_other_changes_are_fitted_anew(change: str) -> None:
    before = plain_frame()
    after = before.copy()
    if change == "much":
        after = corrected(before, 150)
    elif change == "another class":
        after.loc[:9, "label"] = "perhaps"
    elif change == "a label more":
        before.loc[0, "label"] = None
    result = improved(before, after)
    assert not result.is_warm_started
    assert np.array_equal(result.pred_probs, build_cleanset(after, SPEC).pred_probs)


def test_exchanged_labels_are_still_seen_though_the_linear_model_is_not_fitted_again() -> None:
    frame = plain_frame()
    before = exchanged(frame, frame["region"] == "north")
    result = improved(before, corrected(before, 20))
    assert result.is_warm_started
    assert {row.key for row in result.candidates} == {"gentle-boosting", "ensemble"}
    assert [found.description for found in result.health.inverted] == ["region = north"]


def test_numbers_and_their_error_bars_go_on(tmp_path: Path) -> None:
    before = numbers_frame(300)
    kinds = {"size": ColumnKind.NUMBER, "age": ColumnKind.NUMBER}
    spec = replace(
        table_spec(kinds),
        task=MLTask.REGRESSION,
        label_column="price",
        only_candidates=("number-boosting",),
    )
    first = build_cleanset(before, spec, cache_dir=tmp_path)
    after = before.copy()
    after.loc[:9, "price"] = "999.0"
    result = improved(before, after, spec, tmp_path)
    assert result.is_warm_started
    assert first.predictions is not None
    assert result.predictions is not None
    assert np.median(np.abs(result.predictions - first.predictions), axis=0).max() < 5
    assert set(result.issues["label_issue_score"].nlargest(10).index) == set(range(10))


def test_neither_numbers_nor_their_error_bars_are_fitted_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = numbers_frame(300)
    kinds = {"size": ColumnKind.NUMBER, "age": ColumnKind.NUMBER}
    spec = replace(
        table_spec(kinds),
        task=MLTask.REGRESSION,
        label_column="price",
        only_candidates=("number-boosting", "ridge"),
    )
    build_cleanset(before, spec, cache_dir=tmp_path)
    after = before.copy()
    after.loc[:9, "price"] = "999.0"
    monkeypatch.setattr(BoostingRegressor, "fit", None)  # to call it would fail
    assert improved(before, after, spec, tmp_path).is_warm_started


def test_numbers_go_on_in_the_scale_in_which_they_were_learned() -> None:
    prices = np.linspace(50, 150, 100).round(1).astype(str)
    before = pd.DataFrame({"size": prices, "price": [*["9000.0"] * 20, *prices[20:]]}, dtype=object)
    spec = replace(
        table_spec({"size": ColumnKind.NUMBER}), task=MLTask.REGRESSION, label_column="price"
    )
    table = Table.of(before, ["size"])
    given = encode_labels(before["price"].tolist(), MLTask.REGRESSION)
    corrected_prices = encode_labels(prices.tolist(), MLTask.REGRESSION)
    first = make_study(table, given, spec, Resources())
    anew = make_study(table, corrected_prices, spec, Resources())
    warm = make_study(table, corrected_prices, spec, Resources(), given)
    assert first.labels.scale != anew.labels.scale
    assert warm.labels.scale == first.labels.scale


def test_sets_go_on(tmp_path: Path) -> None:
    texts = sets_frame()
    words = {
        word: texts["text"].str.contains(word).astype(str)
        for word in ("refund", "parcel", "password")
    }
    before = pd.DataFrame({**words, "label": texts["label"]}, dtype=object)
    spec = replace(
        table_spec(dict.fromkeys(words, ColumnKind.BOOLEAN)),
        task=MLTask.MULTI_LABEL,
        mode=Mode.REGULAR,
        only_candidates=("set-boosting",),
    )
    after = before.copy()
    after.loc[:3, "label"] = "billing,delivery,account"
    result = improved(before, after, spec, tmp_path)
    assert result.is_warm_started
    assert result.candidates[0].accuracy > 0.8
