"""Forms of model runs."""

from __future__ import annotations

from django import forms


class DescribeForm(forms.Form):
    """Name, notes and comma-separated tags."""

    name = forms.CharField(max_length=200)
    tags = forms.CharField(max_length=1_000, required=False)
    notes = forms.CharField(
        max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def clean_tags(self) -> list[str]:
        """Split the tags."""
        return [tag.strip() for tag in self.cleaned_data["tags"].split(",") if tag.strip()]


class ThresholdForm(forms.Form):
    """The threshold of one class; `remove` deletes a saved one."""

    name = forms.CharField(max_length=10_000, strip=False)
    threshold = forms.FloatField(min_value=0, max_value=1)
    remove = forms.BooleanField(required=False)


class ImportForm(forms.Form):
    """The predictions of a model that was trained elsewhere."""

    file = forms.FileField(
        help_text=(
            "CSV, JSON, Parquet or a workbook: a column of probabilities for each class, named like"
            " the class, or a column “prediction” with labels or numbers. “row_id” (from 0) or"
            " “cleanlab_row_ID” (from 1) says which row each one is of; else they are taken in"
            " order."
        )
    )
    name = forms.CharField(max_length=200, required=False, help_text="The file's name by default.")
