"""The base of our commands: help, `--quiet`, and exit statuses."""

from __future__ import annotations

import sys
import textwrap
import warnings
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter

from studio.management.terminal import Terminal
from studio.management.version import version_line

ENDING = "Exit status: 0, or 2 with a sentence that says what to do; 130 if interrupted."
# Django's own, which say nothing about what the command does; they can still be given.
UNLISTED = {
    "--version", "--verbosity", "--settings", "--pythonpath", "--traceback", "--no-color",
    "--force-color",
}  # fmt: skip


class _HelpFormatter(DjangoHelpFormatter):
    """Keeps paragraphs apart, and lines that begin with a space as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = text.split("\n\n")
        return "\n\n".join(
            paragraph if "\n " in paragraph else textwrap.fill(paragraph, width)
            for paragraph in paragraphs
        )


class StudioCommand(BaseCommand):
    """A command without system checks that ends with one of few exit statuses."""

    example = ""  # what is typed after `manage.py`
    ending = ENDING
    requires_system_checks: tuple[str, ...] = ()
    suppressed_base_arguments = UNLISTED

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Add an example to the help."""
        kwargs.setdefault("formatter_class", _HelpFormatter)
        kwargs.setdefault("epilog", f"Example:\n  manage.py {self.example}\n\n{self.ending}")
        return super().create_parser(prog_name, subcommand, **kwargs)

    def get_version(self) -> str:
        """Return what `--version` prints, in place of Django's version."""
        return version_line()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options that all commands share; subclasses add theirs."""
        parser.add_argument(
            "--quiet", action="store_true", help="no progress and no notes; errors are still shown"
        )

    @contextmanager
    def terminal(self, options: dict[str, Any]) -> Iterator[Terminal]:
        """Yield the terminal; invalid input ends the command with one sentence."""
        errors: TextIO = options.get("stderr") or sys.stderr
        terminal = Terminal(self.stdout, errors, is_quiet=options["quiet"])
        with terminal.reports_problems(), warnings.catch_warnings():
            if not sys.warnoptions:  # `python -W` asks for them
                # Libraries warn the programmer, not the person who typed the command.
                warnings.simplefilter("ignore")
            yield terminal
