"""The figures of the README are those of docs/benchmarks.md."""

from __future__ import annotations

import re

from tests.programs import ROOT

PROGRAMS = ("regular", "datalab", "autogluon")


def measured() -> dict[tuple[str, str], list[str]]:
    """Return the cells of each line of the benchmarks, by task and program."""
    table = (ROOT / "docs/benchmarks.md").read_text()
    lines = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in table.splitlines()
        if line.startswith("| ")
    ]
    return {(cells[0], cells[1]): cells[2:] for cells in lines if len(cells) > 10}


def test_readme_has_the_measured_precision_and_seconds() -> None:
    figures = measured()
    readme = (ROOT / "README.md").read_text()
    rows = re.findall(r"^\| `(\w+)`[^|]*\|(.*)\|$", readme, re.MULTILINE)
    assert len(rows) >= 4
    for task, cells in rows:
        shown = re.findall(r"(\d\.\d{3})\**, (\d+) s", cells)
        expected = []
        for program in PROGRAMS:
            seconds, embedding, _, _, precision = figures[task, program][:5]
            expected.append((precision, str(round(float(seconds) + float(embedding or 0)))))
        assert shown == expected, task
