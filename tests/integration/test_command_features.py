"""What `clean` learns from: what it leaves out, and what it says about that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.commands import Ended, rows_of, run

N_ROWS = 240


def clean(frame: pd.DataFrame, folder: Path, *options: object) -> Ended:
    frame.to_csv(folder / "rows.csv", index=False)
    return run(
        "clean", folder / "rows.csv", "--mode", "fast", "--out", folder / "out.csv", *options
    )


@pytest.fixture
def trips() -> pd.DataFrame:
    """Return a regression in which all numbers differ, and one column says most of what the label
    is.
    """
    rng = np.random.default_rng(0)
    speed = rng.normal(30, 5, N_ROWS)
    return pd.DataFrame(
        {
            "speed": speed,
            "wind": rng.normal(0, 1, N_ROWS),
            "cost": 3 * speed + rng.normal(0, 1, N_ROWS),
        }
    )


@pytest.fixture
def sorted_rows() -> tuple[pd.DataFrame, set[int]]:
    """Return a file sorted by its label, with an index of which rows are missing, and the rows
    whose label is wrong.
    """
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], N_ROWS // 3)
    wrong = set(rng.choice(N_ROWS, 12, replace=False).tolist())
    given = [(code + 1) % 3 if row in wrong else code for row, code in enumerate(codes.tolist())]
    columns = {
        "Unnamed: 0": np.flatnonzero(rng.random(4 * N_ROWS) < 0.4)[:N_ROWS],
        "a": rng.normal(codes, 0.25).round(2),
        "b": rng.normal(-codes, 0.25).round(2),
        "label": np.array(["low", "mid", "high"])[given],
    }
    return pd.DataFrame(columns), wrong


def test_best_column_of_a_regression_on_distinct_numbers_is_used(
    trips: pd.DataFrame, tmp_path: Path
) -> None:
    ended = clean(trips, tmp_path, "--label", "cost", "--task", "regression")

    assert "Learning cost from speed, wind" in ended.err
    assert "Not learned from" not in ended.err
    r2 = float(ended.out.split("Ensemble Predictor")[1].split("%")[0])
    assert r2 > 90


def test_label_on_another_scale_is_left_out_and_named(trips: pd.DataFrame, tmp_path: Path) -> None:
    trips.insert(0, "cents", 100 * trips["cost"] + 5)
    ended = clean(trips, tmp_path, "--label", "cost", "--task", "regression")

    assert "Learning cost from speed, wind" in ended.err
    assert "Not learned from: “cents” (it is the label column cost, on another scale)." in ended.err


def test_words_among_numbers_are_named(trips: pd.DataFrame, tmp_path: Path) -> None:
    trips["speed"] = trips["speed"].astype(object)
    trips.loc[: N_ROWS // 20 - 1, "speed"] = "too fast"
    ended = clean(trips, tmp_path, "--label", "cost", "--task", "regression")

    assert (
        "although 228 of its 240 filled cells are numbers; others are words: “too fast”."
        in ended.err
    )
    assert "If it holds numbers, empty the other cells in the file" in ended.err


def test_saved_index_is_left_out_and_errors_are_found(
    sorted_rows: tuple[pd.DataFrame, set[int]], tmp_path: Path
) -> None:
    frame, wrong = sorted_rows
    ended = clean(frame, tmp_path, "--label", "label")

    assert (
        "Not learned from: “Unnamed: 0” (its numbers only say where in the file a row stood)."
        in ended.err
    )
    flagged = {
        n for n, row in enumerate(rows_of(tmp_path / "out.csv")) if row["is_label_issue"] == "True"
    }
    assert len(flagged & wrong) >= 8


def test_index_that_is_asked_for_is_used_with_a_note(
    sorted_rows: tuple[pd.DataFrame, set[int]], tmp_path: Path
) -> None:
    ended = clean(sorted_rows[0], tmp_path, "--label", "label", "--features", "Unnamed: 0,a")

    assert "Learning label from Unnamed: 0, a" in ended.err
    assert "“Unnamed: 0” is learned from, although its numbers only say where" in ended.err


def test_file_of_one_row_is_refused_as_such(tmp_path: Path) -> None:
    ended = clean(pd.DataFrame({"a": [1], "label": ["x"]}), tmp_path, "--label", "label")

    assert ended.status == 2
    assert "The table has one row, so there is nothing to compare it with." in ended.err


def test_number_column_with_hundreds_of_classes_is_analysed(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"fare": [f"{n // 2}.5" for n in range(450)], "deck": ["A", "B", "C"] * 150}
    )
    ended = clean(frame, tmp_path, "--label", "fare")

    assert ended.status == 0
    assert "225 classes of fare" in ended.out
