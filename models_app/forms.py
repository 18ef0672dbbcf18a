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
