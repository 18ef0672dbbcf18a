"""What may be posted about a dataset: its file, and the kinds of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from projects.readers.profile import ColumnProfile
from studio.engine.columns import ColumnKind
from studio.templatetags.studio import filesize

ACCEPTED = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xlsx", ".parquet", ".gz", ".zip")
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
    """One file; whether it is a table is found out by the run that reads it."""

    file = forms.FileField(
        label="File",
        max_length=255,
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(ACCEPTED)}),
        error_messages={"required": "No file arrived. Choose a file and upload it."},
    )

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse what is larger than the studio takes."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > settings.MAX_UPLOAD_BYTES:
            raise forms.ValidationError(
                f"The file has {filesize(file.size)}; this studio takes up to {filesize(settings.MAX_UPLOAD_BYTES)}. "
                "Pack it with gzip, or upload a part of it."
            )
        return file


class KindsForm(forms.Form):
    """One select per column; the fields are numbered, since a column may have any name."""

    def __init__(self, profiles: Sequence[ColumnProfile], data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.profiles = profiles
        for place, profile in enumerate(profiles):
            attributes = {"class": "input input-small", "aria-label": f"Kind of {profile.name}"}
            self.fields[f"kind-{place}"] = forms.ChoiceField(
                choices=KIND_CHOICES, initial=profile.kind, widget=forms.Select(attrs=attributes)
            )

    def kinds(self) -> dict[str, ColumnKind]:
        """Return the chosen kind of every column."""
        return {
            profile.name: ColumnKind(self.cleaned_data[f"kind-{place}"]) for place, profile in enumerate(self.profiles)
        }
