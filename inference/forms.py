"""What a person may answer: which columns of a file are meant, and how its numbers and dates are
read.
"""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from inference.models import PredictionBatch
from models_app.selectors import expected_columns
from studio.engine.conventions import Convention, FoundConvention
from studio.engine.conventions.convention_notes import NAMES, other_conventions

MAX_OPTIONS = 10_000  # in all selects together; a file that lacks more is another file


class ColumnMapForm(forms.Form):
    """One select per missing column; columns are named by their place, since a column may have any
    name.
    """

    def __init__(self, batch: PredictionBatch, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id=f"{batch.pk}-%s")
        self.missing: list[str] = [column["name"] for column in batch.missing_columns]
        self.file_columns: list[str] = batch.file_columns
        read = {column.name for column in expected_columns(batch.deployed_model)}
        places = {name: place for place, name in enumerate(self.file_columns) if name not in read}
        choices = [("", "Choose a column"), *((str(place), name) for name, place in places.items())]
        self.is_too_long = len(self.missing) * len(choices) > MAX_OPTIONS
        for number, column in enumerate(() if self.is_too_long else batch.missing_columns):
            candidates = [name for name in column["candidates"] if name in places]
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=column["name"],
                choices=choices,
                initial=str(places[candidates[0]]) if len(candidates) == 1 else "",
                error_messages={
                    "required": f"Choose the column that is meant by “{column['name']}”."
                },
            )

    @property
    def offers(self) -> list[tuple[str, str, str]]:
        """The answer of one click, where each column has one likely partner: field, place, and both
        names in words.
        """
        found = [
            (name, field.initial, f"“{self.file_columns[int(field.initial)]}” as “{field.label}”")
            for name, field in self.fields.items()
            if field.initial
        ]
        return found if len(found) == len(self.missing) else []

    def column_map(self) -> dict[str, str]:
        """Return the chosen column of the file for each column of the model."""
        return {
            str(field.label): self.file_columns[int(self.cleaned_data[name])]
            for name, field in self.fields.items()
        }


class ReadingForm(forms.Form):
    """Another reading of one column of a predicted file; the column is named by its place."""

    reading = forms.ChoiceField(required=False)

    def __init__(self, batch: PredictionBatch, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.columns = list(batch.found_conventions)
        self.offers: list[tuple[str, str]] = []
        for place, name in enumerate(self.columns):
            found = FoundConvention.from_dict(batch.found_conventions[name])
            if found.is_certain and name not in batch.chosen_conventions:
                continue
            self.offers += [
                (f"{place}:{convention}", f"Read “{name}” {NAMES[convention]}")
                for convention in other_conventions(found)
            ]
        self.fields["reading"].choices = self.offers  # type: ignore[attr-defined]

    def conventions(self) -> dict[str, Convention | None]:
        """Return the chosen reading by column; empty where none was chosen."""
        place, _, convention = self.cleaned_data["reading"].partition(":")
        return {self.columns[int(place)]: Convention(convention)} if place else {}
