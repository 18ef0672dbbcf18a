"""Writes the whole studio into one file, while it runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.template.defaultfilters import filesizeformat

from studio.engine.counted import counted
from studio.management.backup_archive import write_backup
from studio.management.command import StudioCommand
from studio.management.output_files import output_file
from studio.management.started import refuse_before_first_start


class Command(StudioCommand):
    """`manage.py backup`."""

    help = (
        "Write accounts, projects, decisions, files, models and the secret key into one tar. The"
        " studio may run meanwhile. Keep it as secret as the studio itself."
    )
    example = "backup studio.tar"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="the tar to write")
        super().add_arguments(parser)

    def handle(self, *, file: Path, **options: Any) -> None:
        """Write the backup; FILE is complete or absent."""
        with self.terminal(options) as terminal:
            refuse_before_first_start()
            with output_file(file, terminal) as partial:
                partial.chmod(0o600)
                n_files = write_backup(partial, terminal.progress)
                size = filesizeformat(partial.stat().st_size)
            terminal.say(f"{file}: the database and {counted(n_files, 'file')}, {size}.")
