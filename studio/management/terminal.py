"""Terminal output of the commands: progress, notes, a summary, and one sentence with the exit
status.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, TextIO, cast

from django.core.management.base import OutputWrapper

from studio.engine.errors import DataProblem

BAD_INPUT = 2  # exit status, as argparse uses it for bad arguments
INTERRUPTED = 130  # exit status, as shells have it: 128 + SIGINT
TTY_EVERY_S = 0.2


class TerminalProgress:
    """Progress on standard error: a changing line in a terminal, one line per stage elsewhere."""

    def __init__(self, stream: TextIO, *, is_quiet: bool = False) -> None:
        self._stream = stream
        self._is_quiet = is_quiet
        self._is_tty = stream.isatty()
        self._stage = ""
        self._written_at = 0.0
        self._width = 0

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Show the stage and how far it is."""
        if self._is_quiet:
            return
        is_new = stage != self._stage
        self._stage = stage
        if not self._is_tty:
            if is_new:
                self._stream.write(f"{stage}\n")
                self._stream.flush()
            return
        now = time.monotonic()
        if is_new or now - self._written_at >= TTY_EVERY_S:
            self._written_at = now
            self._change_line(f"{stage}: {done:,} of {total:,}" if total else stage)

    def log(self, line: str) -> None:
        """Print a note above the changing line."""
        if self._is_quiet:
            return
        self.clear()
        self._stream.write(f"{line}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Remove the changing line."""
        if self._width:
            self._stream.write(f"\r{' ' * self._width}\r")
            self._stream.flush()
            self._width = 0

    def _change_line(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1  # a wrapped line could not be removed
        shown = text[:width]
        self._stream.write(f"\r{shown:<{self._width}}")
        self._stream.flush()
        self._width = len(shown)


class Terminal:
    """Standard output and standard error of a command."""

    def __init__(self, stdout: OutputWrapper, stderr: TextIO, *, is_quiet: bool = False) -> None:
        self._stdout = stdout
        self._stderr = stderr
        self._is_data_on_stdout = False
        self.progress = TerminalProgress(stderr, is_quiet=is_quiet)

    def say(self, text: str) -> None:
        """Write the result; to standard error if standard output carries a file."""
        self.progress.clear()
        if self._is_data_on_stdout:
            self._stderr.write(f"{text}\n")
        else:
            self._stdout.write(text)

    def note(self, line: str) -> None:
        """Write a note that --quiet suppresses."""
        self.progress.log(line)

    def complain(self, sentence: str) -> None:
        """Write a message to standard error, even with --quiet."""
        self.progress.clear()
        self._stderr.write(f"{sentence}\n")

    def take_stdout(self) -> None:
        """Reserve standard output for a file."""
        self._is_data_on_stdout = True

    @property
    def stdout_bytes(self) -> BinaryIO:
        """Standard output as a binary stream."""
        self._stdout.flush()
        return cast(BinaryIO, self._stdout.buffer)

    @contextmanager
    def reports_problems(self) -> Iterator[None]:
        """Turn an expected failure into one sentence and the exit status."""
        try:
            yield
            self._stdout.flush()
        except DataProblem as problem:
            self._end(BAD_INPUT, str(problem), problem)
        except BrokenPipeError as closed:
            # The reader, such as `head`, has read enough.
            leave_stdout()
            raise SystemExit(0) from closed
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            self._end(
                BAD_INPUT,
                "The disk is full. Make room and start again; nothing was written.",
                error,
            )
        except KeyboardInterrupt as stop:
            self._end(INTERRUPTED, "\nStopped; nothing was written.", stop)
        finally:
            self.progress.clear()

    def _end(self, status: int, sentence: str, cause: BaseException) -> None:
        self.progress.clear()
        self._stderr.write(f"{sentence}\n")
        raise SystemExit(status) from cause


def leave_stdout() -> None:
    """Redirect standard output to the null device, so that Python's flush at exit cannot fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.__stdout__.fileno() if sys.__stdout__ else 1)
    os.close(nowhere)
