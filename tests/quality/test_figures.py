"""The figures of the README and of the headline table are those that were measured."""

from __future__ import annotations

import re

import pytest

from tests.programs import ROOT

PROGRAMS = ("regular", "datalab", "autogluon")
ALL_PROGRAMS = ("regular", "fast", "datalab", "autogluon", "plain")


def measured() -> dict[tuple[str, str], list[str]]:
    """Return the cells of each line of the benchmarks, by task and program."""
    table = (ROOT / "docs/benchmarks.md").read_text()
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in table.splitlines()
        if line.startswith("| ")
    ]
    return {(cells[0], cells[1]): cells[2:] for cells in lines if len(cells) > 10}


def shown(document: str) -> dict[str, str]:
    """Return the cells of a table of precision and seconds, by the task in its first column."""
    text = (ROOT / document).read_text()
    return dict(re.findall(r"^\| `(\w+)`[^|]*\|(.* s .*)\|$", text, re.MULTILINE))


def expected(task: str, programs: tuple[str, ...]) -> list[tuple[str, str]]:
    figures = measured()
    rows = [figures[task, program] for program in programs if (task, program) in figures]
    return [(row[4], str(round(float(row[0]) + float(row[1] or 0)))) for row in rows]


@pytest.mark.parametrize(
    ("document", "programs", "n_tasks"),
    [("README.md", PROGRAMS, 4), ("docs/benchmarks.md", ALL_PROGRAMS, 10)],
)
def test_table_has_the_measured_precision_and_seconds(
    document: str, programs: tuple[str, ...], n_tasks: int
) -> None:
    table = shown(document)
    assert len(table) >= n_tasks
    for task, cells in table.items():
        assert re.findall(r"(\d\.\d{3})\**, (\d+) s", cells) == expected(task, programs), task


@pytest.mark.parametrize("document", ["README.md", "docs/benchmarks.md"])
def test_table_marks_the_best_precision_of_each_line(document: str) -> None:
    for task, cells in shown(document).items():
        precisions = re.findall(r"(\d\.\d{3})", cells)
        bold = re.findall(r"\*\*(\d\.\d{3})\*\*", cells)
        assert set(bold) == {max(precisions)}, task
