"""Runs cells of Python as a notebook does, in the environment of the public client; started by
`notebook.py`.

One JSON line in, `{"code": …}`; one JSON line out: the value of the cell's last expression, or the
error that ended it, and what was printed.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import sys
from typing import Any


def plain(value: Any) -> Any:
    """Return what JSON can hold of numpy's and pandas' values."""
    if hasattr(value, "to_dict") and hasattr(value, "columns"):
        return value.to_dict("list")
    if hasattr(value, "tolist"):
        return value.tolist()
    return None if str(value) in ("<NA>", "NaT") else str(value)


def run(code: str, names: dict[str, Any]) -> Any:
    """Execute a cell; return the value of its last line if that is an expression."""
    cell = ast.parse(code)
    last = cell.body.pop() if cell.body and isinstance(cell.body[-1], ast.Expr) else None
    exec(compile(cell, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None


def main() -> None:
    """Serve until the other side closes the pipe."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    names: dict[str, Any] = {"__name__": "__notebook__"}
    for line in sys.stdin:
        printed = io.StringIO()
        reply: dict[str, Any] = {}
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            try:
                reply["value"] = run(json.loads(line)["code"], names)
            except Exception as error:  # noqa: BLE001 (a notebook shows whatever ended a cell)
                reply["error"] = {"type": type(error).__name__, "message": str(error)}
        reply["printed"] = printed.getvalue()
        replies.write(json.dumps(reply, default=plain) + "\n")
        replies.flush()


if __name__ == "__main__":
    main()
