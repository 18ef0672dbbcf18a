"""Run as a program beside a running studio: gives an account a cleanset that is ready to review, prints its address."""

from __future__ import annotations

import sys

import django


def main(email: str, task: str) -> None:
    """Make the cleanset."""
    django.setup()
    from studio.accounts.models import User
    from studio.engine.ml_task import MLTask
    from tests.reviewable import make_reviewable

    sys.stdout.write(make_reviewable(User.objects.get(email=email), task=MLTask(task)).get_absolute_url())


if __name__ == "__main__":
    main(*sys.argv[1:])
