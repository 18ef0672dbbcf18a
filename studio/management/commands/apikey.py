"""Creates an API key for an account."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from studio.accounts.models import ApiKey, User
from studio.accounts.services import account_create, api_key_create
from studio.engine.errors import DataProblem
from studio.management.command import StudioCommand
from studio.management.started import refuse_before_first_start


class Command(StudioCommand):
    """Print a new key, and nothing else, on standard output."""

    help = (
        "Create an API key for the account EMAIL and print it. The studio keeps only its hash, so"
        " store it safely."
    )
    example = "apikey alice@example.org --name notebook"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "email", metavar="EMAIL", help="the address that the account logs in with"
        )
        parser.add_argument(
            "--name",
            default="command line",
            help='how the key is listed among the keys ("command line")',
        )
        parser.add_argument(
            "--scope",
            default=ApiKey.Scope.WRITE.value,
            choices=ApiKey.Scope.values,
            help="whether the key may change things or only read them (write)",
        )
        parser.add_argument(
            "--create",
            action="store_true",
            help="create the account if there is none; the first account owns the studio",
        )
        super().add_arguments(parser)

    def handle(self, *, email: str, name: str, scope: str, create: bool, **options: Any) -> None:
        """Create the key and print it."""
        with self.terminal(options) as terminal:
            refuse_before_first_start()
            owner = User.objects.filter(email=email.strip().lower()).first()
            if owner is None and not create:
                raise DataProblem(
                    f"There is no account {email}. Check the address, or add --create to make it."
                )
            if owner is None:
                owner = account_create(email=email.strip())
                what = (
                    "the first, which owns the studio" if owner.is_owner else "without a password"
                )
                terminal.note(f"Account {owner.email} created, {what}.")
                terminal.note(
                    f"Before it can log in, set a password: manage.py changepassword {owner.email}"
                )
            _, secret = api_key_create(owner=owner, name=name, scope=scope)
            terminal.say(secret)
