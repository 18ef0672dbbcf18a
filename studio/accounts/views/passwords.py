"""Changing and resetting a password; most of it is Django's own."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import (
    PasswordChangeView,
    PasswordResetConfirmView,
    PasswordResetView,
)
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse_lazy

from studio.accounts import access, services
from studio.accounts.forms import PasswordChoiceForm
from studio.accounts.throttling import MAIL_FROM, client_address, is_within, remember_browser


class PasswordChange(PasswordChangeView):
    """Change one's password; every other browser is logged out."""

    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("account")
    form_class = PasswordChoiceForm

    def form_valid(self, form: Any) -> HttpResponse:
        """Save it, and revoke the keys where that was asked for."""
        response = super().form_valid(form)
        user = access.account(self.request)
        services.sessions_end(user=user, but_key=self.request.session.session_key)
        said = "Password changed. You were logged out of every other browser."
        if form.cleaned_data["revoke_keys"]:
            services.api_keys_revoke(owner=user)
            said += " Your API keys are revoked."
        messages.success(self.request, said)
        return response


class PasswordReset(PasswordResetView):
    """Ask for the e-mail with the link to the public address, whatever host the request named."""

    template_name = "accounts/password_reset_form.html"
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"
    success_url = reverse_lazy("password-reset-done")

    def form_valid(self, form: Any) -> HttpResponse:
        """Answer the same, as fast, whether or not the address has an account."""
        if not is_within(MAIL_FROM, client_address(self.request)):
            form.add_error(
                None, "Too many links were asked for from your network. Try again in an hour."
            )
            return self.form_invalid(form)
        protocol, domain = settings.PUBLIC_URL.split("://", 1)
        options = {
            "use_https": protocol == "https",
            "domain_override": domain,
            "subject_template_name": self.subject_template_name,
            "email_template_name": self.email_template_name,
        }
        services.password_reset_ask(form=form, options=options)
        return HttpResponseRedirect(str(self.success_url))


class PasswordResetConfirm(PasswordResetConfirmView):
    """Choose a new password by the link. Whoever knew the old one keeps nothing."""

    template_name = "accounts/password_reset_confirm.html"
    success_url = reverse_lazy("password-reset-complete")

    def form_valid(self, form: Any) -> HttpResponse:
        """Save it, revoke the account's keys and end its sessions."""
        response = super().form_valid(form)
        services.api_keys_revoke(owner=form.user)
        services.sessions_end(user=form.user, but_key=None)
        remember_browser(self.request, response, form.user)
        return response
