"""`manage.py help`: the studio's own commands first, each with what it does, then Django's."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from django.core.management import ManagementUtility

from studio.management.version import version_line

COMMANDS = Path(__file__).parent / "commands"


class StudioUtility(ManagementUtility):
    """Runs the command that was typed."""

    def execute(self) -> None:
        """Run the command; `--version` and `version` print the studio's own version."""
        if self.argv[1:] in (["--version"], ["version"]):
            sys.stdout.write(f"{version_line()}\n")
        else:
            super().execute()

    def main_help_text(self, commands_only: bool = False) -> str:  # noqa: FBT001, FBT002 (Django's signature)
        """Return what `manage.py help` prints."""
        text = super().main_help_text(commands_only)
        if commands_only:
            return text
        described = _described_commands()
        width = max(len(name) for name, _ in described)
        lines = [f"    {name:<{width}}  {what}" for name, what in described]
        head = [
            "Commands of Cleanset Studio; `manage.py COMMAND --help` says more:",
            "",
            *lines,
            "",
            "Those of Django and its libraries:",
        ]
        names = {name for name, _ in described}
        others = [
            line
            for line in text.splitlines()[4:]
            if line.strip() not in names and "[studio]" not in line
        ]
        return "\n".join([*head, *others]).rstrip()


def _described_commands() -> list[tuple[str, str]]:
    """Return each command with the first line of its file; importing them all would be slow."""
    files = sorted(path for path in COMMANDS.glob("*.py") if path.stem != "__init__")
    described = []
    for path in files:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        first_line, _, _ = text.partition("\n")
        described.append((path.stem, first_line))
    return described
