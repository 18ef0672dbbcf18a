"""Forms of the review page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TypedDict
from uuid import UUID

from django import forms
from django.http import QueryDict

from cleansets.class_names import refuse_unknown
from cleansets.corrections import ColumnChoice
from cleansets.exports import FORMATS, MODES
from cleansets.imports import ROW_ID, ROW_NUMBER
from cleansets.issue_columns import SCORES
from cleansets.label_text import MAX_LABEL_CHARS, MAX_SET_CHARS
from cleansets.models import Action
from cleansets.row_address import RowQuery
from cleansets.services import ADD_TAG, CHOICES, NEEDS_REVIEW, REMOVE_TAG, TAG_CHOICES
from cleansets.top_k import TopK
from projects.forms.projects import NamesField
from studio.engine.conventions.label_sets import join_labels, split_labels
from studio.engine.errors import DataProblem
from studio.engine.ml_task import MLTask

MAX_ROW_ID_DIGITS = 12
DEFAULT_ACCURACY = 95  # of auto-labels, in percent


class DecisionFields(TypedDict):
    """A person's decision on a row."""

    choice: str
    label: str
    action_id: UUID | None


class TypedClassesForm(forms.Form):
    """A form in which classes can be typed; an unknown one must be confirmed with `new_class`."""

    new_class = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict, *, task: MLTask, classes: Collection[str]) -> None:
        super().__init__(data)
        self._task = task
        self._classes = classes

    @property
    def problem(self) -> str:
        """What is wrong, in one line."""
        return " ".join(str(error) for errors in self.errors.values() for error in errors)

    def _refuse_unknown(self, field: str, cell: str) -> None:
        """Refuse classes that are neither known nor declared new; numbers are no classes."""
        if self.cleaned_data.get("new_class") or not cell:
            return
        names: tuple[str, ...] = ()
        if self._task is MLTask.MULTI_CLASS:
            names = (cell,)
        elif self._task is MLTask.MULTI_LABEL:
            names = split_labels(cell)
        try:
            refuse_unknown(names, self._classes)
        except DataProblem as problem:
            self.add_error(field, str(problem))


class DecisionForm(TypedClassesForm):
    """One decision: an action's button, a class's button (`label`), or a typed class or number
    (`typed_label`).

    A set of classes consists of the ticked boxes (`applies`) and the classes typed beside them
    (`also`); it may be empty, so its button sends the choice "label".
    """

    choice = forms.ChoiceField(choices=[(c, c) for c in (*CHOICES, *TAG_CHOICES)], required=False)
    tag = forms.CharField(required=False, max_length=MAX_LABEL_CHARS)
    label = forms.CharField(required=False, strip=False, max_length=MAX_SET_CHARS)
    typed_label = forms.CharField(required=False, max_length=MAX_LABEL_CHARS)
    applies = NamesField(required=False)
    also = forms.CharField(required=False, max_length=MAX_SET_CHARS)
    action_id = forms.UUIDField(required=False)

    def clean(self) -> dict[str, object]:
        """Refuse a form without any decision, and one with a class that nobody meant to create."""
        data = super().clean() or {}
        chosen = any(data.get(name) for name in ("choice", "label", "typed_label"))
        if not chosen and data.get("tag"):  # Enter in the field of a tag
            data["choice"] = ADD_TAG
        elif not self.errors and not chosen:
            raise forms.ValidationError(
                "No decision was sent. Choose Auto-fix, Keep, Exclude, Needs review or a label."
            )
        if not data.get("label"):
            self._refuse_unknown("typed_label", str(data.get("typed_label", "")))
        if data.get("choice") == Action.LABEL:
            self._refuse_unknown("also", str(data.get("also", "")))
        return data

    def decision(self) -> DecisionFields:
        """Return the decision in the words of the service."""
        data = self.cleaned_data
        if data["choice"] in TAG_CHOICES:
            return DecisionFields(
                choice=data["choice"], label=data["tag"], action_id=data["action_id"]
            )
        label = (
            data["label"]
            or data["typed_label"]
            or join_labels([*data["applies"], *split_labels(data["also"])])
        )
        return DecisionFields(
            choice=data["choice"] or Action.LABEL.value, label=label, action_id=data["action_id"]
        )

    @property
    def new_names(self) -> list[str]:
        """The classes that this decision creates."""
        data = self.cleaned_data
        typed = split_labels(data["also"])
        if data["typed_label"]:
            typed = (data["typed_label"],)
        return [name for name in typed if name not in self._classes]


