"""The whole Analytics page."""

from __future__ import annotations

from django.http import QueryDict

from cleansets.models import Cleanset
from cleansets.pages.analytics.activity import activity
from cleansets.pages.analytics.labels import label_panels
from cleansets.pages.analytics.matrix import matrix_panels
from cleansets.pages.analytics.rates import rate_panels
from cleansets.pages.analytics.scores import score_panels
from cleansets.pages.analytics.stop import stop_panel


def analytics(cleanset: Cleanset, params: QueryDict) -> dict[str, object]:
    """Build the page; `params` say which thresholds, cells and merged classes are in view."""
    found: dict[str, object] = {
        "stop": stop_panel(cleanset),
        "score_panels": score_panels(cleanset, params),
        "address": [(name, value) for name, values in params.lists() for value in values],
    }
    found |= label_panels(cleanset) | matrix_panels(cleanset, params)
    return found | rate_panels(cleanset) | activity(cleanset)
