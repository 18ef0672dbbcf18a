"""The owner's page of all accounts: list them, shut somebody out, remove one."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from projects.services import delete_with_files
from studio.accounts import second_factor
from studio.accounts.access import other_account_or_404, owner_or_404
from studio.accounts.models import User
from studio.accounts.services import account_set_active

logger = logging.getLogger(__name__)


@require_GET
def people(request: HttpRequest) -> HttpResponse:
    """List the accounts, in the order in which they were created."""
    owner = owner_or_404(request)
    context = {
        "people": _people(),
        "is_factor_required": owner.requires_second_factor,
        "crumbs": [("Account", reverse("account"))],
    }
    return render(request, "studio/people.html", context)


def _people() -> QuerySet[User]:
    devices = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    people = User.objects.annotate(n_datasets=Count("datasets"), has_factor=Exists(devices))
    return people.order_by("created_at", "pk")


@require_POST
def second_factor_require(request: HttpRequest) -> HttpResponse:
    """Require a second factor of everybody, or of nobody any more."""
    owner = owner_or_404(request)
    is_required = request.POST.get("required") == "1"
    second_factor.require(owner, is_required=is_required)
    if is_required:
        messages.success(request, "Everybody now needs a second factor.")
    else:
        messages.success(request, "Nobody needs a second factor any more.")
    return redirect("people")


@require_POST
def person_deactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    """Shut somebody out: their sessions end and their keys are refused."""
    person = other_account_or_404(request, user_id)
    account_set_active(user=person, is_active=False)
    messages.success(request, f"{person.email} is shut out. Their data is kept.")
    return redirect("people")


@require_POST
def person_activate(request: HttpRequest, user_id: int) -> HttpResponse:
    """Let somebody in again."""
    person = other_account_or_404(request, user_id)
    account_set_active(user=person, is_active=True)
    messages.success(request, f"{person.email} can log in again.")
    return redirect("people")


@require_http_methods(["GET", "POST"])
def person_remove(request: HttpRequest, user_id: int) -> HttpResponse:
    """Delete an account and all its data, once its address was typed."""
    person = other_account_or_404(request, user_id)
    problem = ""
    if request.method == "POST":
        # Typed, since nothing brings the data back.
        if request.POST.get("email", "").strip().lower() == person.email:
            delete_with_files(person)
            logger.info("Account removed user=%s", user_id)
            messages.success(request, f"{person.email} and all their data are deleted.")
            return redirect("people")
        problem = f"To delete the account, type its address: {person.email}."
    context = {
        "person": _people().get(pk=person.pk),
        "problem": problem,
        "crumbs": [("Account", reverse("account")), ("People", reverse("people"))],
    }
    page = "studio/person_remove.html"
    return render(request, page, context, status=422 if problem else 200)
