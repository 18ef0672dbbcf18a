"""Numbers and times as people say them."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from studio.engine.blanks import is_blank
from studio.engine.row_numbers import row_number

register = template.Library()

NO_BREAK = "\N{NO-BREAK SPACE}"
MINUTE, HOUR, DAY = 60, 3600, 86400


register.filter(row_number)
register.filter(is_blank)


@register.filter
def percent(fraction: float | None, digits: int = 1) -> str:
    """0.931 → 93.1 %."""
    return "–" if fraction is None else f"{fraction * 100:.{digits}f}{NO_BREAK}%"


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in the two largest fitting units: 0.42 s, 38 s, 4 min 10 s, 2 h 5 min."""
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f}{NO_BREAK}s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole}{NO_BREAK}s"
    if whole < HOUR:
        return f"{whole // MINUTE}{NO_BREAK}min {whole % MINUTE}{NO_BREAK}s"
    return f"{whole // HOUR}{NO_BREAK}h {whole % HOUR // MINUTE}{NO_BREAK}min"


@register.filter
def filesize(n_bytes: int | None) -> str:
    """1536 → 1.5 KB, in powers of 1024 like file managers."""
    if n_bytes is None:
        return "–"
    size = float(n_bytes)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{size:.0f}{NO_BREAK}{unit}" if unit == "B" else f"{size:.1f}{NO_BREAK}{unit}"
        size /= 1024
    raise AssertionError


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


@register.simple_tag
def query(current: QueryDict, **changes: object) -> str:
    """The query string with some values changed; None removes one."""
    changed = current.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value is not None and value != "":
            changed[name] = str(value)
    return f"?{urlencode(list(changed.lists()), doseq=True)}"
