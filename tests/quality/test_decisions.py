"""The notes in docs/decisions state the constants as the engine has them, and all are listed."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest

from tests.programs import ROOT

DECISIONS = ROOT / "docs" / "decisions"
NOTES = sorted(note for note in DECISIONS.glob("*.md") if note.name != "README.md")
MAX_LINES = 45
CONSTANT = re.compile(r"^\| `(_?[A-Z][A-Z_]*)` \| ([^|]+) \|", re.MULTILINE)


def engine_constants() -> dict[str, list[Any]]:
    """Return the values of each constant by name; several modules may share a name."""
    found: dict[str, list[Any]] = {}
    for file in sorted((ROOT / "studio" / "engine").rglob("*.py")):
        for statement in ast.parse(file.read_text()).body:
            if isinstance(statement, ast.Assign):
                for name, value in assigned(statement.targets[0], statement.value):
                    found.setdefault(name, []).append(value)
    return found


def assigned(target: ast.expr, value: ast.expr) -> list[tuple[str, Any]]:
    """Return the names and plain numbers of an assignment, also of `a, b = 1, 2`."""
    if isinstance(target, ast.Name):
        return [(target.id, number(value))]
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = zip(target.elts, value.elts, strict=True)
        return [pair for one, other in pairs for pair in assigned(one, other)]
    return []


def number(value: ast.expr) -> Any:
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        return ast.literal_eval(value.left) / ast.literal_eval(value.right)
    try:
        return ast.literal_eval(value)
    except ValueError:
        return None


def stated(text: str) -> Any:
    """Return the number of a table cell, or a tuple of several."""
    numbers = [
        ast.literal_eval(part) if "/" not in part else number(ast.parse(part, mode="eval").body)
        for part in text.strip().split(", ")
    ]
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def test_constants_have_the_values_that_the_page_states() -> None:
    constants = engine_constants()
    rows = CONSTANT.findall((DECISIONS / "constants.md").read_text())
    assert len(rows) > 40
    wrong = [(name, value) for name, value in rows if stated(value) not in constants.get(name, [])]
    assert wrong == []


@pytest.mark.parametrize("note", NOTES, ids=lambda note: note.stem)
def test_note_states_a_question_and_is_short(note: Any) -> None:
    text = note.read_text()
    if note.stem != "constants":
        assert "**Question.**" in text
        assert len(text.splitlines()) <= MAX_LINES


def test_index_lists_every_note() -> None:
    listed = set(re.findall(r"\]\((\w[\w-]*\.md)\)", (DECISIONS / "README.md").read_text()))
    assert listed == {note.name for note in NOTES}


def test_notes_that_code_names_exist() -> None:
    folders = ("studio", "projects", "cleansets", "models_app", "inference")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    named = {
        name
        for file in files
        for name in re.findall(r"docs/decisions/([\w-]+)\.md", file.read_text())
    }
    assert len(named) > 20
    assert named - {note.stem for note in NOTES} == set()
