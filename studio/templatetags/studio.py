"""Numbers and times as people say them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from studio.engine.conventions.blanks import is_blank
from studio.engine.table.row_numbers import row_number
from studio.figures import duration, percent

register = template.Library()


register.filter(percent)
register.filter(duration)
register.filter(row_number)
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


@register.simple_block_tag
def scrolling(content: SafeString, label: str) -> SafeString:
    """A region that scrolls sideways by itself, by keyboard too; usually around a table."""
    return format_html(
        '<div class="table-scroll" tabindex="0" role="region" aria-label="{}">{}</div>',
        label,
        content,
    )
