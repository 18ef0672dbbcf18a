"""What may be posted about a project: what to learn from which columns, and its name."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django import forms
from django.http import QueryDict

from projects.models import DatasetVersion
from projects.readers.profile import ColumnProfile
from projects.selectors import LabelCounts, column_facts, column_profiles, label_counts
from studio.engine.columns import ColumnKind
from studio.engine.errors import DataProblem
from studio.engine.guess import guess_choice
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.schema import CleansetSpec
from studio.engine.validate import check_choice


@dataclass(frozen=True, slots=True)
class Option:
    """One choice as a card: what it is called, what it does, and why it cannot be chosen, if so."""

    value: str
    title: str
    text: str
    refusal: str = ""


MODALITIES = (
    Option(Modality.TEXT, "Text", "Models read one column of text."),
    Option(Modality.TABULAR, "Tabular", "Models read many columns of any kind."),
)
_LATER = "Not available yet."
TASKS = (
    Option(MLTask.MULTI_CLASS, "Multi-class", "Each row has one of several labels."),
    Option(MLTask.MULTI_LABEL, "Multi-label", "Each row has any number of labels.", _LATER),
    Option(MLTask.REGRESSION, "Regression", "Each row has a number as its label.", _LATER),
    Option(MLTask.UNSUPERVISED, "Unlabeled", "There is no label column.", _LATER),
)
MODES = (
    Option(Mode.FAST, "Fast", "Few quick models: a first look at the data."),
    Option(Mode.REGULAR, "Regular", "More models, and sentence embeddings of text: slower, with better suggestions."),
)


@dataclass(frozen=True, slots=True)
class FeatureOption:
    """One column that a tabular project may learn from; `reason` says why it was left out by the guess."""

    name: str
    kind: ColumnKind
    missing_fraction: float
    is_checked: bool
    reason: str


class ProjectForm(forms.Form):
    """What to learn from a dataset version; everything is guessed at first. `labels` is there once it is valid."""

    labels: LabelCounts

    name = forms.CharField(max_length=200, label="Project name")
    modality = forms.ChoiceField(choices=[(option.value, option.title) for option in MODALITIES])
    task = forms.ChoiceField(
        choices=[(option.value, option.title) for option in TASKS if not option.refusal],
        error_messages={"invalid_choice": "This task is not available yet. Choose Multi-class."},
    )
    label_column = forms.ChoiceField(label="Label column", help_text="The column with the given labels.")
    text_column = forms.ChoiceField(label="Text column", required=False, help_text="The column that the models read.")
    feature_columns = forms.MultipleChoiceField(label="Columns to learn from", required=False)
    mode = forms.ChoiceField(choices=[(option.value, option.title) for option in MODES])

    def __init__(self, version: DatasetVersion, data: QueryDict | None = None) -> None:
        self.version = version
        self.profiles = column_profiles(version)
        self.guess = guess_choice(self.profiles)
        self._kinds = {profile.name: profile.kind for profile in self.profiles}
        super().__init__(data, initial=self._guessed())
        names = [(profile.name, _described(profile)) for profile in self.profiles]
        self._columns("label_column").choices = [("", "Choose a column"), *names]
        self._columns("text_column").choices = [("", "Choose a column"), *names]
        self._columns("feature_columns").choices = names

    def _columns(self, field: str) -> forms.ChoiceField:
        found = self.fields[field]
        assert isinstance(found, forms.ChoiceField)
        return found

    def _guessed(self) -> dict[str, object]:
        return {
            "name": self.version.dataset.name,
            "modality": self.guess.modality,
            "task": MLTask.MULTI_CLASS,
            "label_column": self.guess.label_column or "",
            "text_column": self.guess.text_column or "",
            "feature_columns": list(self.guess.feature_columns),
            "mode": Mode.REGULAR,
        }

    def guessed_data(self) -> QueryDict:
        """Return the guess as if it had been posted, so that the page can say at once what would happen."""
        data = QueryDict(mutable=True)
        for name, value in self._guessed().items():
            data.setlist(name, [str(part) for part in value] if isinstance(value, list) else [str(value)])
        return data

    def clean(self) -> dict[str, object]:
        """Refuse a choice that the engine cannot work with, saying why."""
        cleaned: dict[str, object] = super().clean() or {}
        if self.errors:
            return cleaned
        if cleaned["modality"] == Modality.TEXT and not cleaned["text_column"]:
            self.add_error("text_column", "A text project needs the column that holds the text. Choose one.")
            return cleaned
        try:
            self._check(self.spec())
        except DataProblem as problem:
            self.add_error(None, str(problem))
        return cleaned

    def _check(self, spec: CleansetSpec) -> None:
        assert spec.label_column is not None
        self.labels = label_counts(self.version, spec.label_column)
        facts = {column.name: column for column in column_facts(self.version)}
        check_choice(
            n_rows=self.version.n_rows or 0,
            label=replace(
                facts[spec.label_column], n_missing=self.labels.n_unlabeled, n_distinct=self.labels.n_classes
            ),
            features=[facts[name] for name in spec.feature_columns],
            spec=spec,
        )

    def spec(self) -> CleansetSpec:
        """Return the choice in the engine's words; the label column is never among the features."""
        chosen, label = self.cleaned_data, self.cleaned_data["label_column"]
        if chosen["modality"] == Modality.TEXT:
            kinds = {chosen["text_column"]: ColumnKind.TEXT}
        else:
            picked = set(chosen["feature_columns"]) - {label}
            kinds = {name: kind for name, kind in self._kinds.items() if name in picked}
        return CleansetSpec(
            task=MLTask(chosen["task"]),
            modality=Modality(chosen["modality"]),
            mode=Mode(chosen["mode"]),
            label_column=label,
            feature_columns=tuple(kinds),
            column_kinds=kinds,
        )

    def feature_options(self) -> list[FeatureOption]:
        """Return every column with what speaks against learning from it."""
        reasons = {**dict(self.guess.left_out), **{self.guess.label_column or "": "it is the label"}}
        checked = set(self["feature_columns"].value() or [])
        return [
            FeatureOption(p.name, p.kind, p.missing_fraction, p.name in checked, reasons.get(p.name, ""))
            for p in self.profiles
        ]


def _described(profile: ColumnProfile) -> str:
    about = "about " if profile.is_distinct_estimated else ""
    return f"{profile.name} ({profile.kind}, {about}{profile.n_distinct:,} distinct)"


class ProjectNameForm(forms.Form):
    """Another name for a project."""

    name = forms.CharField(max_length=200, label="Project name")
