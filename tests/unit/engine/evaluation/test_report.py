"""What an evaluation says of classes, confusions, thresholds, slices and numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.engine.errors import DataProblem
from studio.engine.evaluation.inputs.predictions import (
    class_predictions,
    number_predictions,
    set_predictions,
)
from studio.engine.evaluation.metrics.class_ranks import ThresholdTable
from studio.engine.evaluation.metrics.ranking import Ranked
from studio.engine.evaluation.report import evaluate
from studio.engine.evaluation.slices.divisions import divisions
from studio.engine.evaluation.slices.worst_slices import find_worst_slices
from studio.engine.evaluation.thresholds import (
    Aim,
    choose_threshold,
    figures_at,
    labels_by_threshold,
)
from studio.engine.groups.partitions import Partition
from studio.engine.ml_task import MLTask
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind
from tests.unit.engine.evaluation.drawn import drawn_classes, drawn_numbers


def table_of(scores: list[float], is_positive: list[bool]) -> ThresholdTable:
    return ThresholdTable.of(Ranked.of(np.array(scores), np.array(is_positive)))


def test_a_label_that_the_model_does_not_know_is_always_wrong() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], dtype=np.float32)
    found = class_predictions(["cat", "horse", None], ["cat", "dog"], probabilities)
    assert found.classes == ("cat", "dog", "horse")
    assert found.row_id.tolist() == [0, 1]
    assert found.errors().tolist() == [0, 1]


def test_rows_without_a_prediction_are_not_measured() -> None:
    probabilities = np.array([[0.9, 0.1], [np.nan, np.nan]], dtype=np.float32)
    assert class_predictions(["a", "b"], ["a", "b"], probabilities).row_id.tolist() == [0]
    assert number_predictions(["1,5", "2"], np.array([1.5, np.nan])).labels.tolist() == [1.5]


def test_a_row_with_two_classes_counts_on_and_off_the_diagonal() -> None:
    probabilities = np.array([[0.9, 0.8], [0.9, 0.1]], dtype=np.float32)
    found = set_predictions(["a,b", "a"], ["a", "b"], probabilities)
    report = evaluate(found)
    assert report.confusion is not None
    assert report.confusion.counts.tolist() == [[2, 1], [1, 1]]


def test_mean_probability_of_a_cell_is_of_the_rows_labeled_so() -> None:
    predictions = drawn_classes(400)
    report = evaluate(predictions)
    assert report.confusion is not None
    of_label = predictions.probabilities[predictions.labels == 1]
    assert report.confusion.mean_probability[1] == pytest.approx(of_label.mean(axis=0), abs=1e-6)


def test_classes_that_are_mistaken_for_each_other_are_adjacent() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(6, size=3_000)
    partner = {0: 3, 3: 0, 1: 4, 4: 1, 2: 5, 5: 2}
    takes_partner = rng.random(3_000) < 0.4
    predicted = np.where(takes_partner, [partner[int(code)] for code in labels], labels)
    probabilities = np.eye(6, dtype=np.float32)[predicted]
    names = [f"class {code}" for code in labels]
    found = class_predictions(names, [f"class {code}" for code in range(6)], probabilities)
    order = evaluate(found).confusion.order
    assert {frozenset(order[place : place + 2]) for place in (0, 2, 4)} == {
        frozenset(pair) for pair in ((0, 3), (1, 4), (2, 5))
    }


def test_a_report_of_many_kinds_is_plain_json() -> None:
    for predictions in (drawn_classes(300), drawn_numbers(300), drawn_classes(30, n_classes=9)):
        text = json.dumps(evaluate(predictions).to_dict(), allow_nan=False)
        assert json.loads(text)["n_rows"] == len(predictions)


def test_predictions_without_probabilities_have_the_metrics_that_need_none() -> None:
    predictions = drawn_classes(300)
    found = class_predictions(
        [predictions.classes[code] for code in predictions.labels],
        predictions.classes,
        predictions.probabilities,
    )
    report = evaluate(
        type(found)(found.task, found.classes, found.row_id, found.labels, found.predicted)
    )
    assert set(report.summary.metrics) == {
        "accuracy", "misclassification_rate", "balanced_accuracy", "f1_macro", "f1_weighted",
    }  # fmt: skip
    assert report.per_class[0].roc_auc.value is None


def test_threshold_for_a_precision_finds_as_many_rows_as_it_can() -> None:
    table = table_of([0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False])
    choice = choose_threshold(table, Aim.PRECISION, 0.75)
    assert (choice.true_positives, choice.false_positives) == (3, 1)
    assert 0.5 < choice.threshold <= 0.6


def test_threshold_for_a_recall_is_as_precise_as_it_can_be() -> None:
    table = table_of([0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False])
    choice = choose_threshold(table, Aim.RECALL, 0.6)
    assert (choice.true_positives, choice.false_positives, choice.false_negatives) == (2, 0, 1)


def test_threshold_follows_the_costs() -> None:
    table = table_of([0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False])
    careful = choose_threshold(table, Aim.COST, costs=(10, 1))
    eager = choose_threshold(table, Aim.COST, costs=(1, 10))
    assert careful.false_positives == 0
    assert eager.false_negatives == 0


def test_a_target_that_no_threshold_reaches_is_refused_with_the_best_one() -> None:
    table = table_of([0.9, 0.8, 0.7], [False, True, False])
    with pytest.raises(DataProblem, match=r"precision of 90\.0%; the highest is 50\.0%"):
        choose_threshold(table, Aim.PRECISION, 0.9)


def test_thresholds_reach_the_rows_that_the_table_counts() -> None:
    predictions = drawn_classes(3_000)
    table = evaluate(predictions).ranking.classes[2].table
    scores = predictions.probabilities[:, 2]
    for threshold, found, wrong in zip(
        table.thresholds, table.true_positives, table.false_positives, strict=True
    ):
        is_predicted = scores >= threshold
        is_positive = predictions.labels == 2
        assert int((is_predicted & is_positive).sum()) == pytest.approx(found, abs=2)
        assert int((is_predicted & ~is_positive).sum()) == pytest.approx(wrong, abs=2)


def planted_slice() -> tuple[np.ndarray, list[Partition]]:
    rng = np.random.default_rng(3)
    shops = rng.integers(20, size=4_000)
    errors = (rng.random(4_000) < np.where(shops == 7, 0.4, 0.1)).astype(np.float64)
    noise = [
        Partition(rng.integers(20, size=4_000).astype(np.int8), [f"{n} = {v}" for v in range(20)])
        for n in range(10)
    ]
    return errors, [Partition(shops.astype(np.int8), [f"shop = {v}" for v in range(20)]), *noise]


def test_the_slice_with_planted_errors_is_found_and_no_other() -> None:
    errors, partitions = planted_slice()
    search = find_worst_slices(errors, partitions)
    assert [one.description for one in search.slices] == ["shop = 7"]
    assert search.n_tested == 220
    [worst] = search.slices
    assert worst.low > 0.2
    assert worst.error == pytest.approx(0.4, abs=0.08)


def test_looking_at_many_groups_of_noise_finds_none() -> None:
    _, (_, *noise) = planted_slice()
    alarms = 0
    for seed in range(40):
        errors = (np.random.default_rng(seed).random(4_000) < 0.2).astype(np.float64)
        alarms += bool(find_worst_slices(errors, noise).slices)
    assert alarms <= 5


def test_large_errors_of_numbers_are_found_by_value_range() -> None:
    rng = np.random.default_rng(1)
    age = rng.uniform(0, 100, 2_000)
    errors = np.abs(rng.normal(0, np.where(age > 80, 3.0, 1.0)))
    columns = {"age": Cells.of([f"{value:.2f}" for value in age])}
    search = find_worst_slices(errors, divisions(columns, {"age": ColumnKind.NUMBER}))
    assert [one.description.startswith("age from 8") for one in search.slices] == [True]


def test_a_number_that_is_the_same_wherever_it_is_known_divides_rows_by_blanks_alone() -> None:
    errors = np.array([1.0] * 60 + [0.0] * 140)
    columns = {"n": Cells.of(["1"] * 100 + [""] * 100)}
    search = find_worst_slices(errors, divisions(columns, {"n": ColumnKind.NUMBER}))
    assert (search.n_tested, search.slices) == (1, [])


def test_texts_are_divided_by_length() -> None:
    texts = ["x" * (1 + row % 97) for row in range(500)]
    errors = np.array([float(len(text) > 80) for text in texts])
    search = find_worst_slices(errors, divisions({"t": Cells.of(texts)}, {"t": ColumnKind.TEXT}))
    assert "to 97 characters" in search.slices[0].description


def test_residuals_are_described_by_predicted_value() -> None:
    labels = np.linspace(0, 100, 1_000)
    predicted = labels + np.where(labels > 50, 5.0, 0.0)
    found = number_predictions([f"{value:.6f}" for value in labels], predicted)
    residuals = evaluate(found).plots["residuals"]
    assert residuals[0]["mean"] == pytest.approx(0, abs=1e-4)
    assert residuals[-1]["mean"] == pytest.approx(-5, abs=1e-4)
    assert sum(part["n_rows"] for part in residuals) == 1_000


def test_a_class_with_a_threshold_is_predicted_from_there_on() -> None:
    probabilities = np.array(
        [[0.35, 0.6, 0.05], [0.2, 0.7, 0.1], [0.9, 0.05, 0.05]], dtype=np.float32
    )
    classes = ["a", "b", "c"]
    suggested = ["b", "b", "a"]
    low = labels_by_threshold(probabilities, suggested, classes, {"a": 0.3}, MLTask.MULTI_CLASS)
    high = labels_by_threshold(probabilities, suggested, classes, {"a": 0.95}, MLTask.MULTI_CLASS)
    none = labels_by_threshold(probabilities, suggested, classes, {"x": 0.5}, MLTask.MULTI_CLASS)
    assert low == ["a", "b", "a"]
    assert high == ["b", "b", "b"]
    assert none == suggested


def test_a_threshold_of_a_set_is_of_its_class_alone() -> None:
    probabilities = np.array([[0.35, 0.6], [0.2, 0.7]], dtype=np.float32)
    found = labels_by_threshold(
        probabilities, ["b", "a,b"], ["a", "b"], {"a": 0.3}, MLTask.MULTI_LABEL
    )
    assert found == ["a,b", "b"]


def test_figures_at_a_threshold_between_two_scores() -> None:
    table = table_of([0.9, 0.8, 0.7, 0.6, 0.5], [True, True, False, True, False])
    found = figures_at(table, 0.65)
    assert (found.true_positives, found.false_positives, found.false_negatives) == (2, 1, 1)
    assert figures_at(table, 0.95).true_positives == 0
