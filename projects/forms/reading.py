"""The form for how a file is read, and the display of how it was read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from django import forms

from projects.models import DELIMITER_NAMES, DatasetVersion
from projects.readers.encoding_names import ENCODING_NAMES
from projects.readers.facts import FileFormat, ReadOptions
from projects.readers.options import OPTIONS_BY_FORMAT, QUOTES, checked_delimiter

LABELS = {
    "encoding": "Encoding",
    "delimiter": "Delimiter",
    "quotes": "Quotation marks",
    "has_header": "First row",
    "sheet": "Sheet",
    "orient": "Form",
}
_DELIMITERS_SHOWN = {delimiter: name.capitalize() for delimiter, name in DELIMITER_NAMES.items()}
_QUOTES_SHOWN = {
    "double": 'Double quotes (") enclose cells',
    "single": "Single quotes (') enclose cells",
    "none": "Ordinary characters",
}
_HEADER_SHOWN = {"yes": "Column names", "no": "Data"}
_ORIENTS_SHOWN = {
    "records": "List of objects",
    "lines": "One object per line",
    "columns": "Object of columns",
    "index": "Object of rows",
    "split": "Split: names, then rows",
    "table": "Table with a schema",
    "values": "List of rows",
    "list": "Object of lists",
}
_QUESTIONS = {
    "encoding": "Are all letters right?",
    "has_header": "Is the first row data?",
    "quotes": "Are the quotation marks right?",
    "sheet": "Is this the right sheet?",
}
_ORIENTS = ("columns", "index")
_JSON_ENDINGS = (".json", ".jsonl", ".ndjson")
_WORKBOOK_ENDINGS = (".xlsx", ".xls", ".xlsb", ".ods")
_DETECT = "Detect automatically"


def names_of(options: ReadOptions) -> dict[str, str]:
    """Return the options that are not None, as values of the form's fields."""
    values = options.to_dict()
    if "quotes" in values:
        values["quotes"] = next(
            name for name, quotes in QUOTES.items() if quotes == values["quotes"]
        )
    if "has_header" in values:
        values["has_header"] = "yes" if values["has_header"] else "no"
    return {name: str(value) for name, value in values.items()}


def shown_facts(version: DatasetVersion) -> list[tuple[str, str, bool]]:
    """Return how a version was read: label, value, and whether the user requested it."""
    found = version.used_options
    if not found:  # the version was read before its options were stored
        found = {"encoding": version.encoding or None, "delimiter": version.delimiter or None}
    used = names_of(ReadOptions.from_dict(found))
    shown: dict[str, Mapping[str, str]] = {
        "encoding": ENCODING_NAMES,
        "delimiter": _DELIMITERS_SHOWN,
        "quotes": _QUOTES_SHOWN,
        "has_header": _HEADER_SHOWN,
        "orient": _ORIENTS_SHOWN,
    }
    return [
        (LABELS[name], shown.get(name, {}).get(value, value), name in version.asked_options)
        for name, value in used.items()
    ]


def doubts_of(version: DatasetVersion) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return the doubts: a question, the reader's sentence, and the fields that correct it."""
    requested = names_of(ReadOptions.from_dict(version.asked_options))
    fixes = {"has_header": list({**requested, "has_header": "no"}.items())}
    return [(_QUESTIONS[name], sentence, fixes.get(name, [])) for name, sentence in version.doubts]


class ReadForm(forms.Form):
    """How to read the file of a version, with the options that its format has."""

    def __init__(self, version: DatasetVersion, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data, initial=names_of(ReadOptions.from_dict(version.asked_options)))
        self._sheets: list[str] = version.sheets
        self._used = {label: shown for label, shown, _ in shown_facts(version)}
        for name in _names_for(version):
            self.fields[name] = self._field(name)

    def _field(self, name: str) -> forms.Field:
        label = LABELS[name]
        if name == "sheet" and not self._sheets:
            return forms.CharField(
                label=label, required=False, max_length=100, help_text="Empty: detect it."
            )
        choices = {
            "encoding": list(ENCODING_NAMES.items()),
            "delimiter": list(_DELIMITERS_SHOWN.items()),
            "quotes": list(_QUOTES_SHOWN.items()),
            "has_header": list(_HEADER_SHOWN.items()),
            "sheet": [(title, title) for title in self._sheets],
            "orient": [(name, _ORIENTS_SHOWN[name]) for name in _ORIENTS],
        }[name]
        initial = self.initial.get(name)
        if initial is not None and initial not in dict(choices):
            choices.append((initial, initial))
        found = self._used.get(label)
        detect = _DETECT
        if found is not None and initial is None:
            detect = f"{_DETECT} (found: {found})"
        return forms.ChoiceField(
            label=label,
            required=False,
            choices=[("", detect), *choices],
            widget=forms.Select(attrs={"class": "input"}),
        )

    def options(self) -> ReadOptions:
        """Return the chosen options, None for those to detect."""
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        quotes = chosen.get("quotes")
        header = chosen.get("has_header")
        delimiter = chosen.get("delimiter")
        return ReadOptions(
            encoding=chosen.get("encoding"),
            delimiter=None if delimiter is None else checked_delimiter(delimiter),
            quotes=None if quotes is None else QUOTES[quotes],
            has_header=None if header is None else header == "yes",
            sheet=chosen.get("sheet"),
            orient=chosen.get("orient"),
        )


def _names_for(version: DatasetVersion) -> tuple[str, ...]:
    if not version.file_format:
        return OPTIONS_BY_FORMAT[_likely_format(version.filename)]
    names = OPTIONS_BY_FORMAT[FileFormat(version.file_format)]
    if "orient" in names and version.used_options.get("orient") != "values":
        return tuple(name for name in names if name != "has_header")
    return names


def _likely_format(filename: str) -> FileFormat:
    """Return the format of a file that could not be read, judging by its name."""
    ending = PurePosixPath(filename.lower().removesuffix(".gz").removesuffix(".zip")).suffix
    if ending in _JSON_ENDINGS:
        return FileFormat.JSON
    if ending in _WORKBOOK_ENDINGS:
        return FileFormat.XLSX
    if ending == ".parquet":
        return FileFormat.PARQUET
    return FileFormat.CSV
