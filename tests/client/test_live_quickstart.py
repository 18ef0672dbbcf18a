"""docs/quickstart.ipynb, cell by cell, with the public client against a running studio."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client.conftest import Live
from tests.client.notebook import Notebook, notebook
from tests.programs import ROOT

QUICKSTART = json.loads((ROOT / "docs/quickstart.ipynb").read_text())
CODE = ["".join(cell["source"]) for cell in QUICKSTART["cells"] if cell["cell_type"] == "code"]


@pytest.fixture
def fresh(live: Live) -> Iterator[Notebook]:
    """Open a notebook in which nothing was imported."""
    with notebook(live.environment) as opened:
        yield opened


def test_quickstart_holds_no_results_of_somebody_elses_run() -> None:
    cells = [cell for cell in QUICKSTART["cells"] if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in cells] == [[]] * len(cells)
    assert {cell["execution_count"] for cell in cells} == {None}


def test_quickstart_finds_the_wrong_topics_and_predicts(fresh: Notebook, live: Live) -> None:
    values: list[Any] = [fresh(code.replace("cs_…", live.key)) for code in CODE]
    *_, worst, n_corrected, predicted = values
    assert len(worst["topic"]) >= 8
    planted = fresh('[m for n, m in enumerate(frame["message"]) if n % 20 == 7]')
    assert len(set(planted) & set(worst["message"])) >= 10
    assert n_corrected == 0
    assert predicted == ["billing", "delivery"]
