"""Small pieces of the review page that repeat on many rows, each rendered once."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from cleansets.label_text import ShownLabel

MAX_LABELS = 1024

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=MAX_LABELS)
def label(shown: ShownLabel | None, kind: str = "", none: str = "") -> SafeString:
    """A label as chips; `none` stands for a missing one."""
    context = {"label": shown, "kind": kind, "none": none}
    return render_to_string("cleansets/_label.html", context)


@register.simple_tag
@lru_cache
def decision(action: str | None) -> SafeString:
    """What was decided about a row."""
    return render_to_string("cleansets/_decision.html", {"action": action})
