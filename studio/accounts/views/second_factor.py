"""The page of the second factor: turn it on and off, and get recovery codes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from studio.accounts import access, services
from studio.accounts import second_factor as factor
from studio.accounts.forms import PasswordForm, SecondFactorForm
from studio.accounts.models import User


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show what is set up; turn the second factor on with a first code from the app."""
    user = access.account(request)
    if factor.is_on(user):
        return _page(request, {"form": PasswordForm(request)})
    form = SecondFactorForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = factor.turn_on(user, form.cleaned_data["code"])
        if codes is not None:
            services.sessions_end(user=user, but_key=request.session.session_key)
            return _codes_page(request, codes)
        form.add_error(
            "code", "This code is wrong. Check the clock of the phone, and try the next."
        )
    device = factor.new_device(user)
    context = {"form": form, "qr_code": factor.qr_code(device), "key": factor.key_text(device)}
    return _page(request, context)


@require_POST
@never_cache
@sensitive_post_parameters("password")
def codes_renew(request: HttpRequest) -> HttpResponse:
    """Replace the recovery codes, and show the new ones."""
    user = access.account(request)
    form = PasswordForm(request, request.POST)
    if not (factor.is_on(user) and form.is_valid()):
        return _refused(request, user, form)
    return _codes_page(request, factor.renew_recovery_codes(user))


@require_POST
@never_cache
@sensitive_post_parameters("password")
def turn_off(request: HttpRequest) -> HttpResponse:
    """Let the password alone log in again."""
    user = access.account(request)
    form = PasswordForm(request, request.POST)
    if not (factor.is_on(user) and form.is_valid()):
        return _refused(request, user, form)
    factor.turn_off(user)
    if factor.is_required():
        return redirect("second-factor")
    messages.success(request, "The second factor is off. Your password alone logs you in.")
    return redirect("account")


def _refused(request: HttpRequest, user: User, form: PasswordForm) -> HttpResponse:
    return _page(request, {"form": form}) if factor.is_on(user) else redirect("second-factor")


def _page(request: HttpRequest, context: dict[str, object]) -> HttpResponse:
    user = access.account(request)
    context |= {
        "is_on": factor.is_on(user),
        "n_recovery_codes": factor.n_recovery_codes(user),
        "crumbs": [("Account", reverse("account"))],
    }
    return render(request, "accounts/second_factor.html", context)


def _codes_page(request: HttpRequest, codes: list[str]) -> HttpResponse:
    context = {"codes": codes, "crumbs": [("Account", reverse("account"))]}
    return render(request, "accounts/recovery_codes.html", context)
