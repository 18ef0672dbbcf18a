"""Which issues are looked for, and that people can read about each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cleansets.issue_columns import ISSUE_COLUMNS, OTHER_SCORES
from studio.engine.issues.registry import ISSUE_TYPES
from studio.engine.ml_task import MLTask, Mode
from studio.engine.schema import CleansetSpec
from tests.unit.engine.frames import table_spec, text_spec

DOCUMENT = Path(__file__).resolve().parents[4] / "docs" / "issue-types.md"


def looked_for(spec: CleansetSpec) -> set[str]:
    return {issue.name for issue in ISSUE_TYPES if issue.applies_to(spec)}


def test_fast_mode_leaves_the_costly_text_issues_out() -> None:
    fast, regular = looked_for(text_spec()), looked_for(text_spec(mode=Mode.REGULAR))
    assert regular - fast == {"languages", "informal texts", "toxic texts", "sentiment"}
    assert "personal data" in fast


def test_tables_have_no_text_issues() -> None:
    assert not looked_for(table_spec()) & {"text basics", "personal data", "languages"}


def test_data_without_labels_has_no_issues_of_labels() -> None:
    unsupervised = replace(text_spec(), task=MLTask.UNSUPERVISED, label_column=None)
    assert looked_for(unsupervised) == {
        "near duplicates",
        "outliers",
        "text basics",
        "personal data",
    }


def test_every_flag_and_score_is_documented() -> None:
    text = DOCUMENT.read_text()
    columns = [name for issue in ISSUE_COLUMNS for name in (issue.flag, issue.score) if name]
    assert [name for name in (*columns, *OTHER_SCORES) if f"`{name}`" not in text] == []
