"""The entry point of the web server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from studio.private_files import keep_private

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
keep_private()
application = get_wsgi_application()
