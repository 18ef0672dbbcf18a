"""The main job in this process, on the sample, whose truth is known."""

from __future__ import annotations

from tests.journey import walk
from tests.visitor import ClientVisitor


def test_main_job_finds_the_planted_errors_and_ends_with_predictions(eager_runs: None) -> None:
    exported = walk(ClientVisitor())
    assert len(exported) > 100