class SelectionForm(DecisionForm):
    """A decision on selected rows."""

    rows = NamesField(required=False)

    def clean_rows(self) -> list[int]:
        """Return the rows by their `row_id`."""
        rows: list[str] = self.cleaned_data["rows"]
        if not rows:
            raise forms.ValidationError("No row is selected. Select some rows first.")
        if not all(row.isdecimal() and len(row) <= MAX_ROW_ID_DIGITS for row in rows):
            raise forms.ValidationError("The selected rows are not given by their numbers.")
        return [int(row) for row in rows]


class UndoForm(forms.Form):
    """The undo of the newest action, which counts once even if it is sent again."""

    action_id = forms.UUIDField(required=False)


class TopKForm(TypedClassesForm):
    """Clean Top K: the number of rows, the choice, and the label for the choice Label."""

    k = forms.IntegerField(label="Rows", min_value=1, max_value=10_000_000, initial=50)
    choice = forms.ChoiceField(
        label="Action",
        choices=[
            (Action.AUTO_FIX.value, "Auto-fix"),
            (Action.KEEP.value, "Keep"),
            (Action.EXCLUDE.value, "Exclude"),
            (Action.LABEL.value, "Label"),
            (NEEDS_REVIEW, "Needs review"),
            (ADD_TAG, "Add a tag"),
            (REMOVE_TAG, "Remove a tag"),
        ],
    )
    tag = forms.CharField(required=False, max_length=MAX_LABEL_CHARS)
    label = forms.CharField(required=False, max_length=MAX_SET_CHARS)

    def clean(self) -> dict[str, object]:
        """Label needs a class or a number; a set may be empty."""
        data = super().clean() or {}
        is_missing = data.get("choice") == Action.LABEL and not data.get("label")
        if is_missing and self._task in (MLTask.MULTI_CLASS, MLTask.REGRESSION):
            noun = "number" if self._task is MLTask.REGRESSION else "class"
            self.add_error("label", f"Type the {noun} for these rows.")
        if data.get("choice") == Action.LABEL:
            self._refuse_unknown("label", str(data.get("label", "")))
        return data

    def top_k(self, query: RowQuery) -> TopK:
        """Return the bulk action on a view."""
        data = self.cleaned_data
        label = data["tag"] if data["choice"] in TAG_CHOICES else data["label"]
        return TopK(query=query, k=data["k"], choice=data["choice"], label=label)


class ColumnChoiceForm(forms.Form):
    """Which columns of a file of corrections say what."""

    rows_by = forms.ChoiceField(label="Column that names the row")
    key = forms.ChoiceField(label="Matching column of the dataset", required=False)
    label = forms.ChoiceField(label="Column with corrected labels", required=False)
    action = forms.ChoiceField(label="Column with actions", required=False)
    with_new_classes = forms.BooleanField(label="Create classes that are new", required=False)

    def __init__(
        self, data: Mapping[str, object], *, columns: Sequence[str], keys: Sequence[str]
    ) -> None:
        super().__init__(data)
        names = [(name, name) for name in columns]
        for field, choices in (
            ("rows_by", names),
            ("key", [("", "None: the column has row numbers"), *((name, name) for name in keys)]),
            ("label", [("", "None"), *names]),
            ("action", [("", "None: every row gets a label"), *names]),
        ):
            choice_field = self.fields[field]
            assert isinstance(choice_field, forms.ChoiceField)
            choice_field.choices = choices

    def clean(self) -> dict[str, object]:
        """Refuse a file from which nothing would be read, and rows named by neither."""
        data = super().clean() or {}
        if not data.get("label") and not data.get("action"):
            self.add_error("label", "Choose the column with the labels, or one with actions.")
        if not data.get("key") and data.get("rows_by") not in (ROW_ID, ROW_NUMBER):
            self.add_error(
                "key",
                "Choose the column of the dataset that has the same values. Row numbers are read"
                f" from columns called {ROW_ID} (from 0) or {ROW_NUMBER} (from 1).",
            )
        return data

    def choice(self) -> ColumnChoice:
        """Return the chosen columns."""
        data = self.cleaned_data
        return ColumnChoice(data["rows_by"], data["key"], data["label"], data["action"])


