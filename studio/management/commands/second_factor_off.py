"""Lets somebody who lost phone and recovery codes log in by the password alone."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from studio.accounts import second_factor
from studio.accounts.models import User
from studio.engine.errors import DataProblem
from studio.management.command import StudioCommand
from studio.management.started import refuse_before_first_start


class Command(StudioCommand):
    """`manage.py second_factor_off`."""

    help = (
        "Turn the second factor of the account EMAIL off, for somebody who lost both phone and"
        " recovery codes. Make sure that it is really they who ask."
    )
    example = "second_factor_off alice@example.org"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "email", metavar="EMAIL", help="the address that the account logs in with"
        )
        super().add_arguments(parser)

    def handle(self, *, email: str, **options: Any) -> None:
        """Turn it off."""
        with self.terminal(options) as terminal:
            refuse_before_first_start()
            user = User.objects.filter(email=email.strip().lower()).first()
            if user is None:
                raise DataProblem(f"There is no account {email}. Check the address.")
            if not second_factor.is_on(user):
                raise DataProblem(f"The second factor of {user.email} is not on.")
            second_factor.turn_off(user)
            terminal.say(f"{user.email} now logs in by the password alone.")
