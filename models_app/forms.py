"""Forms of the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms


class DeployForm(forms.Form):
    """The name of a model, and which of the models that were tried is trained."""

    name = forms.CharField(
        max_length=200,
        label="Model name",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    candidate = forms.ChoiceField(
        label="Model to train",
        required=False,
        help_text="By the scores of the analysis; all are measured again on the corrected data.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        initial: dict[str, Any] | None = None,
        candidates: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(data, initial=initial)
        field = self.fields["candidate"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "The best on the corrected data"), *candidates]


class RenameForm(forms.Form):
    """Another name for a model."""

    name = forms.CharField(max_length=200, label="Model name")


class IntendedUseForm(forms.Form):
    """What a model is for."""

    intended_use = forms.CharField(
        max_length=2_000,
        required=False,
        label="Intended use",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Empty: the usual sentence.",
    )
