"""Log-in, sign-up and the account page; changing and resetting passwords is Django's own."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, PasswordChangeView, PasswordResetView
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from studio.accounts import access, selectors, services
from studio.accounts.forms import ApiKeyForm, InvitationForm, LogInForm, ProfileForm, SignUpForm
from studio.accounts.models import Invitation
from studio.engine.errors import DataProblem

_log_in = LoginView.as_view(
    template_name="accounts/login.html",
    authentication_form=LogInForm,
    redirect_authenticated_user=True,
)


@login_not_required
def log_in(request: HttpRequest) -> HttpResponseBase:
    """Log in; the first visitor of a fresh studio goes to sign-up."""
    if not selectors.has_users():
        return redirect("signup")
    return _log_in(request)


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """Make an account where sign-up is open, or the owner's at the very first visit."""
    return _signup(request, None)


@login_not_required
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def signup_invited(request: HttpRequest, token: str) -> HttpResponse:
    """Make an account with an invitation."""
    return _signup(request, access.invitation_or_404(token))


def _signup(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("dashboard")
    if not selectors.may_sign_up(invitation):
        return _signup_page(request, None)
    form = SignUpForm(
        request.POST or None, initial={"email": invitation.email if invitation else ""}
    )
    if request.method == "POST" and form.is_valid():
        try:
            user = services.account_sign_up(**form.cleaned_data, invitation=invitation)
        except DataProblem as problem:
            form.add_error(None, str(problem))
        else:
            login(request, user)
            return redirect("dashboard")
    return _signup_page(request, form)


def _signup_page(request: HttpRequest, form: Form | None) -> HttpResponse:
    context = {
        "form": form,
        "is_first_user": not selectors.has_users(),
        "signup_mode": settings.SIGNUP_MODE,
    }
    return render(request, "accounts/signup.html", context, status=403 if form is None else 200)


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show and change one's name and address; the owner sees the invitations here."""
    user = access.account(request)
    form = ProfileForm(request.POST or None, initial={"name": user.name, "email": user.email})
    if request.method == "POST" and form.is_valid():
        try:
            services.profile_update(user=user, **form.cleaned_data)
        except DataProblem as problem:
            user.refresh_from_db()
            form.add_error("email", str(problem))
        else:
            messages.success(request, "Profile saved.")
            return redirect("account")
    return _account_page(request, form=form)


@require_POST
def invitation_create(request: HttpRequest) -> HttpResponse:
    """Make an invitation; its link stands on the account page."""
    owner = access.owner_or_404(request)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _account_page(request, invitation_form=form)
    invitation = services.invitation_create(invited_by=owner, email=form.cleaned_data["email"])
    messages.success(request, f"Invitation for {invitation.email} created. Send them the link.")
    return redirect("account")


@require_POST
@never_cache
def api_key_create(request: HttpRequest) -> HttpResponse:
    """Make an API key and show it, this once."""
    form = ApiKeyForm(request.POST)
    if not form.is_valid():
        return _account_page(request, api_key_form=form)
    key, secret = services.api_key_create(owner=access.account(request), **form.cleaned_data)
    context = {"key": key, "secret": secret, "crumbs": [("Account", reverse("account"))]}
    return render(request, "accounts/api_key_made.html", context)


@require_POST
def api_key_revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """Refuse a key from now on."""
    key = access.api_key_or_404(request, key_id)
    services.api_key_revoke(key=key)
    messages.success(request, f"The key {key.name} is revoked. Programs can no longer use it.")
    return redirect(f"{reverse('account')}#api-keys")


def _account_page(request: HttpRequest, **forms: Form) -> HttpResponse:
    """Show the account page; a form that was sent takes the place of an empty one."""
    user = access.account(request)
    context = {
        "form": ProfileForm(initial={"name": user.name, "email": user.email}),
        "api_key_form": ApiKeyForm(),
        "invitation_form": InvitationForm() if user.is_owner else None,
        **forms,
        "signup_mode": settings.SIGNUP_MODE,
        "invitations": selectors.invitations_by(user),
        "api_keys": selectors.api_keys_of(user),
    }
    return render(request, "accounts/account.html", context)


class PasswordChange(PasswordChangeView):
    """Change one's password; back on the account page a message says so."""

    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("account")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Save it."""
        messages.success(
            self.request, "Password changed. You were logged out of every other browser."
        )
        return super().form_valid(form)


class PasswordReset(PasswordResetView):
    """Ask for the e-mail with the link, which leads to the public address, whatever host the
    request named.
    """

    template_name = "accounts/password_reset_form.html"
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"
    success_url = reverse_lazy("password-reset-done")

    @property
    def extra_email_context(self) -> dict[str, str]:  # type: ignore[override]
        """Where the link leads."""
        protocol, domain = settings.PUBLIC_URL.split("://", 1)
        return {"protocol": protocol, "domain": domain}
