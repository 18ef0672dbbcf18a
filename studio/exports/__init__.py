"""Writes tables of any size as CSV, XLSX, JSON and Parquet, batch by batch, whatever they hold.

Only CSV is ever altered, to protect spreadsheet programs (see `formulas`): by `stream_csv` in the
columns that the caller names, by `stream_safe_csv` everywhere. XLSX marks its cells as text.
"""

from __future__ import annotations

from studio.exports.names import free_names
from studio.exports.parquet import stream_parquet, write_parquet
from studio.exports.streams import stream_csv, stream_exact_csv, stream_json, stream_safe_csv
from studio.exports.workbook import (
    MAX_SHEET_CELL_CHARS,
    MAX_SHEET_ROWS,
    refuse_beyond_sheet,
    stream_xlsx,
    write_xlsx,
)

__all__ = [
    "MAX_SHEET_CELL_CHARS",
    "MAX_SHEET_ROWS",
    "free_names",
    "refuse_beyond_sheet",
    "stream_csv",
    "stream_exact_csv",
    "stream_json",
    "stream_parquet",
    "stream_safe_csv",
    "stream_xlsx",
    "write_parquet",
    "write_xlsx",
]
