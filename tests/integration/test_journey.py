"""The main job in this process, on the sample, whose truth is known."""

from __future__ import annotations

from projects.sample.support_requests import Planted, make_support_requests
from tests.journey import walk
from tests.visitor import ClientVisitor


def test_main_job_finds_the_planted_errors_and_ends_with_predictions(eager_runs: None) -> None:
    exported = walk(ClientVisitor())
    truth = make_support_requests().truth
    assert len(exported) == len(truth)

    is_planted = truth["planted"].to_numpy() == Planted.LABEL_ERROR
    scores = exported["label_issue_score"].astype(float)
    worst = scores.sort_values(ascending=False).index[: is_planted.sum()]
    assert is_planted[worst].mean() > 0.8
    fixed = exported["action"] == "auto-fix"
    assert (exported["cleanlab_corrected_label"] == truth["true_topic"])[fixed].mean() > 0.8
