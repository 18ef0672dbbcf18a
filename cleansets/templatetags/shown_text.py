"""Uploaded text as people read it."""

from __future__ import annotations

from django import template
from django.template.defaultfilters import stringfilter
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cleansets.shown_text import with_line_breaks

LONG_NAME = 15
N_END = 9

register = template.Library()
register.filter("line_breaks", stringfilter(with_line_breaks))


@register.filter
def both_ends(name: str) -> SafeString | str:
    """Split a long name, so that a narrow column cuts it in the middle and not at its end."""
    if len(name) <= LONG_NAME:
        return name
    return format_html(
        '<span class="label-start">{}</span><span class="label-end">{}</span>',
        name[:-N_END],
        name[-N_END:],
    )
