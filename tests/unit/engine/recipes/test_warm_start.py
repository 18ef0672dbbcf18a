"""After few corrections models go on from their fits to the former labels, and nothing about the
figures changes.
"""

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
from studio.engine.fitting.learners import ClassLearner, JointSetLearner, NumberLearner
from studio.engine.labels.reading import read_labels
from studio.engine.labels.scale import AS_GIVEN
from studio.engine.ml_task import MLTask, Mode
from studio.engine.models import forest, linear
from studio.engine.models.base import Classifier, Regressor, SetClassifier
from studio.engine.models.boosting import Boosting, NumberBoosting
from studio.engine.models.forest import Forest, NumberForest, SetForest
from studio.engine.models.linear import MarginClassifier
from studio.engine.models.network import SmallNetwork
from studio.engine.models.set_logistic import SetLogistic
from studio.engine.recipes.build import build_cleanset
from studio.engine.runtime.resources import Resources
from studio.engine.schema import CleansetResult, CleansetSpec
from studio.engine.study.study import make_study, max_changes
from studio.engine.table.cells import Table
from studio.engine.table.columns import ColumnKind
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
    former = read_labels(before[spec.label_column or ""], spec)
    return build_cleanset(after, spec, former_labels=former, cache_dir=cache)


def rows_and_codes(n_classes: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    rows = np.random.default_rng(0).normal(size=(N_ROWS, 3)).astype(np.float32)
    return rows, np.digitize(rows[:, 0], np.linspace(-0.5, 0.5, n_classes - 1)).astype(np.int32)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "model", [Boosting(), Forest(n_trees=50), SmallNetwork()], ids=lambda one: type(one).__name__
)
def test_model_that_goes_on_learns_what_was_corrected_and_keeps_the_rest(
    model: Classifier, n_classes: int
) -> None:
    rows, codes = rows_and_codes(n_classes)
    former, going_on = (ClassLearner(clone(model), n_classes) for _ in range(2))
    former.fit(rows, codes)
    before = former.predict(rows)
    is_corrected = rows[:, 1] > 1.2
    now = np.where(is_corrected, (codes + 1) % n_classes, codes).astype(np.int32)
    going_on.fit(rows, now, former.memory(rows, ALL, ALL))
    after = going_on.predict(rows, before)
    given = (np.arange(N_ROWS), now)
    np.testing.assert_allclose(after.sum(axis=1), 1, atol=1e-5)
    assert after[given][is_corrected].mean() > 0.1 + before[given][is_corrected].mean()
    assert abs(after[given][~is_corrected].mean() - before[given][~is_corrected].mean()) < 0.1


@pytest.mark.parametrize(
    "model", [NumberBoosting(), NumberForest(n_trees=50)], ids=lambda one: type(one).__name__
)
def test_model_of_numbers_goes_on_towards_the_corrected_ones(model: Regressor) -> None:
    rows, _ = rows_and_codes(2)
    values = 50 + 10 * rows[:, 0].astype(np.float64)
    is_corrected = rows[:, 1] > 1
    former, going_on = (NumberLearner(clone(model), AS_GIVEN) for _ in range(2))
    former.fit(rows, values)
    going_on.fit(rows, values + 10 * is_corrected, former.memory(rows, ALL, ALL))
    moved = (going_on.predict(rows, former.predict(rows)) - former.predict(rows))[:, 0]
    assert moved[is_corrected].mean() > 4
    assert np.abs(moved[~is_corrected]).mean() < 1.5


@pytest.mark.parametrize(
    "model", [SetForest(n_trees=50), SetLogistic()], ids=lambda one: type(one).__name__
)
def test_model_of_sets_goes_on_and_leaves_classes_alone_that_all_rows_have(
    model: SetClassifier,
) -> None:
    rows, codes = rows_and_codes(2)
    members = np.column_stack([codes, np.ones(N_ROWS, dtype=np.int32), rows[:, 1] > 0]).astype(
        np.int32
    )
    is_corrected = rows[:, 2] > 1.2
    now = members.copy()
    now[is_corrected, 0] = 1 - now[is_corrected, 0]
    former, going_on = (JointSetLearner(clone(model)) for _ in range(2))
    former.fit(rows, members)
    going_on.fit(rows, now, former.memory(rows, ALL, ALL))
    before, after = former.predict(rows), going_on.predict(rows, former.predict(rows))
    assert (after[:, 1] == 1).all()
    closer = np.abs(before - now)[is_corrected, 0] - np.abs(after - now)[is_corrected, 0]
    assert closer.mean() > 0.05
    assert np.abs(after - before)[:, 2].mean() < 0.02


