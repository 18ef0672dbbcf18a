"""What the report of a batch says."""

from __future__ import annotations

import pytest

from inference.report_page import abstention

WRONG_LABELS = "Labels that are wrong count against the model"


@pytest.mark.parametrize(
    ("least_confidence", "n_abstained", "words"),
    [
        (0.6, 10, "confidence below 0.6 abstain. Above it, 90% of the predictions agreed"),
        (0.99996, 10, "confidence below 0.9999 abstain"),
        (1.0, 100, "All rows abstain: however confident, fewer than 90%"),
    ],
)
def test_abstention_is_explained_by_the_confidence_that_it_takes(
    least_confidence: float, n_abstained: int, words: str
) -> None:
    report = {
        "coverage": 0.9,
        "n_rows": 100,
        "n_abstained": n_abstained,
        "least_confidence": least_confidence,
    }
    text = abstention(report)
    assert words in text
    assert (WRONG_LABELS in text) == (n_abstained > 50)


def test_numbers_and_older_reports_do_not_explain_abstention() -> None:
    report = {"coverage": 0.9, "n_rows": 100, "n_abstained": 5}
    assert not abstention(report)
    assert not abstention(report | {"least_confidence": None})
