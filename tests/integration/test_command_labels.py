"""How `clean` reads its label column, what it says about it, and how its results are written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

from tests.commands import Ended, rows_of, run
from tests.data_builders import csv_text, planted_text


def clean(file: Path, folder: Path, *options: object) -> Ended:
    return run(
        "clean", file, "--label", "label", "--mode", "fast", "--out", folder / "out.csv", *options
    )


def written(folder: Path, frame: pd.DataFrame) -> Path:
    path = folder / "rows.csv"
    path.write_text(csv_text(frame))
    return path


@pytest.fixture
def spelled(tmp_path: Path) -> Path:
    """Return a file in which one class is spelled in three ways."""
    frame = planted_text(90, n_wrong=0).frame
    rows = [row for row, label in enumerate(frame["label"]) if label == "billing"]
    frame.loc[rows[:8], "label"] = "Billing"
    frame.loc[rows[8:10], "label"] = "billing "
    return written(tmp_path, frame)


def test_a_class_spelled_in_several_ways_is_named_and_stays_as_it_is(
    spelled: Path, tmp_path: Path
) -> None:
    ended = clean(spelled, tmp_path)

    assert (
        "1 class of “label” is spelled in several ways: “billing” 20, “Billing” 8, “billing␣” 2."
        in ended.err
    )
    assert "--merge-spellings" in ended.err
    assert "5 classes of label" in ended.out
    assert "merged_label" not in rows_of(tmp_path / "out.csv")[0]


def test_merged_spellings_are_one_class_and_reproduce(spelled: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "m.json"
    ended = clean(
        spelled,
        tmp_path,
        "--merge-spellings",
        "--manifest",
        manifest,
        "--model",
        tmp_path / "model",
    )

    assert "3 classes of label" in ended.out
    assert "“billing” also for “Billing”, “billing␣”" in ended.err
    rows = rows_of(tmp_path / "out.csv")
    assert {row["label"] for row in rows} == {
        "account",
        "billing",
        "Billing",
        "billing ",
        "delivery",
    }
    assert {row["merged_label"] for row in rows} == {"account", "billing", "delivery"}
    assert json.loads(manifest.read_text())["merged_labels"] == {
        "Billing": "billing",
        "billing ": "billing",
    }

    again = run("rerun", "--manifest", manifest, "--file", spelled)
    assert (again.status, "Reproduced" in again.out) == (0, True)

    assert (
        run("predict", "--model", tmp_path / "model", spelled, "--out", tmp_path / "p.csv").status
        == 0
    )
    predicted = {row["Suggested Label"] for row in rows_of(tmp_path / "p.csv")}
    assert predicted <= {"account", "billing", "delivery"}


@pytest.mark.parametrize(("mark", "example"), [(";", "red;large"), ("json", '["red", "large"]')])
def test_sets_are_read_and_written_as_the_column_has_them(
    tmp_path: Path, mark: str, example: str
) -> None:
    frame = planted_text(90, n_wrong=0).frame
    sets = [
        [label, "urgent"] if row % 4 == 0 else [label] for row, label in enumerate(frame["label"])
    ]
    sets[2] = ["urgent"]
    cells = [json.dumps(names) if mark == "json" else mark.join(names) for names in sets]
    file = written(tmp_path, frame.assign(label=cells))

    questioned = clean(file, tmp_path)
    assert "look like sets of classes" in questioned.err
    assert "add --task multi-label" in questioned.err

    ended = clean(file, tmp_path, "--task", "multi-label", "--model", tmp_path / "model")
    assert f"are read like {example} (--separator {mark})" in ended.err
    assert "4 classes of label" in ended.out
    run("predict", "--model", tmp_path / "model", file, "--out", tmp_path / "p.csv")
    predicted = [row["Suggested Label"] for row in rows_of(tmp_path / "p.csv")]
    assert sum(one == cell for one, cell in zip(predicted, cells, strict=True)) > 60


def test_only_sets_have_a_separator(spelled: Path, tmp_path: Path) -> None:
    ended = clean(spelled, tmp_path, "--separator", ";")

    assert ended.status == 2
    assert "Only sets of classes have a separator" in ended.err


def test_many_numbers_as_classes_are_questioned(tmp_path: Path) -> None:
    frame = planted_text(90, n_wrong=0).frame.assign(
        label=[str(row // 3 + 0.5) for row in range(90)]
    )

    ended = clean(written(tmp_path, frame), tmp_path)

    assert "“label” holds 30 different numbers" in ended.err
    assert "add --task regression" in ended.err


def test_ordinary_label_column_gets_no_note(tmp_path: Path) -> None:
    ended = clean(written(tmp_path, planted_text(60).frame), tmp_path)

    assert "spelled" not in ended.err
    assert "sets" not in ended.err
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert "merged_label" not in next(csv.reader(file))
