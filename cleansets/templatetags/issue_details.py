"""Details of an issue beyond its score."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def issue_detail(row: Mapping[str, object], key: str) -> str:
    """Return what the detector found: items of personal data or the language, else ""."""
    if key == "pii":
        return ", ".join(json.loads(str(row["PII_items"])))
    return str(row.get("predicted_language") or "") if key == "non_english" else ""
