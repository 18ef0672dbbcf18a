"""Forms of model runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from projects.forms.options import SPLIT_COLUMN_WANTED
from projects.forms.split import BY_COLUMN, MADE, MAX_VALUES, NO_SPLIT
from projects.models import Project
from projects.selectors import column_profiles
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.schema import SplitChoice
from studio.engine.schema.class_weights import BALANCED, NONE, ClassWeights
from studio.engine.schema.configuration import (
    MAX_FOLDS,
    MAX_SEED,
    MIN_FOLDS,
    Configuration,
)
from studio.engine.schema.split import MAX_TEST_PERCENT, MIN_TEST_PERCENT, TEST_PERCENT
from studio.model_runs.selectors import candidates_tried

BY_HAND = "by-hand"
WEIGHINGS = [
    (NONE, "None: all rows count the same"),
    (BALANCED, "Balanced: all classes count the same together"),
    (BY_HAND, "By hand"),
]


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
    weighing = forms.ChoiceField(
        label="Class weights",
        required=False,
        choices=WEIGHINGS,
        help_text=(
            "How much the rows of each class count when models are fitted. Probabilities, and with"
            " them the issues, stay calibrated to how frequent classes are in the data. Naive Bayes"
            " and nearest neighbours count each class by itself, so that weights do not change"
            " them."
        ),
    )
    weights = forms.CharField(
        label="Weights by hand",
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A line per class, such as “spam: 3”. Classes that are not named weigh 1.",
    )
    split = forms.ChoiceField(
        label="Rows for testing",
        required=False,
        choices=[
            (NO_SPLIT, "None"),
            (BY_COLUMN, "By a column"),
            (MADE, "Made here: as many of each class"),
        ],
        help_text="Their labels are never learned from. The project's own split is not changed.",
    )
    split_column = forms.ChoiceField(
        label="Column of the split",
        required=False,
        help_text="Its values, such as train and test, name the rows for training and testing.",
    )
    test_percent = forms.IntegerField(
        label="Rows for testing, in percent",
        required=False,
        min_value=MIN_TEST_PERCENT,
        max_value=MAX_TEST_PERCENT,
        help_text="Of a split that is made here.",
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
        values |= _initial_weights(initial.class_weights)
        values |= _initial_split(initial.split)
        self._initial_split = initial.split
        super().__init__(data, initial={**values, "name": name})
        split_columns = [
            (profile.name, profile.name)
            for profile in column_profiles(project.version)
            if profile.name != project.label_column and 1 <= profile.n_distinct <= MAX_VALUES
        ]
        self._choices("split_column", [("", "Choose a column"), *split_columns])
        if project.task != MLTask.MULTI_CLASS:
            del self.fields["weighing"]
            del self.fields["weights"]
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
        weights = cleaned.pop("weights", {})
        weighing = cleaned.pop("weighing", "") or NONE
        cleaned["class_weights"] = weights if weighing == BY_HAND else weighing
        cleaned["split"] = self._chosen_split(
            cleaned["split"], cleaned.pop("split_column"), cleaned.pop("test_percent")
        )
        if self._is_text:
            cleaned["feature_columns"] = [cleaned["feature_columns"]]
        return cleaned

    def clean_weights(self) -> dict[str, float]:
        """Read a weight per line."""
        weights: dict[str, float] = {}
        for line in self.cleaned_data["weights"].splitlines():
            if not line.strip():
                continue
            name, colon, weight = line.rpartition(":")
            try:
                weights[name.strip()] = float(weight.strip().replace(",", "."))
            except ValueError:
                colon = ""
            if not colon or not name.strip():
                raise forms.ValidationError(
                    f"“{line.strip()}” is not a class with a weight, such as “spam: 3”."
                )
        return weights

    def clean(self) -> dict[str, Any]:
        """Require what the choices ask for."""
        cleaned = super().clean() or {}
        if cleaned.get("weighing") == BY_HAND and "weights" in cleaned and not cleaned["weights"]:
            self.add_error("weights", "Give the weight of at least one class, such as “spam: 3”.")
        if cleaned.get("split") == BY_COLUMN and not cleaned.get("split_column"):
            self.add_error("split_column", SPLIT_COLUMN_WANTED)
        return cleaned

    def _chosen_split(self, kind: str, column: str, test_percent: int | None) -> dict[str, Any]:
        if kind == MADE:
            return {"test_percent": test_percent or TEST_PERCENT}
        if kind != BY_COLUMN:
            return {}
        # What was chosen for the values of this column in the new project's form is kept.
        if self._initial_split is not None and self._initial_split.column == column:
            return self._initial_split.to_dict()
        return {"column": column}


def _initial_weights(weights: ClassWeights | None) -> dict[str, str]:
    if weights is None:
        return {"weighing": NONE}
    if weights.is_balanced:
        return {"weighing": BALANCED}
    lines = [f"{name}: {weight:g}" for name, weight in weights.by_class.items()]
    return {"weighing": BY_HAND, "weights": "\n".join(lines)}


def _initial_split(split: SplitChoice | None) -> dict[str, Any]:
    if split is None:
        return {"split": NO_SPLIT, "test_percent": TEST_PERCENT}
    if split.column is None:
        return {"split": MADE, "test_percent": split.test_percent}
    return {"split": BY_COLUMN, "split_column": split.column, "test_percent": TEST_PERCENT}


class ConfigurationFileForm(forms.Form):
    """A configuration that was exported as JSON."""

    file = forms.FileField(help_text="A configuration as this page exports it.")
