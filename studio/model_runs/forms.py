"""Forms of model runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from projects.models import Project
from projects.selectors import column_profiles
from studio.engine.ml_task import Modality, Mode
from studio.engine.schema.configuration import (
    MAX_FOLDS,
    MAX_SEED,
    MIN_FOLDS,
    Configuration,
)
from studio.model_runs.selectors import candidates_tried


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


class ConfigurationForm(forms.Form):
    """The settings of an analysis; `name` is that under which they may be saved."""

    feature_columns = forms.MultipleChoiceField(
        label="Columns to learn from", widget=forms.CheckboxSelectMultiple
    )
    mode = forms.ChoiceField(
        choices=[
            (Mode.REGULAR.value, "Regular: more and better models"),
            (Mode.FAST.value, "Fast: a few quick models"),
        ]
    )
    candidates = forms.MultipleChoiceField(
        label="Models to try",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=(
            "None ticked: all that suit the data and the mode. These are the models that analyses"
            " of this project have tried. One that adds up effects of single words or columns is"
            " always tried: only it reveals slices whose labels are exchanged."
        ),
    )
    n_folds = forms.IntegerField(
        label="Folds", min_value=MIN_FOLDS, max_value=MAX_FOLDS, help_text="Of cross-validation."
    )
    seed = forms.IntegerField(
        min_value=0, max_value=MAX_SEED, help_text="The only source of randomness."
    )
    name = forms.CharField(
        label="Name of the configuration",
        max_length=200,
        required=False,
        help_text="Only needed to save it.",
    )

    def __init__(
        self,
        project: Project,
        data: QueryDict | None = None,
        *,
        initial: Configuration,
        name: str = "",
    ) -> None:
        values = initial.to_dict()
        self._is_text = project.modality == Modality.TEXT
        columns = [
            (profile.name, profile.name)
            for profile in column_profiles(project.version)
            if profile.name != project.label_column
        ]
        tried = candidates_tried(project)
        known = {**tried, **{key: key for key in initial.candidates if key not in tried}}
        if self._is_text:
            values["feature_columns"] = initial.feature_columns[0]
        super().__init__(data, initial={**values, "name": name})
        if self._is_text:
            self.fields["feature_columns"] = forms.ChoiceField(label="Text column", choices=columns)
        else:
            self._choices("feature_columns", columns)
        self._choices("candidates", list(known.items()))
        if not known:
            del self.fields["candidates"]

    def _choices(self, field: str, choices: list[tuple[str, str]]) -> None:
        found = self.fields[field]
        assert isinstance(found, forms.ChoiceField)
        found.choices = choices

    def values(self) -> Mapping[str, Any]:
        """Return the settings of a valid form, for JSON."""
        cleaned = dict(self.cleaned_data)
        del cleaned["name"]
        if self._is_text:
            cleaned["feature_columns"] = [cleaned["feature_columns"]]
        return cleaned


class ConfigurationFileForm(forms.Form):
    """A configuration that was exported as JSON."""

    file = forms.FileField(help_text="A configuration as this page exports it.")
