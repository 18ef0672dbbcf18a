"""The entry point of an ASGI server."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

from studio.private_files import keep_private

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
keep_private()
application = get_asgi_application()
