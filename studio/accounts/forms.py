"""Forms of the app. Log-in is slowed against guessing."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from studio.accounts.models import ApiKey, User

MAX_FAILED_LOGINS = 10  # per address and e-mail, within the window
FAILED_LOGIN_WINDOW_S = 300


def email_field(autocomplete: str = "email") -> forms.EmailField:
    """Return the field for an e-mail address."""
    return forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput({"autocomplete": autocomplete})
    )


class LogInForm(AuthenticationForm):
    """E-mail and password."""

    username = email_field("username")

    def clean_username(self) -> str:
        """Return the address as accounts keep it."""
        return str(self.cleaned_data["username"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        """Refuse an address that failed too often a moment ago, right password or not."""
        key = _failed_logins_key(self.request, self.cleaned_data.get("username", ""))
        if cache.get(key, 0) >= MAX_FAILED_LOGINS:
            raise ValidationError(
                "Too many failed attempts. Wait five minutes, or reset the password."
            )
        try:
            cleaned = super().clean()
        except ValidationError as error:
            cache.add(key, 0, FAILED_LOGIN_WINDOW_S)
            cache.incr(key)
            raise ValidationError(
                "The e-mail or the password is wrong. Capital letters count."
            ) from error
        cache.delete(key)
        return cleaned


def _failed_logins_key(request: HttpRequest | None, email: str) -> str:
    address = request.META.get("REMOTE_ADDR", "") if request else ""
    return f"failed-logins:{hashlib.sha256(f'{address} {email}'.encode()).hexdigest()}"


class SignUpForm(forms.Form):
    """A new account."""

    email = email_field("username")
    name = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=password_validators_help_texts()[1],
    )

    def full_clean(self) -> None:
        """Check the form; the help on the password gives way to its error, which says the same."""
        super().full_clean()
        if "password" in self.errors:
            self["password"].help_text = ""

    def clean_email(self) -> str:
        """Return an address that no account has yet."""
        email = str(self.cleaned_data["email"]).strip().lower()
        if User.objects.filter(email=email).exists():
            raise ValidationError("An account with this e-mail address already exists.")
        return email

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is too easily guessed for this person."""
        cleaned = super().clean() or {}
        if password := cleaned.get("password"):
            try:
                validate_password(
                    password, User(email=cleaned.get("email", ""), name=cleaned.get("name", ""))
                )
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class ProfileForm(forms.Form):
    """Name and address of an account."""

    name = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = email_field()


class ApiKeyForm(forms.Form):
    """A new API key: what it is for, and what it may do."""

    name = forms.CharField(
        max_length=100,
        label="Name",
        help_text="Name it after the program that will use it.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(
        label="Permission", choices=ApiKey.Scope.choices, initial=ApiKey.Scope.WRITE
    )

    prefix = "key"


class InvitationForm(forms.Form):
    """Whom to invite."""

    email = email_field("off")
