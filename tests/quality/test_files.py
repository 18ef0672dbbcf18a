"""Rules for files that no linter checks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.programs import ROOT

FOLDERS = (
    "studio",
    "projects",
    "cleansets",
    "models_app",
    "inference",
    "tests",
    "templates",
    "static",
)
MAX_LINES = 600
MAX_SCRIPT_LINES = 150
MAX_MODULES_IN_A_ROOM = 12
FILES = [
    file
    for folder in FOLDERS
    for file in sorted((ROOT / folder).rglob("*"))
    if file.suffix in (".py", ".html", ".css", ".js") and "artifacts" not in file.parts
]
TEMPLATES = [file for file in FILES if file.suffix == ".html"]


def test_no_file_is_longer_than_a_person_reads() -> None:
    limits = {".js": MAX_SCRIPT_LINES, ".css": 2 * MAX_LINES}
    n_lines = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in FILES}
    assert {
        file: n for file, n in n_lines.items() if n > limits.get(Path(file).suffix, MAX_LINES)
    } == {}


def test_rooms_of_the_engine_fit_in_view_and_say_what_they_are_for() -> None:
    engine = ROOT / "studio" / "engine"
    rooms = sorted({file.parent for file in engine.rglob("*.py")})
    n_modules = {
        str(room.relative_to(ROOT)): len(set(room.glob("*.py")) - {room / "__init__.py"})
        for room in rooms
    }
    assert len(rooms) > 20
    assert {room: n for room, n in n_modules.items() if n > MAX_MODULES_IN_A_ROOM} == {}
    doors = [room / "__init__.py" for room in rooms]
    assert [door for door in doors if not ast.get_docstring(ast.parse(door.read_text()))] == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a style", r"<style\b|\sstyle="),
        ("a script", r"<script(?![^>]*\bsrc=)|\son[a-z]+="),
        ("another host", r"(?:src|href|action|url\()\s*=?\s*[\"']?(?:https?:)?//"),
    ],
)
def test_template_holds_nothing_that_the_content_security_policy_refuses(
    what: str, pattern: str
) -> None:
    holders = [
        str(file.relative_to(ROOT)) for file in TEMPLATES if re.search(pattern, file.read_text())
    ]
    assert holders == [], what


def test_static_files_load_nothing_from_another_host() -> None:
    loads = re.compile(r"(?:url\(|@import|fetch\(|import)\s*[\"'(]?\s*(?:https?:)?//")
    assert [
        str(file)
        for file in FILES
        if file.suffix in (".css", ".js") and loads.search(file.read_text())
    ] == []


def test_nothing_is_called_a_helper() -> None:
    assert [
        str(file) for file in FILES if re.fullmatch("utils?|helpers?|misc|common", file.stem)
    ] == []


def test_sentences_that_commands_say_too_have_no_words_of_pages() -> None:
    words = re.compile(
        r"\bUpload (?:an?|it|that|the)\b|\bupload"
        r" (?:it|that)\b|\bChoose\b|\b[Cc]lick\b|\b[Bb]utton\b"
    )
    folders = ("studio/engine", "studio/management", "projects/readers")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    assert [
        (file.name, text) for file in files for text in _sentences(file) if words.search(text)
    ] == []


def _sentences(file: Path) -> list[str]:
    """Return the texts of a module that are no docstrings."""
    nodes = list(ast.walk(ast.parse(file.read_text())))
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    texts = [
        node for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    return [str(node.value) for node in texts if id(node) not in alone]


@pytest.mark.django_db
def test_migrations_are_complete() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
