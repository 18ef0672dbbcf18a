"""The classes of a cleanset: how many rows have each, and renaming or merging one."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from cleansets.access import ready_cleanset_or_404
from cleansets.action_runs import class_change_start
from cleansets.class_changes import checked_change, class_counts, class_effect
from cleansets.class_names import same_spelling
from cleansets.models import ActionRun
from cleansets.pages.review.corrections import change_lines
from cleansets.views.older_version import decidable_cleanset_or_404
from studio.accounts.access import account
from studio.engine.errors import DataProblem


@require_GET
def class_list(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """List the classes; with a class and a new name, preview the change."""
    cleanset = ready_cleanset_or_404(request, cleanset_id)
    counts = class_counts(cleanset)
    old = request.GET.get("old", "")
    new = request.GET.get("new", "")
    context: dict[str, object] = {
        "cleanset": cleanset,
        "counts": sorted(counts.items(), key=lambda one: (-one[1], one[0])),
        "known_classes": sorted(counts),
        "old": old,
        "new": new,
        "crumbs": [(cleanset.project.name, cleanset.get_absolute_url())],
    }
    status = 200
    if "new" in request.GET:
        try:
            change = checked_change(cleanset, old, new)
            effect = class_effect(cleanset, change)
            context |= {
                "change": change,
                "effect": effect,
                "is_merge": change.new in counts,
                "alike": None if change.new in counts else same_spelling(change.new, counts),
                "lines": change_lines(cleanset, effect.changes),
            }
        except DataProblem as problem:
            context["problem"] = str(problem)
            status = 422
    return render(request, "cleansets/cleanset_classes.html", context, status=status)


@require_POST
def class_change(request: HttpRequest, cleanset_id: uuid.UUID) -> HttpResponse:
    """Rename a class, or merge it into another."""
    cleanset = decidable_cleanset_or_404(request, cleanset_id)
    change = checked_change(cleanset, request.POST.get("old", ""), request.POST.get("new", ""))
    started = class_change_start(cleanset=cleanset, user=account(request), change=change)
    if isinstance(started, ActionRun):
        return redirect(started)
    messages.success(request, f"{started.description}: done.", extra_tags="undoable")
    return redirect("cleanset-classes", cleanset_id=cleanset.pk)
