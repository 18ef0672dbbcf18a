#!/usr/bin/env python
"""Django's entry point."""

from __future__ import annotations

import atexit
import os
import sys

from studio.garbage import collect_less_often

INTERRUPTED = 130  # exit status, as shells have it: 128 + SIGINT


def main() -> None:
    """Run one management command."""
    collect_less_often()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    try:
        from studio.management.overview import StudioUtility

        StudioUtility(sys.argv).execute()
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        sys.exit(INTERRUPTED)
    _leave()


def _leave() -> None:
    """End a process whose work is done at once: to take thousands of modules apart first takes half
    a second.
    """
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
