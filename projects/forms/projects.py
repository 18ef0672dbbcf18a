"""Forms of a project: what to learn from which columns, and its name."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.http import QueryDict

from projects.forms.options import (
    AS_FOUND,
    LABEL_WANTED,
    MODALITIES,
    MODES,
    SEPARATORS,
    SPLIT_COLUMN_WANTED,
    SPLITS,
    TASKS,
)
from projects.forms.split import (
    BY_COLUMN,
    MADE,
    MAX_VALUES,
    NO_SPLIT,
    SplitValue,
    choice_of,
    proposed_split,
    split_note,
    split_values,
    with_chosen_parts,
)
from projects.guess import fits_task, guess_choice, notes_on_features
from projects.label_summaries import (
    LabelSummary,
    label_cells,
    label_facts,
    number_summary,
    separator_of,
    separator_that_may_be,
    set_columns,
)
from projects.models import DatasetVersion
from projects.readers.column_profile import ColumnProfile
from projects.readers.label_cells import LabelCells
from projects.readers.profile import assumed_conventions, conventions_of, kind_notes
from projects.selectors import column_facts, column_profiles
from studio.engine.choices.questions import question_of_numbers, question_of_sets
from studio.engine.choices.validate import check_choice, check_row_count
from studio.engine.conventions.convention_notes import convention_notes
from studio.engine.conventions.label_sets import Separator, read_set
from studio.engine.errors import DataProblem
from studio.engine.labels.reading import ClassCounts
from studio.engine.labels.spellings import Spellings, shown_spelling, spelling_note
from studio.engine.ml_task import MLTask, Modality, Mode
from studio.engine.schema import CleansetSpec, SplitChoice
from studio.engine.schema.split import MAX_TEST_PERCENT, MIN_TEST_PERCENT, TEST_PERCENT
from studio.engine.table.columns import ColumnKind

CONVENTION_ADVICE = (
    "If that is wrong, first choose another reading on the Columns tab of the dataset."
)
WORDS_ADVICE = (
    "If it holds numbers, first set its kind to number on the Columns tab of the dataset; "
    "the words then count as missing."
)


class NamesField(forms.Field):
    """Any number of names, posted under one field name and not stripped."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: list[str] | None) -> list[str]:
        """Return the posted names."""
        names = [str(name) for name in value or []]
        for name in names:
            ProhibitNullCharactersValidator()(name)
        return names


@dataclass(frozen=True, slots=True)
class SpellingChoice:
    """A class that is spelled in several ways.

    `kept` is the spelling that replaces the others, empty if each stays a class of its own.
    """

    spellings: Spellings
    kept: str

    @property
    def shown(self) -> list[tuple[str, str, int]]:
        """Each spelling, the same with invisible characters shown, and its number of rows."""
        return [(name, shown_spelling(name), n_rows) for name, n_rows in self.spellings.counts]


@dataclass(frozen=True, slots=True)
class FeatureOption:
    """A column that a tabular project may learn from; `reason` says why the guess left it out."""

    name: str
    kind: ColumnKind
    missing_fraction: float
    is_checked: bool
    reason: str


