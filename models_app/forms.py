"""Forms of the app."""

from __future__ import annotations

from django import forms


class DeployForm(forms.Form):
    """The name of a model."""

    name = forms.CharField(
        max_length=200,
        label="Model name",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class IntendedUseForm(forms.Form):
    """What a model is for."""

    intended_use = forms.CharField(
        max_length=2_000,
        required=False,
        label="Intended use",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Empty: the usual sentence.",
    )
