"""Files that only the studio's own user may read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

UMASK = 0o077


def keep_private() -> None:
    """Make every file that this process and its children create private."""
    os.umask(UMASK)


def make_private(paths: Iterable[Path]) -> None:
    """Take the rights of others from files and folders that an earlier version made.

    What belongs to another user, or is a folder for everybody such as /tmp, stays as it is.
    """
    for path in paths:
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        is_shared = bool(found.st_mode & stat.S_ISVTX)
        if found.st_uid == os.getuid() and found.st_mode & UMASK and not is_shared:
            path.chmod(stat.S_IMODE(found.st_mode) & ~UMASK)
