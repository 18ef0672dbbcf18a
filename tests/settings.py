"""Settings of the test run: those of the studio in a folder of their own, deaf to the developer's
environment.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

for _name in [
    name for name in os.environ if name.startswith(("STUDIO_", "DATABASE_URL")) or name == "PORT"
]:
    del os.environ[_name]
# Test processes already fill the cores; more threads in each would mostly wait for one another.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["STUDIO_DATA_DIR"] = tempfile.mkdtemp(prefix="studio-tests-")
atexit.register(shutil.rmtree, os.environ["STUDIO_DATA_DIR"], ignore_errors=True)

from studio.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher"
]  # the real one is slow on purpose
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT = None
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
CORES = 1
# Each `Client` has middleware of its own, and would list all static files as it starts.
WHITENOISE_AUTOREFRESH = True
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
    "true"  # Playwright leaves an event loop in the thread that tests use
)
