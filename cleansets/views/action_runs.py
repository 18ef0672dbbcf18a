"""Actions on many rows: their progress, and cancelling them."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from cleansets.access import action_run_or_404
from cleansets.models import ActionRun
from studio import runs


@require_GET
def action_run(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Show what an action does and how far it is."""
    run = action_run_or_404(request, run_id)
    context = _context(run) | {
        "crumbs": [(run.cleanset.project.name, run.cleanset.get_absolute_url())]
    }
    return render(request, "cleansets/action_run.html", context)


@require_GET
def action_run_progress(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Render the progress; once the action has ended, its page is loaded again.

    The review page is not: the reviewer may be in the middle of a decision.
    """
    run = action_run_or_404(request, run_id)
    if request.GET.get("in") == "review":
        return render(request, "cleansets/_action_notice.html", {"action_run": run})
    response = render(request, "cleansets/_action_run.html", _context(run))
    if not run.is_active:
        response["HX-Refresh"] = "true"
    return response


@require_POST
def action_run_cancel(request: HttpRequest, run_id: uuid.UUID) -> HttpResponse:
    """Cancel an action; nothing of it remains."""
    run = action_run_or_404(request, run_id)
    runs.cancel(run)
    return redirect(run)


def _context(run: ActionRun) -> dict[str, object]:
    return {
        "cleanset": run.cleanset,
        "run": run,
        "done_url": reverse("cleanset", args=[run.cleanset_id]),
    }
