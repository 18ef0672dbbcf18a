"""`clean`, `predict` and `rerun` on files whose reading has to be stated."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.commands import run

LABELS = ["плохо", "хорошо"]
WORDS = {"плохо": ["сломалось", "опоздали", "ужасно"], "хорошо": ["отлично", "быстро", "вежливо"]}


def rows(n: int = 60) -> list[list[str]]:
    labels = [LABELS[place % 2] for place in range(n)]
    return [[f"{WORDS[label][n % 3]} заказ номер {n}", label] for n, label in enumerate(labels)]


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file in KOI8-R that has no header, cleaned as `clean` was told to."""
    folder = tmp_path_factory.mktemp("koi8")
    lines = "".join(f"{text};{label}\n" for text, label in rows())
    (folder / "rows.csv").write_bytes(lines.encode("koi8-r"))
    ended = run(
        "clean", folder / "rows.csv", "--encoding", "koi8-r", "--no-header", "--delimiter",
        "semicolon",
        "--text", "column_1", "--label", "column_2", "--mode", "fast", "--out", folder / "out.csv",
        "--manifest", folder / "m.json", "--model", folder / "model",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    return folder


def test_a_file_is_read_by_the_options_of_clean(cleaned: Path) -> None:
    with (cleaned / "out.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert [[row["column_1"], row["column_2"]] for row in found] == rows()


def test_rerun_reads_the_file_in_the_same_way(cleaned: Path) -> None:
    assert (
        run("rerun", "--manifest", cleaned / "m.json", "--file", cleaned / "rows.csv").status == 0
    )


def test_predict_takes_the_same_options(cleaned: Path) -> None:
    out = cleaned / "predicted.csv"
    told = ["--encoding", "koi8-r", "--no-header", "--delimiter", ";"]
    command = ["predict", cleaned / "rows.csv", "--model", cleaned / "model", "--out", out, *told]
    report = cleaned / "report.html"
    refused = run(*command, "--report", report)
    assert refused.status == 2
    assert "--report needs --guard" in refused.err
    ended = run(*command, "--guard", "--report", report)
    assert ended.status == 0, ended.err
    assert "60 rows predicted" in ended.out
    with out.open(newline="") as file:
        assert {"confidence", "abstain", "prediction_note"} <= set(next(csv.reader(file)))
    assert "Measured by the labels of the file" in report.read_text()


def test_doubts_are_reported_with_the_option_that_changes_them(tmp_path: Path) -> None:
    lines = "".join(f'"{text}",{label}\n' for text, label in rows())
    (tmp_path / "rows.csv").write_bytes(lines.encode("koi8-r"))
    ended = run(
        "clean", tmp_path / "rows.csv", "--label", LABELS[0], "--mode", "fast", "--out",
        tmp_path / "out.csv"
    )  # fmt: skip
    assert "Read as KOI8-U" in ended.err
    assert "name the encoding with --encoding." in ended.err
    assert "add --no-header." in ended.err


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--encoding", "rot13", "no encoding “rot13”"),
        ("--delimiter", "::", "cannot separate cells"),
        ("--sheet", "Data", "no sheet to choose in CSV"),
    ],
)
def test_an_option_that_cannot_be_followed_ends_in_status_2(
    tmp_path: Path, option: str, value: str, said: str
) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,x\n2,y\n")
    ended = run(
        "clean", tmp_path / "rows.csv", "--label", "b", "--out", tmp_path / "out.csv", option, value
    )
    assert ended.status == 2
    assert said in ended.err
