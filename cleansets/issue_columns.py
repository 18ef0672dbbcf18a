"""The result columns on the review page: issue flags, their scores and names, and the advice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class IssueColumn:
    """One kind of issue: its key in addresses, its flag and score columns, and its texts."""

    key: str
    flag: str
    score: str | None
    title: str
    badge: str
    meaning: str


ISSUE_COLUMNS = (
    IssueColumn(
        "label_issue",
        "is_label_issue",
        "label_issue_score",
        "Label issues",
        "Label issue",
        "The given label is probably wrong.",
    ),
    IssueColumn(
        "outlier",
        "is_outlier",
        "outlier_score",
        "Outliers",
        "Outlier",
        "Unlike the rest of the data.",
    ),
    IssueColumn(
        "near_duplicate",
        "is_near_duplicate",
        "near_duplicate_score",
        "Near duplicates",
        "Near duplicate",
        "Almost the same as another row; score 1 is an exact copy.",
    ),
    IssueColumn(
        "ambiguous",
        "is_ambiguous",
        "ambiguous_score",
        "Ambiguous",
        "Ambiguous",
        "Lies between two or more classes.",
    ),
    IssueColumn(
        "unlabeled",
        "is_initially_unlabeled",
        None,
        "Unlabeled",
        "Unlabeled",
        "Has no label in the uploaded file.",
    ),
    IssueColumn(
        "rare_class",
        "has_rare_class",
        None,
        "Rare classes",
        "Rare class",
        "Its class has very few rows.",
    ),
    IssueColumn(
        "pii",
        "is_PII",
        "PII_score",
        "Personal data",
        "Personal data",
        "The text names an e-mail address, a phone number, a card or the like; the score is how"
        " sensitive that is.",
    ),
    IssueColumn(
        "non_english",
        "is_non_english",
        "non_english_score",
        "Non-English",
        "Non-English",
        "The text is not written in English.",
    ),
    IssueColumn(
        "informal",
        "is_informal",
        "informal_score",
        "Informal",
        "Informal",
        "Careless spelling, or chat abbreviations.",
    ),
    IssueColumn(
        "toxic",
        "is_toxic",
        "toxic_score",
        "Toxic",
        "Toxic",
        "The text contains insults, swearing or hate.",
    ),
    IssueColumn(
        "empty_text",
        "is_empty_text",
        None,
        "Empty text",
        "Empty text",
        "There is no text to learn from.",
    ),
    IssueColumn(
        "well_labeled",
        "is_well_labeled",
        None,
        "Well labeled",
        "Well labeled",
        "The given label is almost certainly right.",
    ),
)
BADGES = tuple(issue for issue in ISSUE_COLUMNS if issue.key != "well_labeled")
CONFIDENCE = "suggested_label_confidence_score"
OTHER_SCORES = {
    CONFIDENCE: "Confidence",
    "spelling_issue_score": "Spelling",
    "slang_issue_score": "Slang",
    "sentiment_score": "Sentiment (0 = negative)",
}
SCORE_TITLES = {issue.score: issue.badge for issue in ISSUE_COLUMNS if issue.score} | OTHER_SCORES
SCORES = tuple(SCORE_TITLES)


def badges(row: Mapping[str, Any]) -> list[IssueColumn]:
    """Return the issues that a row has."""
    return [issue for issue in BADGES if row.get(issue.flag)]


def issues_in(columns: Iterable[str]) -> tuple[IssueColumn, ...]:
    """Return the kinds of issue that an analysis checked."""
    present = set(columns)
    return tuple(issue for issue in ISSUE_COLUMNS if issue.flag in present)


def advice_sql(columns: Iterable[str]) -> str:
    """Return SQL for what auto-fix does with a row: 'label' (the suggestion), 'exclude', or NULL.

    A suggested label takes precedence. Rows without one are excluded when they are empty, outliers,
    or exact copies of an earlier row; the first of a set of copies stays.
    """
    present = set(columns)
    excluded: list[str] = [flag for flag in ("is_empty_text", "is_outlier") if flag in present]
    if "near_duplicate_cluster_id" in present:
        excluded.append("(near_duplicate_score >= 1 AND NOT is_first_of_set)")
    advised = f"WHEN {' OR '.join(excluded)} THEN 'exclude'" if excluded else ""
    return f"CASE WHEN suggested_label IS NOT NULL THEN 'label' {advised} END"


def advice_of(row: Mapping[str, Any]) -> str | None:
    """Return what auto-fix does with a row, as `advice_sql` says."""
    if row.get("suggested_label") is not None:
        return "label"
    is_exact_copy = (row.get("near_duplicate_score") or 0) >= 1
    is_later_copy = is_exact_copy and row.get("is_first_of_set") is False
    if row.get("is_empty_text") or row.get("is_outlier") or is_later_copy:
        return "exclude"
    return None
