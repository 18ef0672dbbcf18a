"""Forms of the app. Attempts to log in are counted; see `throttling`."""

from __future__ import annotations

import logging
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.utils.crypto import constant_time_compare

from studio.accounts import second_factor, selectors
from studio.accounts.access import account
from studio.accounts.models import ApiKey, User
from studio.accounts.throttling import LogInAttempt
from studio.sealing import BrokenSealError

logger = logging.getLogger(__name__)

TOO_MANY_ATTEMPTS = "Too many failed attempts. Wait five minutes, or reset the password."


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
        """Check the password, unless there were too many attempts a moment ago."""
        attempt = LogInAttempt.of(self.request, self.cleaned_data.get("username", ""))
        if not attempt.is_allowed():
            raise ValidationError(TOO_MANY_ATTEMPTS)
        try:
            cleaned = super().clean()
        except ValidationError as error:
            raise ValidationError(
                "The e-mail address or the password is wrong. Passwords are case-sensitive."
            ) from error
        attempt.succeeded()
        return cleaned


class SignUpLinkForm(forms.Form):
    """The address that gets a link to sign up."""

    email = email_field("username")


class SignUpForm(forms.Form):
    """A new account; with an invitation for an address, under that address."""

    email = email_field("username")
    name = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=password_validators_help_texts()[1],
    )

    setup_code = forms.CharField(
        label="Set-up code",
        help_text="The studio printed it when it started; so does manage.py setup_code.",
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(
        self,
        *args: Any,
        bound_email: str = "",
        needs_setup_code: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.bound_email = bound_email
        if not needs_setup_code:
            del self.fields["setup_code"]
        if bound_email:  # of the invitation; nobody signs up under another one with it
            del self.fields["email"]

    def full_clean(self) -> None:
        """Check the form; the help on the password gives way to its error, which says the same."""
        super().full_clean()
        if "password" in self.errors:
            self["password"].help_text = ""

    def clean_setup_code(self) -> str:
        """Refuse a wrong code."""
        code = str(self.cleaned_data["setup_code"]).strip().lower()
        if not constant_time_compare(code, selectors.setup_code()):
            raise ValidationError(
                "This is not the set-up code. Whoever runs the studio finds it in the log of its"
                " start, or by manage.py setup_code."
            )
        return code

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
            email = self.bound_email or cleaned.get("email", "")
            try:
                validate_password(password, User(email=email, name=cleaned.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class ProfileForm(forms.Form):
    """How an account is called."""

    name = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"autocomplete": "name"})
    )


class PasswordForm(forms.Form):
    """The account's password, lest an open browser is enough."""

    password = forms.CharField(
        strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"})
    )

    def __init__(self, request: HttpRequest, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.request = request

    def clean_password(self) -> str:
        """Refuse a wrong password, and any after too many attempts."""
        user = account(self.request)
        password = str(self.cleaned_data["password"])
        attempt = LogInAttempt.of(self.request, user.email)
        if not attempt.is_allowed():
            raise ValidationError(TOO_MANY_ATTEMPTS)
        if not user.check_password(password):
            raise ValidationError("The password is wrong.")
        attempt.succeeded()
        return password


class EmailChangeForm(PasswordForm):
    """A new address for an account, and the password."""

    email = email_field()

    field_order = ("email", "password")
    prefix = "email"

    def __init__(self, request: HttpRequest, data: QueryDict | None = None) -> None:
        super().__init__(request, data)
        self.fields["email"].label = "New e-mail"


def _code_field(help_text: str) -> forms.CharField:
    return forms.CharField(
        max_length=40,
        label="Code",
        help_text=help_text,
        widget=forms.TextInput({"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class SecondFactorForm(PasswordForm):
    """The first code from the app, and the password."""

    code = _code_field("The six digits that the app shows now.")

    field_order = ("code", "password")


class LogInCodeForm(forms.Form):
    """The second step of a log-in."""

    code = _code_field("The six digits from your authenticator app, or a recovery code.")

    def __init__(self, request: HttpRequest, user: User, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.request = request
        self.user = user
        self.fields["code"].widget.attrs["autofocus"] = True

    def clean_code(self) -> str:
        """Refuse a wrong code, and any after too many attempts."""
        code = str(self.cleaned_data["code"])
        attempt = LogInAttempt.of(self.request, self.user.email).of_code()
        if not attempt.is_allowed():
            raise ValidationError("Too many wrong codes. Wait five minutes.")
        try:
            is_right = second_factor.is_right(self.user, code)
        except BrokenSealError:
            logger.exception("Key of a second factor cannot be read user=%s", self.user.pk)
            raise ValidationError(
                "The studio's secret key was changed, so that codes of the app cannot be checked."
                " Use a recovery code, or ask whoever runs the studio to run: manage.py"
                f" second_factor_off {self.user.email}"
            ) from None
        if not is_right:
            logger.warning("Second factor failed user=%s address=%s", self.user.pk, attempt.address)
            raise ValidationError(
                "This code is wrong or was used before. Try the next one that the app shows."
            )
        attempt.succeeded()
        return code


class PasswordChoiceForm(PasswordChangeForm):
    """The old password, the new one, and whether programs keep their keys."""

    revoke_keys = forms.BooleanField(
        required=False,
        label="Also revoke my API keys",
        help_text="Programs that use one then need a new key.",
    )


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

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.fields["email"].required = False
        self.fields["email"].help_text = (
            "Only this address can then sign up with the link. Leave it empty for a link that"
            " anyone can use once."
        )
