"""Writes tables of any size as CSV, XLSX, JSON and Parquet, batch by batch. Knows nothing of what is in them.

Files that a spreadsheet program may open (CSV by `stream_csv`, XLSX) are neutralised: a text cell or column name of
more than one character that begins with = + - @ tab, CR or LF gets a leading apostrophe, so that no program takes it
for a formula. Plain numbers (-3.5, +4, -1,200) stay as they are. `stream_exact_csv`, JSON and Parquet alter nothing.
"""

from __future__ import annotations

from studio.exports.parquet import write_parquet
from studio.exports.streams import stream_csv, stream_exact_csv, stream_json
from studio.exports.workbook import write_xlsx

__all__ = ["stream_csv", "stream_exact_csv", "stream_json", "write_parquet", "write_xlsx"]
