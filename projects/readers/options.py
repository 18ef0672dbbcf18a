"""The options for reading a file, by format."""

from __future__ import annotations

from projects.readers.facts import FileFormat, ReadOptions
from studio.engine.errors import DataProblem

WORKBOOKS = (FileFormat.XLSX, FileFormat.XLSB, FileFormat.XLS, FileFormat.ODS)
QUOTES = {"double": '"', "single": "'", "none": ""}
_OF_TEXT = ("encoding", "delimiter", "quotes", "has_header")
_OF_JSON = ("encoding", "orient", "has_header")
OPTIONS_BY_FORMAT = {
    FileFormat.CSV: _OF_TEXT,
    FileFormat.TSV: _OF_TEXT,
    FileFormat.JSON: _OF_JSON,
    FileFormat.JSON_LINES: _OF_JSON,
    **dict.fromkeys(WORKBOOKS, ("sheet", "has_header")),
    FileFormat.PARQUET: (),
}
_SHOWN = {
    "encoding": "encoding",
    "delimiter": "delimiter",
    "quotes": "quotation marks",
    "has_header": "header row",
    "sheet": "sheet",
    "orient": "form",
}
_FORMATS = {FileFormat.JSON: "JSON", FileFormat.JSON_LINES: "JSON", FileFormat.PARQUET: "Parquet"}
_DELIMITERS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "pipe": "|",
    "space": " ",
    "colon": ":",
}


def refuse_unfit_options(options: ReadOptions, file_format: FileFormat) -> None:
    """Refuse options that the format does not have: they would be ignored silently."""
    unfit = [name for name in options.to_dict() if name not in OPTIONS_BY_FORMAT[file_format]]
    if unfit:
        kind = _FORMATS.get(file_format, file_format.value.upper())
        raise DataProblem(
            f"There is no {_SHOWN[unfit[0]]} to choose in {kind}. Leave that choice out."
        )


def checked_delimiter(text: str) -> str:
    """Return the delimiter from a character or its name. Raises DataProblem for anything else."""
    delimiter = _DELIMITERS.get(text.strip().lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n\0':
        raise DataProblem(
            f"“{text[:20]}” cannot separate cells. Name one character, or tab, comma, semicolon,"
            " pipe or space."
        )
    return delimiter
