"""The entry point of the web server."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from studio.garbage import collect_less_often
from studio.private_files import keep_private

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
keep_private()
collect_less_often()
application = get_wsgi_application()
