"""Finds the extent of the sheets of an XLSB workbook, and their merged cells, from its records.

A sheet with a single cell in the last row and column would take the memory of a full sheet.
"""

from __future__ import annotations

import re
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from projects.readers.facts import ReadLimits
from projects.readers.sheets import MAX_MERGES, Merge, damage_explained
from projects.readers.source import refuse_bomb
from studio.engine.errors import DataProblem

# In the bounding rectangle of a sheet; calamine takes 24 bytes for each.
MAX_CELLS = 20_000_000
_SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.bin")
_RELATION = re.compile(rb"<Relationship\s[^<>]*>")
_ATTRIBUTE = re.compile(rb"""(\w+)\s*=\s*["']([^"']*)["']""")
_ROW_HEADER = 0
_CELLS = frozenset(range(1, 12))
_MERGE_CELL = 176
_BUNDLE_SHEET = 156


def refuse_large_xlsb(path: Path, limits: ReadLimits) -> None:
    """Refuse a workbook whose sheets or texts do not fit into memory."""
    with damage_explained(), zipfile.ZipFile(path) as archive:
        n_bytes = sum(refuse_bomb(archive, path, limits).values())
        if n_bytes > limits.max_shared_bytes:
            raise DataProblem(
                f"The workbook unpacks to {n_bytes / 1024**2:,.0f} MB, which is too much for"
                " this format. Save the sheet as CSV and use that."
            )
        for name in archive.namelist():
            if _SHEET.fullmatch(name) and _n_cells(archive.read(name)) > MAX_CELLS:
                raise DataProblem(
                    f"A sheet of the workbook spans more than {MAX_CELLS:,} cells. Save it as"
                    " CSV and use that."
                )


def xlsb_merges(path: Path, place: int) -> list[Merge]:
    """Return the merged cells of the sheet at a 0-based place in the workbook."""
    with damage_explained(), zipfile.ZipFile(path) as archive:
        part = _part_of_sheet(archive, place)
        if part is None:
            return []
        merges = []
        for kind, body in _records(archive.read(part)):
            if kind == _MERGE_CELL:
                first_row, last_row, first_column, last_column = struct.unpack_from("<4I", body)
                merges.append(Merge(first_row + 1, first_column, last_row + 1, last_column))
                if len(merges) > MAX_MERGES:
                    raise DataProblem(
                        f"A sheet has more than {MAX_MERGES:,} merged ranges. Save it as CSV."
                    )
    return merges


def _part_of_sheet(archive: zipfile.ZipFile, place: int) -> str | None:
    targets = {}
    for found in _RELATION.findall(archive.read("xl/_rels/workbook.bin.rels")):
        attributes = dict(_ATTRIBUTE.findall(found))
        targets[attributes[b"Id"].decode()] = attributes[b"Target"].decode()
    sheets = [
        body for kind, body in _records(archive.read("xl/workbook.bin")) if kind == _BUNDLE_SHEET
    ]
    n_chars = struct.unpack_from("<I", sheets[place], 8)[0]
    target = targets.get(sheets[place][12 : 12 + 2 * n_chars].decode("utf-16-le"))
    return None if target is None else f"xl/{target.removeprefix('/xl/')}"


def _n_cells(sheet: bytes) -> int:
    """Return the number of cells in the bounding rectangle of a sheet."""
    row = 0
    first_row = first_column = sys.maxsize
    last_row = last_column = -1
    for kind, body in _records(sheet):
        if kind == _ROW_HEADER:
            row = struct.unpack_from("<I", body)[0]
        elif kind in _CELLS:
            column = struct.unpack_from("<I", body)[0]
            first_row = min(first_row, row)
            last_row = max(last_row, row)
            first_column = min(first_column, column)
            last_column = max(last_column, column)
    return max(0, last_row - first_row + 1) * max(0, last_column - first_column + 1)


def _records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a part as kind and body; kind and length have seven bits per byte."""
    at = 0
    while at < len(part):
        kind = part[at]
        at += 1
        if kind & 0x80:
            kind = (kind & 0x7F) | (part[at] & 0x7F) << 7
            at += 1
        length = 0
        for shift in (0, 7, 14, 21):
            byte = part[at]
            at += 1
            length |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        yield kind, part[at : at + length]
        at += length
