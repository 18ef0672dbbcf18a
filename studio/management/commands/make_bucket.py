"""Creates the S3 bucket of the settings if it does not exist."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from django.core.files.storage import storages
from storages.backends.s3 import S3Storage

from studio.engine.errors import DataProblem
from studio.management.command import StudioCommand


class Command(StudioCommand):
    """`manage.py make_bucket`."""

    help = "Make the bucket STUDIO_S3_BUCKET where it is missing."
    example = "make_bucket"

    def handle(self, **options: Any) -> None:
        """Create the bucket, unless it exists."""
        with self.terminal(options) as terminal:
            storage = storages["default"]
            if not isinstance(storage, S3Storage):
                raise DataProblem(
                    "STUDIO_S3_BUCKET is not set; files are kept in a folder, which needs no"
                    " bucket."
                )
            client = storage.connection.meta.client
            try:
                client.head_bucket(Bucket=storage.bucket_name)
            except ClientError:
                client.create_bucket(Bucket=storage.bucket_name)
                terminal.say(f"Bucket {storage.bucket_name} made.")
