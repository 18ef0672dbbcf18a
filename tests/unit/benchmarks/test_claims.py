"""What the benchmark says about calibration, flags and suggestions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.claims import Said, claims
from tests.benchmarks.report import Measure, claims_table
from tests.benchmarks.tasks import Task


def task_of(task: str, given: list[object], truth: list[object]) -> Task:
    train = pd.DataFrame({"size": range(len(given)), "label": given})
    is_error = pd.Series(given) != pd.Series(truth)
    is_judged = pd.Series([True] * len(given))
    return Task(task, None, "label", train, None, pd.Series(truth), is_error, is_judged)


def said(suggested: list[str], pred_probs: list[list[float]] | None = None) -> Said:
    probabilities = None if pred_probs is None else np.array(pred_probs)
    return Said(probabilities, ("a", "b"), pd.Series(suggested), expected_precision=0.75)


def test_accepting_is_right_where_the_suggestion_is_the_true_class() -> None:
    task = task_of("multi-class", ["a", "a", "b", "b"], ["a", "b", "a", "b"])
    found = claims(task, said(["", "b", "a", "a"], [[1, 0], [0, 1], [1, 0], [1, 0]]))
    assert found.n_suggested == 3
    assert found.right_suggestions == pytest.approx(2 / 3)
    assert (found.right_before, found.right_after) == (0.5, 0.75)
    assert found.expected_precision == 0.75
    # Four predictions are certain, and three of them right.
    assert found.calibration_error == pytest.approx(0.25)


def test_only_judged_rows_count() -> None:
    task = task_of("multi-class", ["a", "b"], ["b", "b"])
    judged = replace(task, is_judged=pd.Series([False, True]))
    found = claims(judged, said(["a", ""], [[1, 0], [0, 1]]))
    assert (found.n_suggested, found.right_suggestions) == (0, None)
    assert (found.right_before, found.calibration_error) == (1.0, 0.0)


def test_order_of_a_set_does_not_matter_and_each_answer_is_calibrated() -> None:
    task = task_of("multi-label", ["a", "b,a"], ["a,b", "a,b"])
    found = claims(task, said(["b,a", ""], [[1, 0.5], [1, 0.5]]))
    assert (found.right_before, found.right_after, found.right_suggestions) == (0.5, 1.0, 1.0)
    assert found.calibration_error == pytest.approx(0.25)


def test_suggested_number_is_right_if_it_is_nearer_to_the_true_one() -> None:
    task = task_of("regression", [1.0, 30.0, 3.0], [1.0, 2.0, 3.0])
    found = claims(task, said(["", "3", "4"]))
    assert found.calibration_error is None
    assert found.right_suggestions == 0.5
    deviation = np.std([1, 2, 3])
    assert found.right_before == pytest.approx(28 / 3 / deviation)
    assert found.right_after == pytest.approx(2 / 3 / deviation)


def test_drawn_rows_keep_their_truth() -> None:
    given = [str(row) for row in range(50)]
    drawn = task_of("multi-class", given, [*given[:25], *["x"] * 25]).sampled(20)
    assert len(drawn.train) == len(drawn.truth) == 20
    assert ((drawn.train["label"] != drawn.truth) == drawn.is_error).all()


def test_table_leaves_out_programs_that_say_nothing() -> None:
    silent = Measure(
        task="t", program="plain", n_rows=4, n_errors=1, measured_at="", wall_s=1, cpu_s=1,
        embed_s=None, peak_mb=1, average_precision=1, auroc=1, n_flagged=1, precision_of_flags=0.5,
        recall_of_flags=1, noisy=None, fixed=None,
    )  # fmt: skip
    studio = replace(
        silent, program="fast", calibration_error=0.012, expected_precision=0.6, n_suggested=1,
        right_suggestions=1.0, right_before=0.75, right_after=1.0,
    )  # fmt: skip
    lines = claims_table([silent, studio]).splitlines()
    assert len(lines) == 3
    cells = [cell.strip() for cell in lines[2].split("|")[1:-1]]
    assert cells == ["t", "fast", "4", "0.012", "0.60", "0.50", "1", "1.00", "0.750", "1.000"]
