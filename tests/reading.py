"""Files read in the test's own process, which starts none: half a second less for each file.

The result is the same (`tests/unit/readers/test_subprocess_reader.py`), but for the limits of a
process. Studios that tests start read files as they always do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from projects.readers import read_table

MODULES = [
    "cleansets.corrections",
    "inference.pipeline",
    "projects.pipeline",
]


def read_files_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the runs of this process read their files themselves."""
    for module in MODULES:
        monkeypatch.setattr(f"{module}.read_in_subprocess", read_table)
        monkeypatch.setattr(f"{module}.prepare", lambda: None)


@contextmanager
def commands_read_files_here() -> Iterator[None]:
    """Let the commands of this process read their files themselves."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("studio.management.input_files.read_in_subprocess", read_table)
        yield
