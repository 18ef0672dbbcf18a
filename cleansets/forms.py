"""Forms of the review page."""

from __future__ import annotations

from typing import TypedDict

from django import forms

from cleansets.exports import FORMATS, MODES
from cleansets.models import Action
from cleansets.row_query import RowQuery
from cleansets.services import CHOICES, MAX_LABEL_CHARS, NEEDS_REVIEW, TopK


class Decision(TypedDict):
    """What a person chose for a row."""

    choice: str
    label: str


class DecisionForm(forms.Form):
    """One decision: an action's button, a class's button (`label`), or a class typed in (`typed_label`)."""

    choice = forms.ChoiceField(choices=[(c, c) for c in CHOICES], required=False)
    label = forms.CharField(required=False, strip=False, max_length=MAX_LABEL_CHARS)
    typed_label = forms.CharField(required=False, max_length=MAX_LABEL_CHARS)

    def clean(self) -> dict[str, object]:
        """Refuse a form without any decision."""
        data = super().clean() or {}
        if not any(data.get(name) for name in self.fields):
            raise forms.ValidationError("No decision was sent.")
        return data

    def decision(self) -> Decision:
        """Return the decision in the words of the service."""
        data = self.cleaned_data
        label = data["label"] or data["typed_label"]
        return Decision(choice=data["choice"] or Action.LABEL.value, label=label)


class TopKForm(forms.Form):
    """Clean Top K: on how many rows, what, and for Label which class."""

    k = forms.IntegerField(label="Rows", min_value=1, max_value=10_000_000, initial=50)
    choice = forms.ChoiceField(
        label="Action",
        choices=[
            (Action.AUTO_FIX.value, "Auto-fix"),
            (Action.EXCLUDE.value, "Exclude"),
            (Action.LABEL.value, "Label"),
            (NEEDS_REVIEW, "Needs review"),
        ],
    )
    label = forms.CharField(label="Class, for Label", required=False, max_length=MAX_LABEL_CHARS)

    def clean(self) -> dict[str, object]:
        """Label needs a class."""
        data = super().clean() or {}
        if data.get("choice") == Action.LABEL and not data.get("label"):
            self.add_error("label", "Type the class that these rows get.")
        return data

    def top_k(self, query: RowQuery) -> TopK:
        """Return the bulk action on a view."""
        data = self.cleaned_data
        return TopK(query=query, k=data["k"], choice=data["choice"], label=data["label"])


class ExportForm(forms.Form):
    """Which rows and columns, in which format."""

    file_format = forms.ChoiceField(choices=[(f, f) for f in FORMATS])
    mode = forms.ChoiceField(choices=[(m, m) for m in MODES])
