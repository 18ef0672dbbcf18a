"""The form for how a file is appended to a dataset."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.http import QueryDict

from projects.appending.choice import AppendChoice
from projects.models import AppendedFile, Project
from projects.readers.column_profile import ColumnProfile
from projects.selectors import column_profiles
from studio.engine.table.columns import ColumnKind
from studio.engine.table.required_columns import likely_columns

BLANK = "-"  # in place of a column of the file: the new rows stay empty
MAX_ASKED = 100  # columns; beyond that it is probably the wrong file


class AppendForm(forms.Form):
    """One select for each column that the file lacks, the key, and what becomes of known rows.

    Columns go by position, as they may have any name. An address without choices gets likely ones.
    """

    def __init__(
        self,
        file: AppendedFile,
        in_file: Sequence[str],
        projects: Sequence[Project],
        data: QueryDict,
    ) -> None:
        profiles = column_profiles(file.base)
        self.columns = [profile.name for profile in profiles]
        self.in_file = list(in_file)
        self.projects = list(projects)
        self.missing = [name for name in self.columns if name not in self.in_file]
        self.is_wrong_file = len(self.missing) > MAX_ASKED or len(self.missing) == len(self.columns)
        guesses = self._guesses(profiles, file.base.n_rows or 0)
        if "recognise" in data:
            guesses = {**data.dict(), "projects": data.getlist("projects")}
        super().__init__(guesses)
        free = [
            (str(place), name)
            for place, name in enumerate(self.in_file)
            if name not in self.columns
        ]
        for place, name in self._asked():
            self.fields[f"column-{place}"] = forms.ChoiceField(
                label=f"“{name}” of the dataset",
                choices=[(BLANK, "Leave it empty in the new rows"), *free],
            )
        self.fields["recognise"] = forms.ChoiceField(
            label="Rows are the same if they have",
            choices=[
                ("content", "the same cells in all columns"),
                *((str(place), f"the same “{name}”") for place, name in enumerate(self.columns)),
            ],
        )
        self.fields["known"] = forms.ChoiceField(
            label="Rows that the dataset already has",
            choices=[
                ("skip", "are left out"),
                ("take", "are taken: copies are appended once more, new cells replace the old"),
            ],
        )
        if self.projects:
            self.fields["projects"] = forms.MultipleChoiceField(
                label="Projects that get the new rows",
                choices=[(str(project.pk), project.name) for project in self.projects],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text="Their current models score the new rows at once; decisions stay.",
            )

    def _asked(self) -> list[tuple[int, str]]:
        if self.is_wrong_file:
            return []
        return [(place, name) for place, name in enumerate(self.columns) if name in self.missing]

    def _guesses(self, profiles: Sequence[ColumnProfile], n_rows: int) -> dict[str, object]:
        free = [name for name in self.in_file if name not in self.columns]
        likely = {}
        if not self.is_wrong_file:
            likely = likely_columns(self.missing, free)
        guesses: dict[str, object] = {
            "recognise": "content",
            "known": "skip",
            "projects": [str(project.pk) for project in self.projects],
        }
        for place, name in self._asked():
            guesses[f"column-{place}"] = BLANK
            if name in likely:
                guesses[f"column-{place}"] = str(self.in_file.index(likely[name][0]))
        for place, profile in enumerate(profiles):
            is_key = profile.kind is ColumnKind.IDENTIFIER and profile.n_distinct == n_rows
            if is_key and profile.name in self.in_file:
                guesses["recognise"] = str(place)
                break
        return guesses

    def choice(self) -> AppendChoice:
        """Return the choice of a valid form."""
        data = self.cleaned_data
        column_map = {}
        blank_columns = []
        for place, name in self._asked():
            source = data[f"column-{place}"]
            if source == BLANK:
                blank_columns.append(name)
            else:
                column_map[name] = self.in_file[int(source)]
        key = ""
        if data["recognise"] != "content":
            key = self.columns[int(data["recognise"])]
        return AppendChoice(
            column_map,
            tuple(blank_columns),
            key,
            keeps_copies=data["known"] == "take" and not key,
            updates_existing=data["known"] == "take" and bool(key),
        )

    def chosen_projects(self) -> list[Project]:
        """Return the projects that get the new rows."""
        chosen = self.cleaned_data.get("projects", [])
        return [project for project in self.projects if str(project.pk) in chosen]

    @property
    def hidden_values(self) -> list[tuple[str, str]]:
        """The valid values as names and values, for the hidden fields of another form."""
        values = []
        for name, value in self.cleaned_data.items():
            chosen = value if isinstance(value, list) else [value]
            values += [(name, str(part)) for part in chosen]
        return values
