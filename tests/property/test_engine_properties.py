"""What holds for every dataset: folds, probabilities, weights, and whole cleansets of
odd cells.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from studio.engine.features.column_encoders import make_encoder
from studio.engine.fitting.ensemble import ensemble_weights, towards_equal
from studio.engine.fitting.metrics import accuracy, at_temperature, fit_temperature, log_losses
from studio.engine.labels.encoding import encode_labels
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetResult
from studio.engine.similar.near_duplicates import MIN_TEXT_SIMILARITY
from studio.engine.similar.neighbours import nearest_distances
from studio.engine.similar.row_pairs import pairs_in_buckets
from studio.engine.similar.shingles import MinHash, shingle_sets
from studio.engine.study.folds import NO_FOLD, assign_folds
from studio.engine.table.cell_values import booleans, normalised
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind
from studio.engine.tasks.multi_class import MultiClass
from tests.unit.engine.frames import shuffled, table_spec, text_spec

CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.sampled_from(["1", "2.5", "yes", "no", "2024-05-06", "red", ""]),
)
CODES = st.lists(st.integers(-1, 4), min_size=6, max_size=80).filter(lambda codes: max(codes) >= 0)
N_FOLDS = st.integers(2, 7)
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # each example is a whole build


def labels_of(codes: list[int]) -> list[str | None]:
    return [None if code < 0 else f"class {code}" for code in codes]


@st.composite
def pred_probs(draw: st.DrawFn) -> np.ndarray:
    shape = draw(st.tuples(st.integers(2, 30), st.integers(2, 5)))
    values = draw(arrays(np.float32, shape, elements=st.floats(0, 1, width=32)))
    values[:, 0] += np.float32(0.01)
    return values / values.sum(axis=1, keepdims=True)


@given(CODES, N_FOLDS, st.integers(0, 9))
def test_every_labeled_row_is_in_one_fold_and_classes_are_spread_evenly(
    codes: list[int], n_folds: int, seed: int
) -> None:
    labels = encode_labels(labels_of(codes))
    fold_id = assign_folds(
        labels, np.arange(len(codes), dtype=np.int32), n_folds=n_folds, seed=seed
    )
    assert ((fold_id == NO_FOLD) == ~labels.is_labeled).all()
    assert fold_id.max() < n_folds
    for code in range(len(labels.classes)):
        n_in_fold = np.bincount(fold_id[labels.codes == code], minlength=n_folds)
        assert n_in_fold.max() - n_in_fold.min() <= 1
    totals = np.bincount(fold_id[labels.is_labeled], minlength=n_folds)
    assert totals.max() - totals.min() <= 1 + len(labels.classes)


@given(CODES, N_FOLDS, st.data())
def test_groups_share_a_fold_unless_most_rows_are_repeated(
    codes: list[int], n_folds: int, data: st.DataObject
) -> None:
    group = np.array(
        data.draw(st.lists(st.integers(0, 40), min_size=len(codes), max_size=len(codes))),
        dtype=np.int32,
    )
    labels = encode_labels(labels_of(codes))
    fold_id = assign_folds(labels, group, n_folds=n_folds, seed=0)
    labeled = group[labels.is_labeled].tolist()
    if len(set(labeled)) >= len(labeled) / 2:
        folds_of_group = set(zip(labeled, fold_id[labels.is_labeled].tolist(), strict=True))
        n_rows, n_folds_of = Counter(labeled), Counter(key for key, _ in folds_of_group)
        small = [key for key in n_rows if n_rows[key] <= max(1, 0.5 * len(labeled) / n_folds)]
        assert all(n_folds_of[key] == 1 for key in small)


@given(st.lists(st.one_of(st.none(), st.text(max_size=3))))
def test_codes_lead_back_to_the_labels_as_they_are_spelled(given_labels: list[str | None]) -> None:
    labels = encode_labels(given_labels)
    back = [labels.classes[code] if code >= 0 else None for code in labels.codes]
    assert back == [label if label and label.strip() else None for label in given_labels]
    assert list(labels.classes) == sorted(set(labels.classes))


@given(pred_probs(), st.floats(0.2, 20))
def test_temperature_keeps_the_order_of_classes_and_the_sum(
    probabilities: np.ndarray, temperature: float
) -> None:
    tempered = at_temperature(probabilities, temperature)
    np.testing.assert_allclose(tempered.sum(axis=1), 1, atol=1e-5)
    likeliest = np.argmax(probabilities, axis=1)[:, None]
    assert (
        np.take_along_axis(tempered, likeliest, axis=1)[:, 0] >= tempered.max(axis=1) - 1e-6
    ).all()
    assert (tempered[probabilities == 0] == 0).all()


@given(pred_probs(), st.data())
def test_fitted_temperature_is_within_its_bounds(
    probabilities: np.ndarray, data: st.DataObject
) -> None:
    n_rows, n_classes = probabilities.shape
    codes = np.array(
        data.draw(st.lists(st.integers(0, n_classes - 1), min_size=n_rows, max_size=n_rows)),
        dtype=np.int32,
    )
    temperature = fit_temperature(probabilities, codes)
    assert 0.04 < temperature < 5.1
    assert 0 <= accuracy(at_temperature(probabilities, temperature), codes) <= 1


@given(
    arrays(np.float64, st.tuples(st.integers(1, 40), st.integers(1, 5)), elements=st.floats(0, 1))
)
def test_weights_are_shares_and_no_worse_than_the_best_member(
    given_probabilities: np.ndarray,
) -> None:
    weights = ensemble_weights(given_probabilities, log_losses)
    losses = log_losses(given_probabilities)
    assert log_losses(given_probabilities @ weights).mean() <= losses.mean(axis=0).min() + 1e-9
    moved = towards_equal(weights, given_probabilities, log_losses)
    for shares in (weights, moved):
        assert (shares >= 0).all()
        assert abs(shares.sum() - 1) < 1e-9
    rise = log_losses(given_probabilities @ moved) - log_losses(given_probabilities @ weights)
    assert rise.mean() <= rise.std() / np.sqrt(len(rise)) + 1e-9


def test_candidate_that_adds_next_to_nothing_gets_no_share_and_one_that_helps_does() -> None:
    good = np.tile([0.9, 0.9, 0.9, 0.2], 50)
    hardly_other = np.clip(good + np.tile([0.0, 0.0, -0.005, 0.001], 50), 0, 1)
    assert ensemble_weights(np.column_stack([good, hardly_other]), log_losses).tolist() == [
        1.0,
        0.0,
    ]
    helpful = np.tile([0.5, 0.5, 0.5, 0.9], 50)
    assert (ensemble_weights(np.column_stack([good, helpful]), log_losses) > 0.05).all()


@given(pred_probs(), st.floats(0, 1))
def test_mixture_of_probabilities_sums_to_one(probabilities: np.ndarray, weight: float) -> None:
    mixed = MultiClass().combined([probabilities, probabilities[:, ::-1]], [weight, 1 - weight])
    np.testing.assert_allclose(mixed.sum(axis=1), 1, atol=1e-5)


@given(st.lists(CELLS.map(lambda cell: cell or "")))
def test_any_cells_are_read_by_any_kind(cells: list[str]) -> None:
    read = Cells.of(cells)
    assert len(normalised(cells)) == len(booleans(cells)) == len(cells)
    assert len(read.numbers) == len(read.distinct_moments[read.codes]) == len(cells)


@given(st.lists(CELLS))
def test_cells_come_back_in_any_order_with_nothing_for_a_missing_one(
    texts: list[str | None],
) -> None:
    cells, expected = Cells.of(texts), [text or "" for text in texts]
    assert cells.to_list() == expected
    assert cells.reordered(np.arange(len(texts))[::-1]).to_list() == expected[::-1]
    assert sorted(cells.distinct) == sorted(set(expected))
    assert Counter(dict(zip(cells.distinct, cells.counts().tolist(), strict=True))) == Counter(
        expected
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(CELLS, min_size=1, max_size=30), st.sampled_from(ColumnKind), CELLS)
def test_any_column_is_encoded_without_gaps(
    texts: list[str | None], kind: ColumnKind, unseen: str | None
) -> None:
    encoder, cells = make_encoder(kind, seed=0), Cells.of(texts)
    encoder.fit(cells)
    for encode in (encoder.for_linear, encoder.for_distances):
        before, after = encode(cells), encode(Cells.of([unseen]))
        assert before.shape[1] == after.shape[1]
        assert np.isfinite(before.sum())
        assert np.isfinite(after.sum())
    assert len(encoder.for_trees(cells)) == len(cells)


@given(st.lists(st.integers(0, 5), max_size=30))
def test_pairs_join_each_bucket_and_no_two(keys: list[int]) -> None:
    pairs = pairs_in_buckets(np.array(keys, dtype=np.uint64))
    assert all(
        keys[left] == keys[right] for left, right in zip(pairs.left, pairs.right, strict=True)
    )
    assert set(pairs.right) | set(pairs.left) == {
        row for row, key in enumerate(keys) if keys.count(key) > 1
    }
    assert len(pairs.left) <= 2 * len(keys)


@given(
    st.lists(st.text("abcd ", min_size=1, max_size=40), min_size=2, max_size=12, unique=True),
    st.integers(0, 5),
)
def test_equal_sequences_share_every_bucket(texts: list[str], seed: int) -> None:
    hashes = MinHash(n_bands=8, n_per_band=4, seed=seed)
    bands = hashes.bands(hashes.minima(texts))
    sets = shingle_sets(
        [text if len(text) >= 3 else text.ljust(3) for text in texts], range(len(texts))
    )
    for left in range(len(texts)):
        for right in range(left):
            if sets[left] == sets[right]:
                assert all(band[left] == band[right] for band in bands)


@given(
    arrays(
        np.float32,
        st.tuples(st.integers(2, 30), st.integers(1, 4)),
        elements=st.floats(-5, 5, width=32),
    )
)
def test_nearest_distances_are_those_of_all_pairs(space: np.ndarray) -> None:
    every = np.linalg.norm(space[:, None].astype(np.float64) - space[None], axis=2)
    np.fill_diagonal(every, np.inf)
    expected = np.sort(every, axis=1)[:, : min(3, len(space) - 1)]
    np.testing.assert_allclose(nearest_distances(space, 3, seed=0), expected, atol=0.01)


def assert_sound(result: CleansetResult) -> None:
    issues = result.issues
    scores = issues[[name for name in issues if name.endswith("_score")]].to_numpy(float)
    assert ((scores >= 0) & (scores <= 1)).all()
    np.testing.assert_allclose(result.pred_probs.sum(axis=1), 1, atol=1e-4)
    assert set(issues["suggested_label"].dropna()) <= set(result.classes)
    assert not (issues["is_label_issue"] & issues["is_initially_unlabeled"]).any()
    assert (issues["near_duplicate_cluster_id"].dropna().value_counts() > 1).all()
    assert (
        issues["near_duplicate_score"][issues["is_near_duplicate"]] >= MIN_TEXT_SIMILARITY
    ).all()


def listed(frame: pd.DataFrame, issues: pd.DataFrame) -> pd.DataFrame:
    """Return rows and issues, sorted: rows that are equal in all cells may stand for each other."""
    whole = pd.concat(
        [frame.fillna("").reset_index(drop=True), issues.reset_index(drop=True)], axis=1
    )
    return whole.sort_values(
        list(whole.columns), key=lambda column: column.astype(str)
    ).reset_index(drop=True)


@st.composite
def labeled_cells(draw: st.DrawFn, n_columns: int) -> pd.DataFrame:
    rows = draw(
        st.lists(
            st.tuples(*[CELLS] * n_columns, st.sampled_from(["a", "b", "c", None])),
            min_size=4,
            max_size=25,
        )
    )
    fixed = [
        (*[f"{cell} {n}" for cell in range(n_columns)], label) for n, label in enumerate("aabb")
    ]
    columns = [*(f"f{n}" for n in range(n_columns)), "label"]
    return pd.DataFrame([*rows, *fixed], columns=columns, dtype=object)


@settings(deadline=None, max_examples=5, phases=NO_SHRINKING, derandomize=True)
@given(labeled_cells(n_columns=2), st.sampled_from(ColumnKind), st.sampled_from(ColumnKind))
def test_any_table_becomes_a_sound_cleanset_whatever_its_row_order(
    frame: pd.DataFrame, first: ColumnKind, second: ColumnKind
) -> None:
    spec = table_spec({"f0": first, "f1": second}, n_folds=2)
    straight = build_cleanset(frame, spec)
    assert_sound(straight)
    mixed, order = shuffled(frame, seed=1)
    crooked = build_cleanset(mixed, spec)
    pd.testing.assert_frame_equal(
        listed(mixed, straight.issues.iloc[order]), listed(mixed, crooked.issues)
    )


@settings(deadline=None, max_examples=15, phases=NO_SHRINKING, derandomize=True)
@given(labeled_cells(n_columns=1))
def test_any_texts_become_a_sound_cleanset_whatever_their_classes_are_called(
    frame: pd.DataFrame,
) -> None:
    frame = frame.rename(columns={"f0": "text"})
    result = build_cleanset(frame, text_spec(n_folds=2))
    assert_sound(result)
    renamed = frame.assign(label=frame["label"].map(lambda name: name and f"class {name}"))
    other = build_cleanset(renamed, text_spec(n_folds=2))
    assert other.classes == tuple(f"class {name}" for name in result.classes)
    assert np.array_equal(other.pred_probs, result.pred_probs)
