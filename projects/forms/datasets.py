"""Forms of a dataset: its file, its name, and the kinds of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat

from projects.readers.column_profile import ColumnProfile
from studio.engine.conventions import Convention
from studio.engine.table.columns import ColumnKind

ACCEPTED = (
    ".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx", ".xlsb", ".xls", ".ods",
    ".parquet", ".gz", ".zip",
)  # fmt: skip
KIND_CHOICES = [
    (ColumnKind.TEXT, "Text"),
    (ColumnKind.CATEGORICAL, "Categorical"),
    (ColumnKind.INTEGER, "Integer"),
    (ColumnKind.NUMBER, "Number"),
    (ColumnKind.BOOLEAN, "Boolean"),
    (ColumnKind.DATETIME, "Date and time"),
    (ColumnKind.IDENTIFIER, "Identifier"),
    (ColumnKind.URL, "URL"),
]


class UploadForm(forms.Form):
    """One file; the run that reads it checks whether it is a table."""

    file = forms.FileField(
        label="File",
        max_length=255,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(ACCEPTED)}),
        error_messages={"required": "No file arrived. Choose a file and upload it."},
    )

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse a file that exceeds the size limit."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
            raise forms.ValidationError(
                f"The file has {filesizeformat(file.size or 0)}; this studio accepts up to"
                f" {filesizeformat(settings.MAX_UPLOAD_BYTES)}. Compress it with gzip,"
                " or upload a part of it."
            )
        return file


NUMBER_CHOICES = [
    (Convention.POINT, "Decimal point: 1,234.5"),
    (Convention.COMMA, "Decimal comma: 1.234,5"),
]
DATE_CHOICES = [
    (Convention.DAY_FIRST, "Day first: 31/12/2026"),
    (Convention.MONTH_FIRST, "Month first: 12/31/2026"),
    (Convention.YEAR_FIRST, "Year first: 26/12/31"),
]


class DatasetNameForm(forms.Form):
    """A new name for a dataset."""

    name = forms.CharField(max_length=200, label="Dataset name")


class KindsForm(forms.Form):
    """A select per column for its kind, and one for how its numbers or dates are written.

    The fields are numbered by the column's place in the file, since a column may have any name. Of
    a wide table, only the columns at `places`, or those that were posted, are shown.
    """

    def __init__(
        self,
        profiles: Sequence[ColumnProfile],
        data: QueryDict | None = None,
        *,
        places: Sequence[int] | None = None,
    ) -> None:
        super().__init__(data)
        self.profiles = profiles
        every = range(len(profiles))
        if data is not None:
            self.places = [place for place in every if self.field_name(place) in data]
        else:
            self.places = list(every if places is None else places)
        for place in self.places:
            attributes = {
                "class": "input input-small",
                "aria-label": f"Kind of {profiles[place].name}",
            }
            self.fields[self.field_name(place)] = forms.ChoiceField(
                choices=KIND_CHOICES,
                initial=profiles[place].kind,
                widget=forms.Select(attrs=attributes),
            )
            if profiles[place].has_readings:
                self.fields[self.convention_name(place)] = _convention_field(profiles[place])

    @staticmethod
    def convention_name(place: int) -> str:
        """Return the name of the field that says how a column is written."""
        return f"convention-{place}"

    @staticmethod
    def field_name(place: int) -> str:
        """Return the name of the field of a column."""
        return f"kind-{place}"

    def clean(self) -> dict[str, object]:
        """Refuse a form without any column."""
        if not self.places:
            raise forms.ValidationError("No kinds were sent.")
        return super().clean() or {}

    def kinds(self) -> dict[str, ColumnKind]:
        """Return the chosen kinds by column."""
        return {
            self.profiles[place].name: ColumnKind(self.cleaned_data[self.field_name(place)])
            for place in self.places
        }

    def conventions(self) -> dict[str, Convention | None]:
        """Return the chosen conventions by column, None for the inferred one."""
        chosen = {
            place: self.cleaned_data.get(self.convention_name(place)) for place in self.places
        }
        return {
            self.profiles[place].name: Convention(convention) if convention else None
            for place, convention in chosen.items()
            if convention is not None
        }


def _convention_field(profile: ColumnProfile) -> forms.ChoiceField:
    choices = DATE_CHOICES if profile.kind is ColumnKind.DATETIME else NUMBER_CHOICES
    found = profile.found_convention
    words = dict(choices).get(found.convention, "") if found else ""
    certainty = "As found" if found and found.is_certain else "Assumed"
    attributes = {"class": "input input-small", "aria-label": f"How {profile.name} is written"}
    return forms.ChoiceField(
        choices=[("", f"{certainty}: {words.partition(':')[0].lower()}"), *choices],
        initial=profile.chosen_convention or "",
        required=False,
        widget=forms.Select(attrs=attributes),
    )
