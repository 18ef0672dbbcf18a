"""Makes an API key for an account, for scripts on the server."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any, TextIO

from django.core.management.base import BaseCommand

from studio.accounts.models import ApiKey, User
from studio.accounts.services import account_create, api_key_create
from studio.engine.errors import DataProblem
from studio.management.terminal import problems_end_in_status_2


class Command(BaseCommand):
    """Print a new key, and nothing else, on standard output."""

    help = (
        "Make an API key for the account EMAIL and print it; the studio keeps only its hash, so keep it well. "
        "Exit status: 0, or 2 with a sentence that says what to do."
    )
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what may be given."""
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", default="command line", help="how the key is listed on the account page")
        parser.add_argument("--scope", default=ApiKey.Scope.WRITE.value, choices=ApiKey.Scope.values)
        parser.add_argument("--create", action="store_true", help="make the account where there is none")

    def handle(self, *, email: str, name: str, scope: str, create: bool, **options: Any) -> None:
        """Do it."""
        errors: TextIO = options.get("stderr") or sys.stderr
        with problems_end_in_status_2(errors):
            owner = User.objects.filter(email=email.strip().lower()).first()
            if owner is None and not create:
                raise DataProblem(f"There is no account {email}. Check the address, or add --create to make it.")
            if owner is None:
                owner = account_create(email=email.strip())
                errors.write(f"Account {owner.email} made. For a log-in: manage.py changepassword {owner.email}\n")
            _, secret = api_key_create(owner=owner, name=name, scope=scope)
        self.stdout.write(secret)