class ProjectForm(forms.Form):
    """What to learn from a dataset version; initially, everything is guessed.

    `labels` summarises the label column once the form is valid; None without labels.
    `split_values` are the values of the split's column, if it is one, also while the form is not
    valid; they belong to the column `split_of`.
    `guessed_task` is the task for which the label column on the page was guessed. Each of `merged`
    is the spelling that replaces the others of its class; `merge_all` keeps the most frequent
    spelling of every class.
    """

    labels: LabelSummary | None
    label_separator: Separator
    spellings: list[SpellingChoice]
    split_values: list[SplitValue]
    split_choice: SplitChoice | None
    _cells: LabelCells | None

    name = forms.CharField(max_length=200, label="Project name")
    modality = forms.ChoiceField(choices=[(option.value, option.title) for option in MODALITIES])
    task = forms.ChoiceField(choices=[(option.value, option.title) for option in TASKS])
    guessed_task = forms.CharField(required=False, widget=forms.HiddenInput)
    label_column = forms.ChoiceField(
        label="Label column", required=False, help_text="The column with the given labels."
    )
    separator = forms.ChoiceField(label="Sets are written with", required=False, choices=SEPARATORS)
    merged = NamesField(required=False)
    merge_all = forms.CharField(required=False)
    text_column = forms.ChoiceField(
        label="Text column", required=False, help_text="The column that the models read."
    )
    feature_columns = forms.MultipleChoiceField(label="Columns to learn from", required=False)
    mode = forms.ChoiceField(choices=[(option.value, option.title) for option in MODES])
    split = forms.ChoiceField(
        choices=[(option.value, option.title) for option in SPLITS], required=False
    )
    split_column = forms.ChoiceField(label="Column of the split", required=False)
    split_of = forms.CharField(required=False)
    split_part = NamesField(required=False)
    test_percent = forms.IntegerField(
        label="Rows for testing, in percent",
        required=False,
        min_value=MIN_TEST_PERCENT,
        max_value=MAX_TEST_PERCENT,
    )

    def __init__(
        self,
        version: DatasetVersion,
        data: QueryDict | None = None,
        *,
        label_column: str | None = None,
    ) -> None:
        """Guess the initial values from the version's columns, and the label column if known."""
        self.version = version
        self._posted = data
        self.profiles = column_profiles(version)
        self._sets = set_columns(version, self.profiles)
        self._kinds = {profile.name: profile.kind for profile in self.profiles}
        task = None
        if data is not None and data.get("task") in list(MLTask):
            task = MLTask(str(data["task"]))
        self.guess = guess_choice(
            self.profiles, task=task, sets=self._sets, label_column=label_column
        )
        self.split_values = []
        self.split_choice = None
        super().__init__(data, initial=self._guessed())
        names = [(profile.name, _described(profile)) for profile in self.profiles]
        self._columns("label_column").choices = [("", "Choose a column"), *names]
        self._columns("text_column").choices = [("", "Choose a column"), *names]
        self._columns("feature_columns").choices = names
        self._columns("split_column").choices = [
            ("", "Choose a column"),
            *((p.name, _described(p)) for p in self.profiles if 1 <= p.n_distinct <= MAX_VALUES),
        ]

    def _columns(self, field: str) -> forms.ChoiceField:
        found = self.fields[field]
        assert isinstance(found, forms.ChoiceField)
        return found

    def _guessed(self) -> dict[str, object]:
        return {
            "name": self.version.dataset.name,
            "modality": self.guess.modality,
            "task": self.guess.task,
            "guessed_task": self.guess.task,
            "label_column": self.guess.label_column or "",
            "text_column": self.guess.text_column or "",
            "feature_columns": list(self.guess.feature_columns),
            "mode": Mode.REGULAR,
            **self._guessed_split(),
        }

    def _guessed_split(self) -> dict[str, object]:
        found = None
        if self._posted is None and self.guess.task is not MLTask.UNSUPERVISED:
            found = proposed_split(self.version, self.profiles, self.guess.label_column)
        return {
            "split": NO_SPLIT if found is None else BY_COLUMN,
            "split_column": "" if found is None else str(found.column),
            "test_percent": TEST_PERCENT,
        }

    def guessed_data(self) -> QueryDict:
        """Return the guess as if it had been posted, so that the page can check it at once."""
        data = QueryDict(mutable=True)
        for name, value in self._guessed().items():
            values = value if isinstance(value, list) else [value]
            data.setlist(name, [str(part) for part in values])
        return data

    @property
    def is_task_new(self) -> bool:
        """Whether the chosen task differs from the one that the label column was guessed for."""
        if self._posted is None:
            return False
        chosen = self._posted.get("task")
        guessed = self._posted.get("guessed_task")
        return bool(guessed) and chosen != guessed and chosen in list(MLTask)

    def fitted_data(self) -> QueryDict:
        """Return the posted data with columns that fit the task; an unfit label is guessed."""
        assert self._posted is not None
        data = self._posted.copy()
        task = self.guess.task
        profiles = {profile.name: profile for profile in self.profiles}
        posted = profiles.get(data.get("label_column", ""))
        label = self.guess.label_column or ""
        if posted and task is not MLTask.UNSUPERVISED and fits_task(posted, task, self._sets):
            label = posted.name
        data["label_column"] = label
        data["guessed_task"] = task.value
        features = {*data.getlist("feature_columns")}
        # A label that no longer fits is an ordinary column again.
        if posted and posted.name != label and posted.name in self.guess.feature_columns:
            features.add(posted.name)
        features.discard(label)
        data.setlist("feature_columns", [name for name in profiles if name in features])
        return data

    def clean(self) -> dict[str, object]:
        """Add an error for a choice that the engine cannot work with."""
        cleaned: dict[str, object] = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            check_row_count(self.version.n_rows or 0)
        except DataProblem as problem:
            self.add_error(None, str(problem))
            return cleaned
        if cleaned["modality"] == Modality.TEXT and not cleaned["text_column"]:
            self.add_error(
                "text_column", "A text project needs the column that holds the text. Choose one."
            )
            return cleaned
        task = MLTask(str(cleaned["task"]))
        if task in LABEL_WANTED and not cleaned["label_column"]:
            self.add_error("label_column", LABEL_WANTED[task])
            return cleaned
        self._read_labels(task, str(cleaned["label_column"]))
        self._read_split(task)
        if self.errors:
            return cleaned
        try:
            self._check(self.spec())
        except DataProblem as problem:
            self.add_error(None, str(problem))
        return cleaned

    def _read_labels(self, task: MLTask, label: str) -> None:
        """Find the separator and the spellings of the classes in the label column."""
        chosen = self.cleaned_data["separator"]
        self.label_separator = Separator(chosen or Separator.COMMA)
        if task is MLTask.MULTI_LABEL and chosen == AS_FOUND:
            self.label_separator = self._sets.get(label) or separator_of(self.version, label)
        self.spellings = []
        self._cells = None
        if task in (MLTask.MULTI_CLASS, MLTask.MULTI_LABEL):
            self._cells = label_cells(self.version, label)
            found = self._cells.spellings(self.spec())
            self.spellings = [
                SpellingChoice(spellings, self._kept(spellings)) for spellings in found
            ]

    def _read_split(self, task: MLTask) -> None:
        """Find out which rows are for testing; add an error where that is not clear."""
        chosen = self.cleaned_data
        column = chosen["split_column"]
        if task is MLTask.UNSUPERVISED or chosen["split"] not in (BY_COLUMN, MADE):
            return
        if chosen["split"] == MADE:
            self.split_choice = SplitChoice(test_percent=chosen["test_percent"] or TEST_PERCENT)
        elif not column:
            self.add_error("split_column", SPLIT_COLUMN_WANTED)
        elif column in (chosen["label_column"], self._text_column()):
            self.add_error(
                "split_column",
                f"{column} is learned from, so it cannot say which rows are for testing. Choose"
                " another column.",
            )
        else:
            try:
                values = split_values(self.version, column)
                if chosen["split_of"] == column:
                    values = with_chosen_parts(values, chosen["split_part"])
                self.split_values = values
                self.split_choice = choice_of(column, values)
            except DataProblem as problem:
                self.add_error("split_column", str(problem))

    def _text_column(self) -> str | None:
        is_text = self.cleaned_data["modality"] == Modality.TEXT
        return self.cleaned_data["text_column"] if is_text else None

    def _kept(self, spellings: Spellings) -> str:
        if self.cleaned_data["merge_all"]:
            return spellings.kept
        return next((name for name in spellings.names if name in self.cleaned_data["merged"]), "")

    def _label_profile(self, spec: CleansetSpec) -> ColumnProfile | None:
        return next(
            (profile for profile in self.profiles if profile.name == spec.label_column), None
        )

    def _check(self, spec: CleansetSpec) -> None:
        profile = self._label_profile(spec)
        self.labels = None
        if self._cells is not None:
            self.labels = self._cells.classes(spec)
        elif profile is not None:
            self.labels = number_summary(self.version, profile)
        label = None
        if profile is not None and self.labels is not None:
            label = label_facts(profile, self.labels)
        facts = {column.name: column for column in column_facts(self.version)}
        check_choice(
            n_rows=self.version.n_rows or 0,
            label=label,
            features=[facts[name] for name in spec.feature_columns],
            spec=spec,
        )

    def spec(self) -> CleansetSpec:
        """Return the choice as a spec for the engine; the label column is never a feature."""
        chosen = self.cleaned_data
        task = MLTask(chosen["task"])
        label = None if task is MLTask.UNSUPERVISED else chosen["label_column"]
        if chosen["modality"] == Modality.TEXT:
            kinds = {chosen["text_column"]: ColumnKind.TEXT}
        else:
            split_column = None if self.split_choice is None else self.split_choice.column
            picked = set(chosen["feature_columns"]) - {label, split_column}
            kinds = {name: kind for name, kind in self._kinds.items() if name in picked}
        merged_labels: dict[str, str] = {}
        for choice in self.spellings:
            if choice.kept:
                merged_labels |= choice.spellings.merged_into(choice.kept)
        return CleansetSpec(
            task=task,
            modality=Modality(chosen["modality"]),
            mode=Mode(chosen["mode"]),
            label_column=label,
            feature_columns=tuple(kinds),
            column_kinds=kinds,
            separator=self.label_separator,
            merged_labels=merged_labels,
            conventions=conventions_of(self.profiles, kinds, label),
            split=self.split_choice,
        )

    def questions(self) -> list[str]:
        """Return questions to the user about the labels of a valid form."""
        profile = self._label_profile(self.spec())
        task = MLTask(self.cleaned_data["task"])
        if profile is None or not isinstance(self.labels, ClassCounts):
            return []
        n_classes = self.labels.n_classes
        found = [
            question_of_numbers(
                profile.name, profile.kind, task, n_classes, remedy="choose the task regression"
            )
        ]
        separator = separator_that_may_be(self.version.table_key, profile.name)
        if separator is not None:
            example = self._example(separator)
            is_sure = profile.name in self._sets
            remedy = "choose the task multi-label"
            found.append(
                question_of_sets(profile.name, task, example, is_sure=is_sure, remedy=remedy)
            )
        return [question for question in found if question]

    def notes(self, *, remedy: str) -> list[str]:
        """Return the questions and notes on spellings, features and conventions.

        `remedy` says how to merge spellings.
        """
        spec = self.spec()
        notes = self.questions()
        if apart := [choice.spellings for choice in self.spellings if not choice.kept]:
            notes.append(spelling_note(str(spec.label_column), apart, remedy=remedy))
        if spec.split is not None:
            notes.append(split_note(spec.split))
        if spec.modality is Modality.TABULAR:
            notes += notes_on_features(self.profiles, spec.label_column, spec.feature_columns)
            notes += kind_notes(self.profiles, spec.label_column, advice=WORDS_ADVICE)
        assumed = assumed_conventions(self.profiles, spec)
        return [*notes, *convention_notes(assumed, advice=CONVENTION_ADVICE)]

    def _example(self, separator: Separator) -> str:
        """Return a frequent cell of the label column with more than one class."""
        cells = self._cells.counts if self._cells else ()
        for cell, _ in cells:
            if cell and len(read_set(cell, separator) or ()) > 1:
                return cell
        return ""

    def feature_options(self) -> list[FeatureOption]:
        """Return every column with the reason against learning from it, if any."""
        label = ""
        if self["task"].value() != MLTask.UNSUPERVISED:
            label = self["label_column"].value() or ""
        guess = guess_choice(self.profiles, sets=self._sets, label_column=label or None)
        reasons = {**dict(guess.left_out), label: "it is the label"}
        if self["split"].value() == BY_COLUMN:
            reasons[str(self["split_column"].value())] = "it says which rows are for testing"
        checked = set(self["feature_columns"].value() or [])
        return [
            FeatureOption(
                p.name, p.kind, p.missing_fraction, p.name in checked, reasons.get(p.name, "")
            )
            for p in self.profiles
        ]


def _described(profile: ColumnProfile) -> str:
    about = "about " if profile.is_distinct_estimated else ""
    return f"{profile.name} ({profile.kind}, {about}{profile.n_distinct:,} distinct)"


class ProjectNameForm(forms.Form):
    """A new name for a project."""

    name = forms.CharField(max_length=200, label="Project name")
