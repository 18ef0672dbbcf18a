"""Numbers and times as people say them."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from studio.engine.conventions.blanks import is_blank
from studio.engine.table.row_numbers import row_number
from studio.figures import duration, filesize, percent

register = template.Library()


register.filter(percent)
register.filter(duration)
register.filter(filesize)
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


@register.simple_tag
def query(current: QueryDict, **changes: object) -> str:
    """The query string with some values changed; None removes one."""
    changed = current.copy()
    for name, value in changes.items():
        changed.pop(name, None)
        if value is not None and value != "":
            changed[name] = str(value)
    return f"?{urlencode(list(changed.lists()), doseq=True)}"
