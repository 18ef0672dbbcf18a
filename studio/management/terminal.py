"""What the commands share: progress in a terminal, a file written whole or not at all, one sentence and status 2."""

from __future__ import annotations

import errno
import hashlib
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from studio.engine.errors import DataProblem

BAD_INPUT = 2  # exit status, as argparse uses it for bad arguments
INTERRUPTED = 130  # exit status, as shells have it: 128 + SIGINT
TTY_EVERY_S, PLAIN_EVERY_S = 0.2, 15.0


class TerminalProgress:
    """Progress on standard error: one line that changes in a terminal, a line now and then elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_tty = stream.isatty()
        self._stage = ""
        self._written_at = 0.0
        self._width = 0

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Show where the work is."""
        now = time.monotonic()
        every = TTY_EVERY_S if self._is_tty else PLAIN_EVERY_S
        if stage == self._stage and now - self._written_at < every:
            return
        self._stage, self._written_at = stage, now
        self._show(f"{stage}: {done:,} of {total:,}" if total else stage)

    def log(self, line: str) -> None:
        """Show a line that stays."""
        self.clear()
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Remove the changing line."""
        if self._is_tty and self._width:
            self._stream.write(f"\r{' ' * self._width}\r")
            self._width = 0

    def _show(self, text: str) -> None:
        if self._is_tty:
            self._stream.write(f"\r{text:<{self._width}}")
            self._width = len(text)
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()


@contextmanager
def problems_end_in_status_2(stream: TextIO) -> Iterator[None]:
    """Turn an anticipated failure into one sentence and the exit status."""
    try:
        yield
    except DataProblem as problem:
        stream.write(f"{problem}\n")
        raise SystemExit(BAD_INPUT) from problem
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        stream.write("The disk is full. Make room and start again; nothing was written.\n")
        raise SystemExit(BAD_INPUT) from error
    except KeyboardInterrupt as stop:
        stream.write("\nStopped; nothing was written.\n")
        raise SystemExit(INTERRUPTED) from stop


def input_file(path: Path) -> Path:
    """Return the path of a file that can be read."""
    if not path.exists():
        raise DataProblem(f"There is no file {path}. Check the path.")
    if not path.is_file():
        raise DataProblem(f"{path} is a folder; expected a data file.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise DataProblem(f"{path} cannot be read: {error.strerror}.") from error
    return path


@contextmanager
def output_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it becomes `path` at the end, so that half a file is never left.

    Entered before the work, it also finds out early that the place cannot be written.
    """
    if path.is_dir():
        raise DataProblem(f"{path} is a folder; expected the name of a file to write.")
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        partial.touch()
    except OSError as error:
        raise DataProblem(f"{path} cannot be written: {error.strerror}. Choose another place.") from error
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def output_folder(path: Path, replaceable: set[str]) -> Iterator[Path]:
    """Yield a new folder beside `path`; it becomes `path` at the end.

    A folder is only replaced when it holds nothing but the files named in `replaceable`.
    """
    if path.exists() and (not path.is_dir() or {entry.name for entry in path.iterdir()} - replaceable):
        raise DataProblem(f"{path} exists already and holds other things. Choose a new or an empty folder.")
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        partial.mkdir()
    except OSError as error:
        raise DataProblem(f"{path} cannot be made: {error.strerror}. Choose another place.") from error
    try:
        yield partial
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_stream(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a stream of bytes to a file."""
    with path.open("wb") as file:
        file.writelines(chunks)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, which tells whether it is the one that was analysed."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