@pytest.mark.parametrize("n_classes", [2, 3])
def test_forest_whose_labels_are_the_same_says_the_same_when_it_goes_on(n_classes: int) -> None:
    rows, codes = rows_and_codes(n_classes)
    former, going_on = (ClassLearner(Forest(n_trees=20), n_classes) for _ in range(2))
    former.fit(rows[:300], codes[:300])
    before = former.predict(rows[300:])
    going_on.fit(rows[:300], codes[:300], former.memory(rows, ALL[:300], ALL[300:]))
    np.testing.assert_allclose(going_on.predict(rows[300:], before), before, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("form", [sparse.csr_array, np.asarray], ids=["sparse", "dense"])
def test_planes_that_go_on_come_close_to_a_new_fit(
    form: Callable[[npt.NDArray[np.float32]], Matrix], n_classes: int
) -> None:
    rows, codes = rows_and_codes(n_classes)
    now = np.where(rows[:, 1] > 1.2, (codes + 1) % n_classes, codes).astype(np.int32)
    former, going_on, anew = (ClassLearner(MarginClassifier(), n_classes) for _ in range(3))
    former.fit(form(rows), codes)
    going_on.fit(form(rows), now, former.memory(form(rows), ALL, ALL))
    anew.fit(form(rows), now)
    expected, before = anew.predict(form(rows)), former.predict(form(rows))
    after = going_on.predict(form(rows), before)
    assert np.abs(after - expected).mean() < 0.25 * np.abs(before - expected).mean()


def test_planes_of_too_many_words_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "_MOST_KEPT", 8)
    rows, codes = rows_and_codes(3)
    learner = ClassLearner(MarginClassifier(), 3)
    learner.fit(rows, codes)
    assert not learner.memory(rows, ALL, ALL)


def test_forest_of_too_many_rows_keeps_no_leaves_and_is_fitted_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forest, "_MAX_REMEMBERED", 1_000)
    rows, codes = rows_and_codes(2)
    former, going_on = (ClassLearner(Forest(n_trees=20), 2) for _ in range(2))
    former.fit(rows, codes)
    memory = former.memory(rows, ALL, ALL)
    assert not memory
    going_on.fit(rows, codes, memory)
    assert np.array_equal(going_on.predict(rows, former.predict(rows)), former.predict(rows))


def test_fold_whose_classes_came_or_went_is_fitted_anew() -> None:
    rows, codes = rows_and_codes(3)
    former = ClassLearner(Boosting(n_rounds=20), n_classes=3)
    former.fit(rows, np.minimum(codes, 1))
    going_on, anew = (ClassLearner(Boosting(n_rounds=20), n_classes=3) for _ in range(2))
    going_on.fit(rows, codes, former.memory(rows, ALL, ALL))
    anew.fit(rows, codes)
    assert np.array_equal(going_on.predict(rows, former.predict(rows)), anew.predict(rows))


def test_few_corrections_keep_the_folds_so_that_held_out_rows_stay_unseen(tmp_path: Path) -> None:
    before = plain_frame()
    first = build_cleanset(before, SPEC, cache_dir=tmp_path)
    result = improved(before, corrected(before, 20), cache=tmp_path)
    assert result.is_warm_started
    assert not first.is_warm_started
    assert np.array_equal(result.fold_id, first.fold_id)
    assert abs(result.candidates[0].accuracy - first.candidates[0].accuracy) < 0.1


@pytest.mark.parametrize("key", ["gentle-boosting", "forest", "network"])
def test_going_on_gives_the_same_whether_or_not_the_former_fits_are_kept_and_in_any_order(
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
    other = build_cleanset(mixed, spec, former_labels=[before["label"][row] for row in order])
    assert np.array_equal(other.pred_probs, kept.pred_probs[order])


@pytest.mark.parametrize(
    ("n_labeled", "expected"), [(100, 20), (941, 188), (3_000, 200), (20_000, 1_000)]
)
def test_of_few_rows_a_larger_share_may_be_corrected(n_labeled: int, expected: int) -> None:
    assert max_changes(n_labeled) == expected


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
    monkeypatch.setattr(NumberBoosting, "fit", None)  # to call it would fail
    assert improved(before, after, spec, tmp_path).is_warm_started


def test_numbers_go_on_in_the_scale_in_which_they_were_learned() -> None:
    prices = np.linspace(50, 150, 100).round(1).astype(str)
    before = pd.DataFrame({"size": prices, "price": [*["9000.0"] * 20, *prices[20:]]}, dtype=object)
    spec = replace(
        table_spec({"size": ColumnKind.NUMBER}), task=MLTask.REGRESSION, label_column="price"
    )
    table, given = Table.of(before, ["size"]), before["price"].tolist()
    former = make_study(table, given, spec, Resources())
    anew = make_study(table, prices.tolist(), spec, Resources())
    going_on = make_study(table, prices.tolist(), spec, Resources(), given)
    assert former.labels.scale != anew.labels.scale
    assert going_on.labels.scale == former.labels.scale


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
