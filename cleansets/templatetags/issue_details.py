"""What was found in a row, beyond the score of its issue."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def issue_detail(row: Mapping[str, object], key: str) -> str:
    """Return what the detector found: the items of personal data, the language; empty for other
    issues.
    """
    if key == "pii":
        return ", ".join(json.loads(str(row["PII_items"])))
    return str(row.get("predicted_language") or "") if key == "non_english" else ""