class SavedViewForm(forms.Form):
    """The name and description of a view to save."""

    name = forms.CharField(min_length=3, max_length=30)
    description = forms.CharField(required=False, max_length=200)


class AutoLabelForm(forms.Form):
    """The confidence from which on unlabeled rows get their predicted label, or the expected error
    up to which they get their predicted number.
    """

    threshold = forms.FloatField(min_value=0)


class AtMostForm(forms.Form):
    """An expected error up to which unlabeled rows may get their predicted number."""

    at_most = forms.FloatField(
        label="Add a line: expected error at most",
        min_value=0,
        required=False,
        widget=forms.NumberInput(attrs={"class": "input input-small", "step": "any"}),
    )

    @property
    def asked(self) -> float | None:
        """The error; None if none was asked for, or it is not valid."""
        if not self.is_valid():
            return None
        error: float | None = self.cleaned_data["at_most"]
        return error


class WantedAccuracyForm(forms.Form):
    """How accurate labels must be for a threshold to be recommended, in percent."""

    accuracy = forms.ChoiceField(
        label="Labels should be right in at least",
        choices=[(value, f"{value}%") for value in (50, 60, 70, 80, 85, 90, 95, 98, 99)],
        widget=forms.Select(attrs={"class": "input input-small"}),
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data if "accuracy" in data else {"accuracy": str(DEFAULT_ACCURACY)})

    @property
    def wanted(self) -> float:
        """The accuracy as a fraction; the default for an unknown one."""
        if not self.is_valid():
            return DEFAULT_ACCURACY / 100
        return int(self.cleaned_data["accuracy"]) / 100


class VersionForm(forms.Form):
    """The name and the note of a version."""

    name = forms.CharField(required=False, max_length=100)
    note = forms.CharField(required=False, max_length=5_000)


class LayoutForm(forms.Form):
    """The columns of the review table: all of them in order, and the visible ones."""

    column = NamesField(required=False)
    own = NamesField(required=False)
    show = NamesField(required=False)
    up = forms.CharField(required=False, strip=False)
    down = forms.CharField(required=False, strip=False)
    has_two_lines = forms.BooleanField(required=False)
    is_first_pinned = forms.BooleanField(required=False)
    reset = forms.BooleanField(required=False)

    def clean_show(self) -> list[str]:
        """Return the scores to show, ignoring unknown ones."""
        return [name for name in self.cleaned_data["show"] if name in SCORES]

    def columns(self) -> list[str]:
        """Return the columns to show, one of them moved where its button was pressed."""
        data = self.cleaned_data
        order: list[str] = list(data["column"])
        for name, step in ((data["up"], -1), (data["down"], 1)):
            if name in order:
                place = order.index(name)
                order.insert(max(place + step, 0), order.pop(place))
        return [name for name in order if name in data["own"]]


class ExportForm(forms.Form):
    """Mode and format of an export."""

    file_format = forms.ChoiceField(choices=[(f, f) for f in FORMATS])
    mode = forms.ChoiceField(choices=[(m, m) for m in MODES])
    safe_for_spreadsheets = forms.BooleanField(required=False)
