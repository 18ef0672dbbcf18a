"""Links in the documents lead to files and headings that exist, and files that they name exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.programs import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")
NAMED_TEST = re.compile(r"`(?:tests/)?([a-z]+/[\w/]+\.py)::(\w+)`")
NAMED_FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|toml|html|js|ipynb|yml))`")


def prose_of(document: Path) -> str:
    return FENCED.sub("", document.read_text())


def anchors_of(document: Path) -> set[str]:
    """Return what a link may name after #, as code hosts make it of a heading."""
    headings = re.findall(r"^#+ (.+)$", prose_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def problem_of(document: Path, link: str) -> str | None:
    """Return what is wrong with a link, or None; other sites are not asked."""
    if re.match(r"[a-z]+:", link):
        return None
    place, _, anchor = link.partition("#")
    target = (document.parent / (place or document.name)).resolve()
    if not target.exists():
        return f"{link}: no such file"
    if not target.is_relative_to(ROOT):
        return f"{link}: outside of the project"
    if anchor and anchor not in anchors_of(target):
        return f"{link}: no such heading"
    return None


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT))
)
def test_links_lead_to_files_and_headings(document: Path) -> None:
    problems = [problem_of(document, link) for link in LINK.findall(prose_of(document))]
    assert [problem for problem in problems if problem] == []


def test_reader_of_the_readme_can_reach_every_document() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in reached:
            continue
        reached.add(document)
        places = [link.partition("#")[0] for link in LINK.findall(prose_of(document))]
        targets = [(document.parent / place).resolve() for place in places if place.endswith(".md")]
        waiting += [target for target in targets if target.exists()]
    assert set(DOCUMENTS) - reached == set()


def test_link_to_a_missing_file_or_heading_is_found() -> None:
    readme = ROOT / "README.md"
    assert problem_of(readme, "docs/none.md") == "docs/none.md: no such file"
    assert problem_of(readme, "docs/cli.md#none") == "docs/cli.md#none: no such heading"
    assert problem_of(readme, "docs/cli.md#clean") is None


def known_paths() -> set[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    files = [Path(name) for name in listed.stdout.splitlines()]
    return {str(path) for file in files for path in (file, *file.parents)}


@pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT))
)
def test_files_that_a_document_names_exist(document: Path) -> None:
    known = known_paths()
    named = NAMED_FILE.findall(prose_of(document))
    endings = {path[start:] for path in known for start in starts_of_parts(path)}
    assert {name for name in named if name.rstrip("/") not in endings} == set()


def starts_of_parts(path: str) -> list[int]:
    """Return where the last parts of a path begin: `a/b.py` may be named `b.py`."""
    return [0, *(match.end() for match in re.finditer("/", path))]


def test_tests_that_documents_name_exist() -> None:
    named = {test for document in DOCUMENTS for test in NAMED_TEST.findall(document.read_text())}
    assert named
    missing = [
        (file, test)
        for file, test in sorted(named)
        if f"def {test}(" not in (ROOT / "tests" / file).read_text()
    ]
    assert missing == []
