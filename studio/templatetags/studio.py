"""Numbers and times as people write them."""

from __future__ import annotations

import math
import re
from datetime import datetime
from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from studio.engine.conventions.blanks import is_blank
from studio.engine.table.row_numbers import row_number
from studio.figures import duration, percent, significant

register = template.Library()

MAX_SCORE_DIGITS = 6


register.filter(percent)
register.filter(duration)
register.filter(row_number)
register.filter(significant)
register.filter(is_blank)


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """A <time> with the exact moment in its tooltip."""
    if moment is None:
        return "–"
    exact = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        exact,
        f"{moment:%d %b %Y, %H:%M}",
    )


@register.filter
def breakable(name: str) -> SafeString:
    """Let a long name break after the marks between its words, not within a word."""
    parts = re.split(r"(?<=[_\-/.,])(?=\w)", str(name))
    return format_html_join(mark_safe("<wbr>"), "{}", ((part,) for part in parts))


@register.filter
def chance(probability: float) -> str:
    """0.931 → 0.93; what would read 0.00 is said to be less than 0.01."""
    return "<.01" if probability < 0.005 else f"{probability:.2f}"


@register.filter
def score(value: float) -> str:
    """0.931 → 0.93; close to 1 with two digits of the gap: 0.99987 → 0.99987, not 1.00."""
    gap = 1 - value
    if not 0 < gap < 0.01:
        return f"{value:.2f}"
    digits = min(math.ceil(-math.log10(gap)) + 1, MAX_SCORE_DIGITS)
    return f"{value:.{digits}f}"


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, extra: str = "") -> SafeString:
    """An icon of the sprite, rendered once: a page of the review table has 80 of them."""
    return render_to_string("components/icon.html", {"name": name, "extra": extra})


@register.simple_tag
@lru_cache(maxsize=4096)
def score_bar(value: float | None, digits: int | None = None) -> SafeString:
    """A score as a bar and a number, rendered once."""
    return render_to_string("components/score.html", {"value": value, "digits": digits})


@register.simple_block_tag
def scrolling(content: SafeString, label: str) -> SafeString:
    """A region that scrolls sideways by itself, by keyboard too; usually around a table."""
    return format_html(
        '<div class="table-scroll" tabindex="0" role="region" aria-label="{}">{}</div>',
        label,
        content,
    )
