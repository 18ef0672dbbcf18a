"""A cleanset from a table or from texts in which every kind of issue is planted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studio.engine.progress import Cancelled
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetResult
from tests.data_builders import Planted, planted_table, planted_text
from tests.unit.engine.frames import (
    Watcher,
    planted_table_with_oddities,
    planted_text_with_oddities,
    shuffled,
    table_spec,
    text_spec,
)

COLUMNS = [
    "is_label_issue",
    "label_issue_score",
    "suggested_label",
    "suggested_label_confidence_score",
    "is_ambiguous",
    "ambiguous_score",
    "is_well_labeled",
    "is_near_duplicate",
    "near_duplicate_score",
    "near_duplicate_cluster_id",
    "is_outlier",
    "outlier_score",
    "is_initially_unlabeled",
    "has_rare_class",
]


@pytest.fixture(scope="module")
def table() -> Planted:
    return planted_table_with_oddities()


@pytest.fixture(scope="module")
def texts() -> Planted:
    return planted_text_with_oddities()


@pytest.fixture(scope="module")
def of_table(table: Planted) -> CleansetResult:
    return build_cleanset(table.frame, table_spec())


@pytest.fixture(scope="module")
def of_texts(texts: Planted) -> CleansetResult:
    return build_cleanset(texts.frame, text_spec())


def without_times(result: CleansetResult) -> list[tuple[object, ...]]:
    return [
        (row.key, row.name, row.accuracy, row.log_loss, row.weight) for row in result.candidates
    ]


def top_rows(result: CleansetResult, n_rows: int) -> set[int]:
    return set(result.issues["label_issue_score"].nlargest(n_rows).index)


def test_result_columns_are_those_of_the_product(
    of_table: CleansetResult, of_texts: CleansetResult
) -> None:
    assert list(of_table.issues.columns) == COLUMNS
    personal = ["is_PII", "PII_score", "PII_types", "PII_items"]
    assert list(of_texts.issues.columns) == [
        *COLUMNS,
        "is_empty_text",
        "text_num_characters",
        *personal,
    ]
    for issues in (of_table.issues, of_texts.issues):
        flags = [name for name in issues.columns if name.startswith(("is_", "has_"))]
        assert all(issues[name].dtype == bool for name in flags)
        assert issues["near_duplicate_cluster_id"].dtype == "Int64"
        scores = issues[[name for name in issues.columns if name.endswith("_score")]]
        assert not scores.isna().any(axis=None)
        assert ((scores >= 0) & (scores <= 1)).all(axis=None)


def test_planted_label_errors_top_the_list_of_a_table(
    table: Planted, of_table: CleansetResult
) -> None:
    assert len(table.wrong_rows - top_rows(of_table, 10)) <= 1
    assert len(table.wrong_rows & set(np.flatnonzero(of_table.issues["is_label_issue"]))) >= 6


def test_planted_label_errors_top_the_list_of_texts(
    texts: Planted, of_texts: CleansetResult
) -> None:
    assert len(texts.wrong_rows - top_rows(of_texts, 8)) <= 1


def test_only_flagged_and_unlabeled_rows_get_a_suggestion(
    table: Planted, of_table: CleansetResult
) -> None:
    issues = of_table.issues
    has_suggestion = issues["suggested_label"].notna()
    assert (has_suggestion == (issues["is_label_issue"] | issues["is_initially_unlabeled"])).all()
    flagged = issues["is_label_issue"]
    assert (issues["suggested_label"][flagged] != table.frame["label"][flagged]).all()


def test_unlabeled_row_is_predicted_and_no_label_issue(of_table: CleansetResult) -> None:
    row = of_table.issues.iloc[152]
    assert row["is_initially_unlabeled"]
    assert not row["is_label_issue"]
    assert row["label_issue_score"] == 0
    assert row["suggested_label"] == "middle"
    assert of_table.fold_id[152] == -1


def test_far_row_is_an_outlier_and_near_ones_are_not(
    of_table: CleansetResult, of_texts: CleansetResult
) -> None:
    assert of_table.issues["outlier_score"].idxmax() == 150
    assert of_table.issues["is_outlier"].sum() < 10
    assert of_texts.issues["outlier_score"].drop(123).idxmax() == 122


def test_copies_form_one_set_whatever_their_spelling(
    of_table: CleansetResult, of_texts: CleansetResult
) -> None:
    for issues, copy in ((of_table.issues, 151), (of_texts.issues, 120)):
        pair = issues.loc[[0, copy]]
        assert pair["is_near_duplicate"].all()
        assert (pair["near_duplicate_score"] == 1).all()
        assert pair["near_duplicate_cluster_id"].nunique() == 1
    assert of_texts.issues.loc[[1, 121], "near_duplicate_cluster_id"].nunique() == 1
    assert of_texts.issues.loc[121, "near_duplicate_score"] < 1


def test_set_numbers_run_from_zero_and_only_duplicates_have_one(of_texts: CleansetResult) -> None:
    ids = of_texts.issues["near_duplicate_cluster_id"]
    assert (ids.notna() == of_texts.issues["is_near_duplicate"]).all()
    assert sorted(ids.dropna().unique()) == list(range(ids.nunique()))


def test_class_of_one_row_is_analysed_and_marked_as_rare(of_table: CleansetResult) -> None:
    assert np.flatnonzero(of_table.issues["has_rare_class"]).tolist() == [153]
    assert "odd one" in of_table.classes
    assert of_table.pred_probs[153, of_table.classes.index("odd one")] == 0


def test_blank_text_is_empty_but_no_duplicate_and_no_error(of_texts: CleansetResult) -> None:
    assert np.flatnonzero(of_texts.issues["is_empty_text"]).tolist() == [123]
    assert of_texts.issues.loc[123, "text_num_characters"] == 2
    assert not of_texts.issues.loc[123, "is_near_duplicate"]


def test_most_clean_rows_are_well_labeled_and_no_issue_is(
    table: Planted, of_table: CleansetResult
) -> None:
    issues = of_table.issues
    assert issues["is_well_labeled"].sum() > 0.4 * len(issues)
    assert not (issues["is_well_labeled"] & issues["is_label_issue"]).any()
    assert not issues["is_well_labeled"][list(table.wrong_rows)].any()


def test_counts_are_those_of_the_flags(of_texts: CleansetResult) -> None:
    flags = [name for name in of_texts.issues if name.startswith(("is_", "has_"))]
    assert of_texts.counts == {name: of_texts.issues[name].sum() for name in flags}


def test_every_labeled_row_is_held_out_once_and_probabilities_sum_to_one(
    of_table: CleansetResult,
) -> None:
    assert set(of_table.fold_id) == {-1, 0, 1, 2}
    np.testing.assert_allclose(of_table.pred_probs.sum(axis=1), 1, atol=1e-5)


def test_best_candidate_comes_first_and_the_ensemble_is_among_them(
    of_table: CleansetResult,
) -> None:
    accuracies = [row.accuracy for row in of_table.candidates]
    assert accuracies == sorted(accuracies, reverse=True)
    assert accuracies[0] > 0.85
    members = [row for row in of_table.candidates if row.key != "ensemble"]
    assert len(members) == len(of_table.candidates) - 1
    assert sum(row.weight for row in members) == pytest.approx(1)


@pytest.mark.parametrize(
    ("build_frame", "spec"),
    [(planted_table_with_oddities, table_spec()), (planted_text_with_oddities, text_spec())],
)
def test_rows_in_another_order_get_the_same_results(
    build_frame: Callable[[], Planted], spec: object
) -> None:
    frame = build_frame().frame
    mixed, order = shuffled(frame, seed=7)
    straight, crooked = build_cleanset(frame, spec), build_cleanset(mixed, spec)
    pd.testing.assert_frame_equal(
        straight.issues.iloc[order].reset_index(drop=True), crooked.issues
    )
    assert np.array_equal(straight.pred_probs[order], crooked.pred_probs)


def test_another_seed_makes_other_folds(table: Planted, of_table: CleansetResult) -> None:
    other = build_cleanset(table.frame, table_spec(seed=1))
    assert not np.array_equal(other.fold_id, of_table.fold_id)


def test_second_build_is_equal_and_fits_nothing(texts: Planted, tmp_path: Path) -> None:
    first = build_cleanset(texts.frame, text_spec(), cache_dir=tmp_path)
    watcher = Watcher()
    second = build_cleanset(texts.frame, text_spec(), cache_dir=tmp_path, progress=watcher)
    pd.testing.assert_frame_equal(first.issues, second.issues)
    assert first.pred_probs.tobytes() == second.pred_probs.tobytes()
    assert first.candidates == second.candidates
    training = [(done, total) for stage, done, total in watcher.calls if stage == "Training models"]
    assert training == [(2, 6), (6, 6)]  # all fits are there already


def test_two_processes_give_what_one_gives(table: Planted, of_table: CleansetResult) -> None:
    parallel = build_cleanset(table.frame, table_spec(), n_jobs=2)
    pd.testing.assert_frame_equal(parallel.issues, of_table.issues)
    assert without_times(parallel) == without_times(of_table)


def test_stages_are_reported_in_order_with_the_number_of_fits(table: Planted) -> None:
    watcher = Watcher()
    result = build_cleanset(table.frame, table_spec(), progress=watcher)
    assert watcher.stages == ["Reading features", "Training models", "Ensembling", "Finding issues"]
    n_fits = 3 * (len(result.candidates) - 1)
    assert ("Training models", n_fits, n_fits) in watcher.calls
    assert list(result.stage_seconds) == watcher.stages
    assert any("Held-out Accuracy" in line for line in watcher.lines)


def test_cancelled_build_keeps_its_finished_fits(table: Planted, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        build_cleanset(
            table.frame,
            table_spec(),
            cache_dir=tmp_path,
            progress=Watcher(stop_at="Training models"),
        )
    watcher = Watcher()
    build_cleanset(table.frame, table_spec(), cache_dir=tmp_path, progress=watcher)
    assert next(done for stage, done, _ in watcher.calls if stage == "Training models") == 1


def test_damaged_cache_file_is_computed_again(texts: Planted, tmp_path: Path) -> None:
    first = build_cleanset(texts.frame, text_spec(), cache_dir=tmp_path)
    for path in tmp_path.rglob("*.npz"):
        path.write_bytes(path.read_bytes()[:100])
    second = build_cleanset(texts.frame, text_spec(), cache_dir=tmp_path)
    pd.testing.assert_frame_equal(first.issues, second.issues)


def test_repeated_text_with_another_label_is_found_although_its_copy_was_not_seen() -> None:
    planted = planted_text_with_oddities()
    frame = planted.frame.copy()
    frame.loc[120, "label"] = "delivery" if frame.loc[0, "label"] != "delivery" else "account"
    result = build_cleanset(frame, text_spec())
    assert result.fold_id[0] == result.fold_id[120]
    assert result.issues.loc[120, "label_issue_score"] > result.issues.loc[0, "label_issue_score"]


@pytest.mark.parametrize("is_text", [False, True])
def test_names_of_classes_change_nothing(*, is_text: bool) -> None:
    planted = planted_text(90, n_wrong=5) if is_text else planted_table(150, n_wrong=8)
    spec = text_spec() if is_text else table_spec()
    names = sorted(planted.frame["label"].unique())
    other_name = {name: f"{len(names) - place} {name}" for place, name in enumerate(names)}
    first = build_cleanset(planted.frame, spec)
    renamed = planted.frame.assign(label=planted.frame["label"].map(other_name))
    second = build_cleanset(renamed, spec)
    assert second.classes == tuple(sorted(other_name.values()))
    assert np.array_equal(first.fold_id, second.fold_id)
    assert np.array_equal(first.pred_probs, second.pred_probs[:, ::-1])
    scores = ["is_label_issue", "label_issue_score", "ambiguous_score"]
    pd.testing.assert_frame_equal(first.issues[scores], second.issues[scores])
    assert first.issues["suggested_label"].map(other_name).equals(second.issues["suggested_label"])
