"""Prints where the owner's account is created, with the set-up code."""

from __future__ import annotations

from typing import Any

from studio.accounts import selectors
from studio.management.command import StudioCommand
from studio.management.started import refuse_before_first_start


class Command(StudioCommand):
    """`manage.py setup_code`."""

    help = "Print the address at which the owner's account is created, with the set-up code in it."
    example = "setup_code"

    def handle(self, **options: Any) -> None:
        """Print it, or that none is needed."""
        with self.terminal(options) as terminal:
            refuse_before_first_start()
            if selectors.needs_setup_code():
                terminal.say(f"Create the owner's account here: {selectors.setup_url()}")
            elif selectors.has_users():
                terminal.say("The studio has its owner; no set-up code is needed.")
            else:
                terminal.say("Only this machine reaches the studio; no set-up code is needed.")
