"""A notebook in which the public client runs: cells of code in another Python, which has the client
and pandas 2.
"""

from __future__ import annotations

import json
import select
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.programs import ROOT, end, missing

CLIENT = ROOT / ".venv-client" / "bin"
CELL_TIMEOUT_S = 120


def client_program(name: str) -> Path:
    """Return a program of the client's environment, or skip where `make test` has not made it."""
    if not (CLIENT / name).exists():
        missing("the public client is not installed; make .venv-client/installed does it")
    return CLIENT / name


class CellError(Exception):
    """What ended a cell: the name of the client's exception and its message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind
        self.message = message


@dataclass(slots=True)
class Notebook:
    """Cells share their names, as in a notebook; `printed` is what the last one printed."""

    process: subprocess.Popen[str]
    printed: str = ""

    def __call__(self, code: str, timeout_s: float = CELL_TIMEOUT_S) -> Any:
        """Run a cell and return the value of its last expression."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"code": textwrap.dedent(code)}) + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], timeout_s)[0]:
            pytest.fail(f"the cell has run for {timeout_s:.0f} s:\n{code}")
        reply = json.loads(self.process.stdout.readline())
        self.printed = reply["printed"]
        if "error" in reply:
            raise CellError(reply["error"]["type"], reply["error"]["message"])
        return reply["value"]


@contextmanager
def notebook(environment: Mapping[str, str]) -> Iterator[Notebook]:
    """Open a notebook with nothing but these environment variables."""
    command = [str(client_program("python")), str(ROOT / "tests" / "client" / "kernel.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen(
        command, env=dict(environment), text=True, start_new_session=True, **pipes
    )  # type: ignore[call-overload]
    try:
        yield Notebook(process)
    finally:
        end(process)
