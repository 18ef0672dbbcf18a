"""What the style sheets and templates promise: contrast in both themes, nothing inline, no icon or
file missing.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLE_SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
TOKEN = re.compile(
    r"--([\w-]+):\s*(?:light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)|(#[0-9a-f]{6}));"
)

BACKGROUNDS = ("surface", "canvas", "surface-sunken", "surface-raised", "surface-hover")
TEXT_PAIRS = [
    *(
        (ink, ground)
        for ink in ("ink", "ink-muted", "accent")
        for ground in (*BACKGROUNDS, "accent-soft")
    ),
    *((meaning, f"{meaning}-soft") for meaning in ("good", "warning", "bad", "info")),
    *((meaning, "surface") for meaning in ("good", "warning", "bad", "info")),
    *(("ink", f"{meaning}-soft") for meaning in ("good", "warning", "bad", "info")),
    *(("on-accent", ground) for ground in ("accent-solid", "accent-solid-hover", "bad-solid")),
]
SHAPE_PAIRS = [
    (shape, ground)
    for shape in ("line-control", "focus", "bar")
    for ground in ("surface", "canvas")
]


def _tokens() -> dict[str, tuple[str, str]]:
    """Return the colour of each token in the light and in the dark theme."""
    text = (ROOT / "static" / "css" / "studio.css").read_text()
    return {name: (light or both, dark or both) for name, light, dark, both in TOKEN.findall(text)}


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2, 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _too_weak(pairs: list[tuple[str, str]], *, least: float) -> list[str]:
    tokens = _tokens()
    return [
        f"{front} on {ground}, {theme}: {ratio:.2f}"
        for front, ground in pairs
        for theme, ratio in zip(
            ("light", "dark"), map(_contrast, tokens[front], tokens[ground]), strict=True
        )
        if ratio < least
    ]


def test_text_has_the_contrast_of_level_aa_in_both_themes() -> None:
    assert _too_weak(TEXT_PAIRS, least=4.5) == []


def test_borders_of_controls_bars_and_the_focus_ring_can_be_seen_in_both_themes() -> None:
    assert _too_weak(SHAPE_PAIRS, least=3.0) == []


@pytest.mark.parametrize(
    "template", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix()
)
def test_no_template_holds_what_the_content_security_policy_forbids(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|href=\"javascript:|hx-on", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = set(
        re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static" / "img" / "icons.svg").read_text())
    )
    named = {
        name
        for template in TEMPLATES
        for tag in re.findall(r"{% (?:include|icon) [^%]*%}", template.read_text())
        for name in re.findall(r'% icon "([\w-]+)"|\bicon="([\w-]+)"', tag)
        for name in name
        if name
    }
    assert named
    assert named - sprite == set()


def test_pieces_that_are_rendered_once_are_not_included() -> None:
    kept = r'include "(components/(icon|score)|cleansets/_(label|decision))\.html"'
    assert [path.name for path in TEMPLATES if re.search(kept, path.read_text())] == []


def test_every_static_file_that_a_template_names_exists() -> None:
    named = {
        path
        for template in TEMPLATES
        for path in re.findall(r"{% static '([^']+)' %}", template.read_text())
    }
    assert named
    assert [path for path in sorted(named) if not (ROOT / "static" / path).is_file()] == []


def test_every_component_says_what_it_takes() -> None:
    components = sorted((ROOT / "templates" / "components").glob("*.html"))
    silent = [
        path.name
        for path in components
        if "Context:" not in path.read_text().split("{% endcomment %}")[0]
    ]
    assert silent == []


def test_style_sheets_and_scripts_stay_short_enough_to_read() -> None:
    assert [path.name for path in STYLE_SHEETS if len(path.read_text().splitlines()) > 500] == []
    assert [path.name for path in SCRIPTS if len(path.read_text().splitlines()) > 150] == []


def test_colours_are_tokens_outside_the_head_of_the_main_style_sheet() -> None:
    stray = [
        f"{sheet.name}: {line.strip()[:80]}"
        for sheet in STYLE_SHEETS
        for line in sheet.read_text().splitlines()
        if re.search(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)", line) and not re.match(r"\s*--", line)
    ]
    assert stray == []
