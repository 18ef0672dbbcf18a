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
_SLICES = "slices"


def write_evaluations(
    documents: Mapping[tuple[str, str], Mapping[str, Any]],
    slices: Sequence[tuple[str, npt.NDArray[np.int64]]],
    out: Path,
) -> None:
    """Write the document of each choice of labels and rows, and the rows of the worst slices."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for (labels, rows), document in documents.items():
            archive.writestr(f"{labels}/{rows}.json", json.dumps(document, allow_nan=False))
        for number, (description, row_ids) in enumerate(slices):
            archive.writestr(
                f"{_SLICES}/{number}.json",
                json.dumps({"description": description, "row_ids": row_ids.tolist()}),
            )


def read_slice_rows(key: str, number: int) -> tuple[str, npt.NDArray[np.int64]]:
    """Return the description and the rows of one of the worst slices."""
    with zipfile.ZipFile(tables.local_path(key)) as archive:
        stored = json.loads(archive.read(f"{_SLICES}/{number}.json"))
    return stored["description"], np.asarray(stored["row_ids"], dtype=np.int64)


def measured_ways(key: str) -> list[tuple[str, str]]:
    """Return the choices of labels and rows that have a document, in order."""
    with zipfile.ZipFile(tables.local_path(key)) as archive:
        return [
            (name.split("/")[0], name.split("/")[1].removesuffix(".json"))
            for name in archive.namelist()
            if not name.startswith(f"{_SLICES}/")
        ]


def read_evaluation(key: str, labels: str, rows: str) -> dict[str, Any]:
    """Return one document."""
    with zipfile.ZipFile(tables.local_path(key)) as archive:
        document: dict[str, Any] = json.loads(archive.read(f"{labels}/{rows}.json"))
    return document
