"""Detects the format of a file, from its content first and its name second."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from projects.readers.facts import FileFormat
from projects.readers.source import (
    ZIP_DAMAGE,
    ZIP_MAGICS,
    DataFile,
    is_office_file,
    workbook_format,
)
from studio.engine.errors import DataProblem

PARQUET_MAGIC = b"PAR1"
# Begins old Office files, and workbooks with a password.
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_ADVICE = "Use a CSV, JSON, XLSX or Parquet file."
# First bytes, what the file is, and what to do. Sources: the formats' own specifications.
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "a PNG image", _ADVICE),
    (b"\xff\xd8\xff", "a JPEG image", _ADVICE),
    (b"GIF8", "a GIF image", _ADVICE),
    (b"RIFF", "a media file", _ADVICE),
    (b"II*\x00", "a TIFF image", _ADVICE),
    (b"MM\x00*", "a TIFF image", _ADVICE),
    (b"%PDF-", "a PDF document", "Export the table as CSV or XLSX and use that."),
    (b"{\\rtf", "an RTF document", "Save the table as CSV or XLSX and use that."),
    (b"\x7fELF", "a program", _ADVICE),
    (b"MZ\x90", "a program", _ADVICE),
    (b"\xca\xfe\xba\xbe", "a program", _ADVICE),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "Unpack it, or pack it with zip or gzip."),
    (b"Rar!", "a RAR archive", "Unpack it, or pack it with zip or gzip."),
    (b"BZh", "a bzip2 archive", "Unpack it, or pack it with zip or gzip."),
    (b"\xfd7zXZ\x00", "an xz archive", "Unpack it, or pack it with zip or gzip."),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "Unpack it, or pack it with zip or gzip."),
    (b"SQLite format 3\x00", "a SQLite database", "Export the table as CSV and use that."),
    (b"ARROW1", "a Feather (Arrow) file", "Save the table as Parquet and use that."),
    (b"FEA1", "a Feather file", "Save the table as Parquet and use that."),
    (b"\x89HDF", "an HDF5 file", "Save the table as Parquet and use that."),
    (b"ORC", "an ORC file", "Save the table as Parquet and use that."),
    (b"Obj\x01", "an Avro file", "Save the table as Parquet and use that."),
    (b"\x93NUMPY", "a NumPy file", "Save the table as Parquet and use that."),
)  # fmt: skip
_PICKLE = re.compile(rb"\x80[\x02-\x05](?:\x95|[\x63\x8c}\]])")
_TAR_MARK = b"ustar"
_TAR_MARK_AT = 257
_JSON_ARRAY = re.compile(r"\s*\[\s*(?:\{|\]|$)")
_JSON_ROWS = re.compile(r"\s*\[\s*\[")  # so may a CSV file, so the name has to agree
_JSON_OBJECT = re.compile(r'\s*\{\s*(?:"|\}|$)')
_MARKUP = re.compile(r"(?i)\s*<(?:!doctype|html|\?xml|table|svg)\b")
_JSON_NAMES = {".json", ".jsonl", ".ndjson", ".geojson"}


def binary_format(file: DataFile) -> FileFormat | None:
    """Return the format of a binary file, None if it should be text. Refuses foreign formats."""
    start = file.scan.start
    if not start:
        raise DataProblem(f"{file.name} is empty: it has no bytes. {_ADVICE}")
    if start.startswith(PARQUET_MAGIC):
        return FileFormat.PARQUET
    if start.startswith(OLE_MAGIC):
        return FileFormat.XLS
    if start[:4] in ZIP_MAGICS:
        return _office_format(file.path, file.name)
    _refuse_foreign(start, file.name)
    return None


def text_format(start: str, filename: str) -> FileFormat:
    """Return the format of a text file, from its first characters and then from its name."""
    suffix = PurePosixPath(filename).suffix.lower()
    if _JSON_ARRAY.match(start) or (suffix in _JSON_NAMES and _JSON_ROWS.match(start)):
        return FileFormat.JSON
    if _JSON_OBJECT.match(start):
        return FileFormat.JSON_LINES
    if _MARKUP.match(start):
        raise DataProblem(
            f"{filename} is a web page or an XML document, which cannot be read as a table."
            f" {_ADVICE}"
        )
    if suffix in _JSON_NAMES:
        raise DataProblem(
            f"{filename} is named as JSON but does not begin with a list of objects or with an"
            ' object. Expected [{"column": "value", …}, …] or one such object per line.'
        )
    return FileFormat.TSV if suffix in {".tsv", ".tab"} else FileFormat.CSV


def _office_format(path: Path, name: str) -> FileFormat:
    damaged = DataProblem(
        f"{name} is a damaged zip file or workbook and cannot be read. Save it again and use that."
    )
    if not is_office_file(path):
        raise damaged
    try:
        found = workbook_format(path)
    except (*ZIP_DAMAGE, OSError) as error:
        raise damaged from error
    if found is None:
        raise DataProblem(
            f"{name} is an Office document, but not a workbook. Use a CSV, JSON, XLSX or"
            " Parquet file."
        )
    return found


def _refuse_foreign(start: bytes, name: str) -> None:
    for magic, what, advice in _FOREIGN:
        if start.startswith(magic):
            raise DataProblem(f"{name} is {what}, which cannot be read as a table. {advice}")
    if start[_TAR_MARK_AT : _TAR_MARK_AT + len(_TAR_MARK)] == _TAR_MARK:
        raise DataProblem(
            f"{name} is a tar archive, which cannot be read as a table. Unpack it, or pack one file"
            " with gzip."
        )
    if _PICKLE.match(start):
        raise DataProblem(
            f"{name} is a Python pickle, which cannot be read safely. Save the table as Parquet and"
            " use that."
        )
