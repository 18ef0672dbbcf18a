"""Links in the documents lead to files and headings that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.programs import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")


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
