"""Puts a backup back into an empty studio."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings

from studio.engine.counted import counted
from studio.management.backup_archive import restore_backup
from studio.management.command import StudioCommand
from studio.management.input_files import input_file
from studio.private_files import keep_private
from studio.supervisor import lock_folder


class Command(StudioCommand):
    """`manage.py restore`."""

    help = (
        "Put a backup into an empty studio, that is, an empty data folder (STUDIO_DATA_DIR) or"
        " database. The backup may be of an older version. The studio must not run."
    )
    example = "restore studio.tar"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path, help="what `backup` wrote")
        super().add_arguments(parser)

    def handle(self, *, file: Path, **options: Any) -> None:
        """Restore the backup."""
        with self.terminal(options) as terminal:
            keep_private()
            lock = lock_folder(settings.DATA_DIR)
            try:
                n_files = restore_backup(input_file(file), terminal.progress)
            finally:
                os.close(lock)
            terminal.say(
                f"Restored the database and {counted(n_files, 'file')}. Start the studio now."
            )
