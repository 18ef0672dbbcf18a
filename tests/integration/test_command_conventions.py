"""The commands say how numbers and dates were read where the cells leave it open, and take the
answer.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.management import call_command

N_ROWS = 150


def run(command: str, *arguments: object) -> tuple[int, str]:
    """Return the exit status and what stands on standard error."""
    errors = io.StringIO()
    try:
        call_command(command, *map(str, arguments), stdout=io.StringIO(), stderr=errors)
    except SystemExit as ended:
        return int(ended.code or 0), errors.getvalue()
    return 0, errors.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with prices that grow with a size of three decimals, and with a model of
    them.
    """
    folder = tmp_path_factory.mktemp("conventions")
    lines = [
        f"{n % 9 + 1},{n:03d};0{n % 9 + 1}/0{n % 4 + 1}/2023;{3 * (n % 9 + 1)},5"
        for n in range(N_ROWS)
    ]
    (folder / "open.csv").write_text("\n".join(["size;day;price", *lines]))
    return folder


def clean(folder: Path, *options: object) -> tuple[int, str]:
    fixed = ["--label", "price", "--task", "regression", "--features", "size,day", "--mode", "fast"]
    return run("clean", folder / "open.csv", *fixed, "--out", folder / "out.csv", *options)


def test_both_readings_are_named_until_one_is_stated(folder: Path) -> None:
    status, errors = clean(folder)
    assert status == 0
    assert (
        "Column “size”: “1,000” may be 1000 (with a decimal point) or 1 (with a decimal comma)."
        in errors
    )
    assert (
        "Column “day”: “01/02/2023” may be 2023-02-01 (day first) or 2023-01-02 (month first)."
        in errors
    )
    assert "Column “price”" not in errors
    status, errors = clean(
        folder, "--decimal", "comma", "--dates", "day=day-first", "--model", folder / "model"
    )
    assert (status, "may be" in errors) == (0, False)
    status, errors = run(
        "predict", "--model", folder / "model", folder / "open.csv", "--out", folder / "p.csv"
    )
    assert (status, errors.count("may be")) == (0, 2)
    rows = list(csv.DictReader((folder / "p.csv").open()))
    assert all("." not in row["Suggested Label"] for row in rows)


def test_cells_that_cannot_be_read_and_blank_rows_are_named(folder: Path) -> None:
    rows = (folder / "open.csv").read_text().splitlines()
    broken = [*rows[:3], "about 3;05/31/2023;9,5", ";;9,5", *rows[3:]]
    (folder / "broken.csv").write_text("\n".join(broken))
    options = [
        "--label",
        "price",
        "--task",
        "regression",
        "--features",
        "size,day",
        "--mode",
        "fast",
    ]
    status, errors = run("clean", folder / "broken.csv", *options, "--out", folder / "out.csv")
    assert status == 0
    assert (
        "Column “size”: 1 cell is not a number and counts as missing: “about 3” in row 3." in errors
    )
    assert "1 row has no cell that can be read; nothing can be learned there: row 4." in errors


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (["--decimal", "semicolon"], "“semicolon” is not known. Give one of point, comma."),
        (["--dates", "weight=day-first"], "there is no column weight that is read"),
    ],
)
def test_an_option_that_means_nothing_ends_in_status_2(
    folder: Path, option: list[str], reason: str
) -> None:
    status, errors = clean(folder, *option)
    assert status == 2
    assert reason in errors
