"""The evaluation file of a run: a JSON document for each choice of labels and rows."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from studio import tables

USED, UPLOADED, CLEAN, VERIFIED = "used", "uploaded", "clean", "verified"
LABELS = {
    USED: "the labels that were learned from",
    UPLOADED: "the labels as they were uploaded",
    CLEAN: "the labels as they are corrected now",
    VERIFIED: "labels that a person verified",
}
ALL_ROWS = "all"
LEARNED_ROWS = "learned"  # for training and validation
_SLICES, _GROUPS = "slices", "groups"


def write_evaluations(
    documents: Mapping[tuple[str, str], Mapping[str, Any]],
    slices: Sequence[tuple[str, npt.NDArray[np.int64]]],
    members: Sequence[npt.NDArray[np.int8]],
    out: Path,
) -> None:
    """Write the document of each choice of labels and rows, and the rows of the worst slices.

    `members` has the group of each row by each of the columns that rows are grouped by.
    """
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for (labels, rows), document in documents.items():
            archive.writestr(f"{labels}/{rows}.json", json.dumps(document, allow_nan=False))
        for number, (description, row_ids) in enumerate(slices):
            archive.writestr(f"{_SLICES}/{number}.json", json.dumps({"description": description}))
            archive.writestr(f"{_SLICES}/{number}.bin", row_ids.astype("<i8").tobytes())
        for number, groups in enumerate(members):
            archive.writestr(f"{_GROUPS}/{number}.bin", groups.astype(np.int8).tobytes())


def read_members(key: str, number: int) -> npt.NDArray[np.int8]:
    """Return the group of each evaluated row by one of the columns."""
    with zipfile.ZipFile(tables.local_path(key)) as archive:
        return np.frombuffer(archive.read(f"{_GROUPS}/{number}.bin"), dtype=np.int8)


def read_slice_rows(key: str, number: int) -> tuple[str, npt.NDArray[np.int64]]:
    """Return the description and the rows of one of the worst slices."""
    with zipfile.ZipFile(tables.local_path(key)) as archive:
        return _slice_rows(archive, number)


def _slice_rows(archive: zipfile.ZipFile, number: int) -> tuple[str, npt.NDArray[np.int64]]:
    stored = json.loads(archive.read(f"{_SLICES}/{number}.json"))
    if "row_ids" in stored:  # as earlier versions wrote them
        return stored["description"], np.asarray(stored["row_ids"], dtype=np.int64)
    row_ids = np.frombuffer(archive.read(f"{_SLICES}/{number}.bin"), dtype="<i8")
    return stored["description"], row_ids.astype(np.int64)


def read_slices(key: str) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """Return the descriptions and the rows of all worst slices."""
    with zipfile.ZipFile(tables.local_path(key)) as archive:
        names = archive.namelist()
        n_slices = sum(name.startswith(f"{_SLICES}/") and name.endswith(".json") for name in names)
        return [_slice_rows(archive, number) for number in range(n_slices)]


def measured_ways(key: str) -> list[tuple[str, str]]:
    """Return the choices of labels and rows that have a document, in order."""
    with zipfile.ZipFile(tables.local_path(key)) as archive:
        return [
            (name.split("/")[0], name.split("/")[1].removesuffix(".json"))
            for name in archive.namelist()
            if name.endswith(".json") and not name.startswith(f"{_SLICES}/")
        ]


def read_evaluation(key: str, labels: str, rows: str) -> dict[str, Any]:
    """Return one document."""
    with zipfile.ZipFile(tables.local_path(key)) as archive:
        document: dict[str, Any] = json.loads(archive.read(f"{labels}/{rows}.json"))
    return document
