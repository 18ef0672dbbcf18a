"""The tabs of a project's pages."""

from __future__ import annotations

from django.urls import reverse

from cleansets.auto_labels import is_offered
from cleansets.models import Cleanset


def tabs(cleanset: Cleanset, current: str) -> list[tuple[str, str, bool, None]]:
    """Build the tabs of a project's pages."""
    addresses = {
        "Review": reverse("cleanset", args=[cleanset.pk]),
        "Analysis": reverse("cleanset-details", args=[cleanset.pk]),
        "Analytics": reverse("cleanset-analytics", args=[cleanset.pk]),
        "Versions": reverse("project-versions", args=[cleanset.project_id]),
        "History": reverse("cleanset-history", args=[cleanset.pk]),
        "Model runs": reverse("evaluations", args=[cleanset.project_id]),
        "Settings": reverse("project-settings", args=[cleanset.project_id]),
    }
    if is_offered(cleanset):
        own = reverse("cleanset-auto-labels", args=[cleanset.pk])
        # Without a query, the review page of a partly labeled dataset leads to the other tab.
        addresses["Review"] += "?issue=unlabeled"
        addresses = {"Auto-label": own, **addresses}
    return [(title, address, title == current, None) for title, address in addresses.items()]
