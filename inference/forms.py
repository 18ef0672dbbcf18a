"""Forms of the app: a file to predict, which of its columns are meant, how its cells are read."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from inference.models import PredictionBatch
from models_app.models import DeployedModel
from models_app.selectors import expected_columns
from projects.forms.datasets import UploadForm
from studio.engine.conventions import Convention, FoundConvention
from studio.engine.conventions.convention_notes import NAMES, other_conventions
from studio.engine.table.columns import ColumnKind

COVERAGE_CHOICES = [("0.8", "80 %"), ("0.9", "90 %"), ("0.95", "95 %"), ("0.99", "99 %")]
MAX_OPTIONS = 10_000  # of all selects together; beyond that it is probably the wrong file


class GuardForm(forms.Form):
    """Whether to say which predictions not to trust, and with what coverage."""

    guard = forms.BooleanField(
        required=False,
        label="Say which predictions not to trust",
        help_text=(
            "Adds columns for confidence, rows unlike the training data, rows to leave to a person,"
            " the most similar training row, and the labels that remain possible; and a report of"
            " the whole file."
        ),
    )
    coverage = forms.ChoiceField(
        required=False,
        choices=COVERAGE_CHOICES,
        initial="0.9",
        label="How often the possible labels should include the right one",
    )

    def chosen_coverage(self) -> float | None:
        """Return the coverage, None without the guard."""
        if not self.cleaned_data["guard"]:
            return None
        return float(self.cleaned_data["coverage"] or "0.9")


class UncertainForm(forms.Form):
    """Which rows a person should look at; without a number, those that abstain."""

    n = forms.IntegerField(
        required=False, min_value=1, max_value=100_000, label="How many of the least certain rows"
    )


class PredictForm(UploadForm, GuardForm):
    """A file to predict."""


class RowForm(forms.Form):
    """The cells of one row; fields go by position, as a column may have any name."""

    def __init__(self, model: DeployedModel, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="cell-%s")
        self.columns = expected_columns(model)
        for place, column in enumerate(self.columns):
            widget: forms.Widget = forms.TextInput()
            if column.kind == ColumnKind.TEXT:
                widget = forms.Textarea(attrs={"rows": 3})
            self.fields[str(place)] = forms.CharField(
                label=column.name, required=False, strip=False, widget=widget
            )

    def cells(self) -> dict[str, str]:
        """Return the cells that are filled in."""
        found = {}
        for place, column in enumerate(self.columns):
            cell = self.cleaned_data[str(place)]
            if cell.strip():
                found[column.name] = cell
        return found


class ColumnMapForm(forms.Form):
    """One select per missing column; fields go by position, as a column may have any name."""

    def __init__(self, batch: PredictionBatch, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id=f"{batch.pk}-%s")
        self.missing: list[str] = [column["name"] for column in batch.missing_columns]
        self.file_columns: list[str] = batch.file_columns
        expected = {column.name for column in expected_columns(batch.deployed_model)}
        positions = {
            name: str(position)
            for position, name in enumerate(self.file_columns)
            if name not in expected
        }
        choices = [("", "Choose a column")]
        choices += [(position, name) for name, position in positions.items()]
        self.is_too_long = len(self.missing) * len(choices) > MAX_OPTIONS
        if self.is_too_long:
            return
        for number, column in enumerate(batch.missing_columns):
            candidates = [name for name in column["candidates"] if name in positions]
            self.fields[f"column-{number}"] = forms.ChoiceField(
                label=column["name"],
                choices=choices,
                initial=positions[candidates[0]] if len(candidates) == 1 else "",
                error_messages={
                    "required": f"Choose the column that stands for “{column['name']}”."
                },
            )

    @property
    def offers(self) -> list[tuple[str, str, str]]:
        """The answer of one click, if each column has one match: field, value, description."""
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
    """Another reading of one column of a predicted file; the column is given by position."""

    reading = forms.ChoiceField(required=False)

    def __init__(self, batch: PredictionBatch, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.columns = list(batch.found_conventions)
        self.offers: list[tuple[str, str]] = []
        for position, name in enumerate(self.columns):
            found = FoundConvention.from_dict(batch.found_conventions[name])
            if found.is_certain and name not in batch.chosen_conventions:
                continue
            self.offers += [
                (f"{position}:{convention}", f"Read “{name}” {NAMES[convention]}")
                for convention in other_conventions(found)
            ]
        self.fields["reading"].choices = self.offers  # type: ignore[attr-defined]

    def conventions(self) -> dict[str, Convention | None]:
        """Return the chosen reading by column, empty if none was chosen."""
        position, _, convention = self.cleaned_data["reading"].partition(":")
        if not position:
            return {}
        return {self.columns[int(position)]: Convention(convention)}
