"""The account page: profile, e-mail, sessions, API keys, invitations."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from studio.accounts import access, review_keys, second_factor, selectors, services
from studio.accounts.forms import ApiKeyForm, EmailChangeForm, InvitationForm, ProfileForm
from studio.quotas import usage_of


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show the page, and change one's name."""
    user = access.account(request)
    form = ProfileForm(request.POST or None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        services.profile_update(user=user, name=form.cleaned_data["name"])
        messages.success(request, "Profile saved.")
        return redirect("account")
    return _account_page(request, form=form)


@require_POST
@sensitive_post_parameters("email-password")
def email_change_ask(request: HttpRequest) -> HttpResponse:
    """Have the link sent that changes one's address."""
    form = EmailChangeForm(request, request.POST)
    if not form.is_valid():
        return _account_page(request, email_form=form)
    email = form.cleaned_data["email"]
    services.email_change_ask(user=access.account(request), email=email)
    messages.success(
        request, f"We have sent a link to {email}. Your address changes when you open it."
    )
    return redirect("account")


@require_http_methods(["GET", "POST"])
def email_change(request: HttpRequest, token: str) -> HttpResponse:
    """Change one's address by the link that was sent to the new one."""
    user = access.account(request)
    email = services.email_of_token(user=user, token=token)
    if email is None:
        raise Http404("This link is not valid.")
    if request.method == "POST":
        services.email_change(user=user, email=email)
        messages.success(request, f"Your e-mail address is now {email}.")
        return redirect("account")
    context = {"email": email, "crumbs": [("Account", reverse("account"))]}
    return render(request, "accounts/email_change.html", context)


@require_POST
def review_keys_save(request: HttpRequest) -> HttpResponse:
    """Save one's own keys of the review page, or restore the defaults."""
    posted = {} if "reset" in request.POST else request.POST
    keys = {action: posted.get(f"key-{action}", "") for action in review_keys.ACTIONS}
    services.review_keys_save(user=access.account(request), keys=keys)
    messages.success(request, "Keyboard shortcuts saved.")
    return redirect(f"{reverse('account')}#shortcuts")


@require_POST
def session_end(request: HttpRequest, public_id: str) -> HttpResponse:
    """Log out one browser."""
    services.session_end(session=access.session_or_404(request, public_id))
    messages.success(request, "That browser is logged out.")
    return redirect(f"{reverse('account')}#sessions")


@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """Log out every browser but this one."""
    user = access.account(request)
    services.sessions_end(user=user, but_key=request.session.session_key)
    messages.success(request, "You were logged out of every other browser.")
    return redirect(f"{reverse('account')}#sessions")


@require_POST
def invitation_create(request: HttpRequest) -> HttpResponse:
    """Create an invitation; its link stands on the account page."""
    owner = access.owner_or_404(request)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        return _account_page(request, invitation_form=form)
    invitation = services.invitation_create(invited_by=owner, email=form.cleaned_data["email"])
    whom = f" for {invitation.email}" if invitation.email else ""
    messages.success(request, f"Invitation{whom} created. Send them the link.")
    return redirect(f"{reverse('account')}#invitations")


@require_POST
@never_cache
def api_key_create(request: HttpRequest) -> HttpResponse:
    """Create an API key and show it, this once."""
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
    """Show the page; a form that was sent takes the place of an empty one."""
    user = access.account(request)
    context = {
        "form": ProfileForm(initial={"name": user.name}),
        "email_form": EmailChangeForm(request),
        "api_key_form": ApiKeyForm(),
        "invitation_form": InvitationForm() if user.is_owner else None,
        **forms,
        "signup_mode": settings.SIGNUP_MODE,
        "invitations": selectors.invitations_by(user),
        "api_keys": selectors.api_keys_of(user),
        "usage": usage_of(user),
        "has_second_factor": second_factor.is_on(user),
        "sessions": selectors.sessions_of(user),
        "session_key": request.session.session_key,
    }
    return render(request, "accounts/account.html", context)
