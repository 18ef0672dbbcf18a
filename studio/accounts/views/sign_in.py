"""Log-in and sign-up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from studio.accounts import access, second_factor, selectors, services
from studio.accounts.forms import LogInCodeForm, LogInForm, SignUpForm, SignUpLinkForm
from studio.accounts.models import Invitation
from studio.accounts.throttling import (
    MAIL_FROM,
    SIGN_UP,
    client_address,
    is_within,
    remember_browser,
)
from studio.engine.errors import DataProblem

TOO_MANY_SIGN_UPS = "Too many accounts were asked for from your network. Try again in an hour."


class LogIn(LoginView):
    """Log in; attempts are counted by the form."""

    template_name = "accounts/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        """Log in, and know the browser again; with a second factor, ask for a code first."""
        user = form.get_user()
        if second_factor.is_on(user):
            second_factor.begin(self.request, user, self.get_success_url())
            return redirect("login-code")
        response = super().form_valid(form)
        remember_browser(self.request, response, access.account(self.request))
        return response


_log_in = LogIn.as_view()


@login_not_required
def log_in(request: HttpRequest) -> HttpResponseBase:
    """Log in; the first visitor of a fresh studio goes to sign-up."""
    if not selectors.has_users():
        return redirect("signup")
    return _log_in(request)


@login_not_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def log_in_code(request: HttpRequest) -> HttpResponse:
    """The second step of a log-in, for accounts with a second factor."""
    user = second_factor.pending_user(request)
    if user is None:
        return redirect("login")
    form = LogInCodeForm(request, user, request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/login_code.html", {"form": form})
    response = redirect(second_factor.finish(request))
    login(request, user)
    remember_browser(request, response, user)
    return response


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """Create an account where sign-up is open, or the owner's at the very first visit."""
    if request.user.is_authenticated:
        return redirect("dashboard")
    if not selectors.may_sign_up(None):
        return _signup_page(request, None)
    if selectors.confirms_by_mail():
        return _signup_link(request)
    form = SignUpForm(
        request.POST or None,
        initial={"setup_code": request.GET.get("code", "")},
        needs_setup_code=selectors.needs_setup_code(),
    )
    return _signup(request, form, None)


@login_not_required
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signup_invited(request: HttpRequest, token: str) -> HttpResponse:
    """Create an account with an invitation."""
    invitation = access.invitation_or_404(token)
    if request.user.is_authenticated:
        return redirect("dashboard")
    if not selectors.may_sign_up(invitation):
        return _signup_page(request, None)
    form = SignUpForm(request.POST or None, bound_email=invitation.email)
    return _signup(request, form, invitation)


def _signup(request: HttpRequest, form: SignUpForm, invitation: Invitation | None) -> HttpResponse:
    if request.method == "POST":
        if not is_within(SIGN_UP, client_address(request)):
            form.add_error(None, TOO_MANY_SIGN_UPS)
        elif form.is_valid() and (response := _signed_up(request, form, invitation)):
            return response
    return _signup_page(request, form, invitation)


def _signed_up(
    request: HttpRequest, form: SignUpForm, invitation: Invitation | None
) -> HttpResponseRedirectBase | None:
    """Create the account and log in; None where the form says what is wrong."""
    values = {"email": form.bound_email} | form.cleaned_data
    values.pop("setup_code", None)
    try:
        user = services.account_sign_up(**values, invitation=invitation)
    except DataProblem as problem:
        form.add_error(None, str(problem))
        return None
    login(request, user)
    response = redirect("dashboard")
    remember_browser(request, response, user)
    return response


def _signup_link(request: HttpRequest) -> HttpResponse:
    """Ask for the address alone; whether it has an account is told by e-mail, not here."""
    form = SignUpLinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if is_within(MAIL_FROM, client_address(request)):
            services.sign_up_ask(email=form.cleaned_data["email"])
            return render(request, "accounts/signup_sent.html")
        form.add_error(None, TOO_MANY_SIGN_UPS)
    return _signup_page(request, form)


def _signup_page(
    request: HttpRequest, form: Form | None, invitation: Invitation | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "invitation": invitation,
        "is_first_user": not selectors.has_users(),
        "signup_mode": settings.SIGNUP_MODE,
    }
    return render(request, "accounts/signup.html", context, status=403 if form is None else 200)
