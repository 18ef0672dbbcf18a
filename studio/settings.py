"""All settings, from the environment. Each is listed with its purpose in docs/admin.md and
.env.example.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url

from studio.env import (
    BadSetting,
    env_bool,
    env_choice,
    env_folder,
    env_int,
    env_list,
    env_memory,
    env_server,
    env_str,
    env_url,
    secret_key,
)

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
BASE_DIR = Path(__file__).resolve().parent.parent

DATA_DIR = Path(env_str("STUDIO_DATA_DIR", str(BASE_DIR / ".data"))).resolve()
try:
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
except OSError as error:
    raise BadSetting(
        f"STUDIO_DATA_DIR {DATA_DIR} cannot be created: {error.strerror}. Choose a folder that you"
        " may write."
    ) from error
if not os.access(DATA_DIR, os.W_OK):
    raise BadSetting(
        f"STUDIO_DATA_DIR {DATA_DIR} cannot be written. Choose a folder that you may write."
    )
CACHE_DIR = DATA_DIR / "cache"
SCRATCH_DIR = DATA_DIR / "scratch"
SCRATCH_DIR.mkdir(mode=0o700, exist_ok=True)

DATABASE_URL = env_server("DATABASE_URL")
EMBEDDED = not DATABASE_URL
SECRET_KEY = secret_key(DATA_DIR, embedded=EMBEDDED)
DEBUG = env_bool("STUDIO_DEBUG", default=False)
HOST = env_str("STUDIO_HOST", "127.0.0.1")
PORT = env_int("PORT", 8000, at_least=1)
PUBLIC_URL = env_url("STUDIO_PUBLIC_URL", f"http://localhost:{PORT}")
# Where strangers may be the first to come, the owner's account needs a code.
NEEDS_SETUP_CODE = not {HOST, str(urlsplit(PUBLIC_URL).hostname)} <= LOOPBACK
HAS_PUBLIC_URL = bool(
    env_str("STUDIO_PUBLIC_URL")
)  # else programs are answered with the address they asked
ALLOWED_HOSTS = [
    *env_list("STUDIO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
    str(urlsplit(PUBLIC_URL).hostname),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
IS_PUBLIC_TLS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PUBLIC_TLS
if IS_PUBLIC_TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "studio",
    "studio.accounts",
    "studio.api",
    "studio.webhooks",
    "projects",
    "cleansets",
    "models_app",
    "studio.model_runs",
    "inference",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "studio.middleware.content_security_policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "studio.middleware.never_stored",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "studio.middleware.api_errors",
    "django.middleware.common.CommonMiddleware",
    "studio.middleware.upload_limit",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "studio.middleware.sessions_noted",
    "studio.middleware.second_factor_first",
    # Before the CSRF check, which reads the whole body: nobody uploads a file before the log-in.
    "studio.middleware.strangers_limit",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "studio.middleware.DataProblemPage",
]
ROOT_URLCONF = "studio.urls"
WSGI_APPLICATION = "studio.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["studio.templatetags.studio"],
            "loaders": [
                (
                    "django.template.loaders.filesystem.Loader"
                    if DEBUG
                    else (
                        "django.template.loaders.cached.Loader",
                        ["django.template.loaders.filesystem.Loader"],
                    )
                ),
            ],
            "libraries": {},
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

DATABASE_WAIT_S = 30  # for the write of another connection to end
if EMBEDDED:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "studio.sqlite3",
            "OPTIONS": {
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                ),
                "transaction_mode": "IMMEDIATE",
                "timeout": DATABASE_WAIT_S,
            },
        }
    }
else:
    try:
        DATABASES = {
            "default": dict(
                dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)
            )
        }
    except ValueError as error:
        raise BadSetting(
            "DATABASE_URL cannot be read; expected postgres://user:password@host:5432/name."
        ) from error
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "login"
SESSION_ENGINE = "studio.accounts.sessions"
OTP_TOTP_ISSUER = "Cleanset Studio"  # how authenticator apps list the account
OTP_TOTP_THROTTLE_FACTOR = 0  # `studio.accounts.throttling` limits attempts
IDLE_MINUTES = env_int("STUDIO_IDLE_MINUTES", 7 * 24 * 60)
TRUSTED_PROXIES = env_int("STUDIO_TRUSTED_PROXIES", 0)
SIGNUP_MODE = env_choice("STUDIO_SIGNUP", ("open", "invitation", "closed"))

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = (
    True  # serves them from where they are: nothing to collect, nothing to go stale
)
WHITENOISE_ALLOW_ALL_ORIGINS = False
MEDIA_ROOT = DATA_DIR / "files"

S3_BUCKET = env_str("STUDIO_S3_BUCKET")
_s3_endpoint = env_str("STUDIO_S3_ENDPOINT_URL")
_s3_options: dict[str, object] = {
    "bucket_name": S3_BUCKET,
    "endpoint_url": _s3_endpoint or None,
    "addressing_style": "path" if _s3_endpoint else "auto",
    "region_name": env_str("STUDIO_S3_REGION") or None,
    "access_key": env_str("STUDIO_S3_ACCESS_KEY") or None,
    "secret_key": env_str("STUDIO_S3_SECRET_KEY") or None,
    "default_acl": None,
    "file_overwrite": True,
}
_file_storage: dict[str, object] = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
if S3_BUCKET:
    _file_storage = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": _s3_options}
STORAGES = {
    "default": _file_storage,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

MAX_UPLOAD_BYTES = env_int("STUDIO_MAX_UPLOAD_BYTES", 20 * 1024**3)
MAX_UNPACKED_BYTES = env_int("STUDIO_MAX_UNPACKED_BYTES", 50 * 1024**3)
ALLOW_PRIVATE_URLS = env_bool("STUDIO_ALLOW_PRIVATE_URLS", default=False)
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = SCRATCH_DIR
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
ACCOUNT_MAX_BYTES = env_int("STUDIO_ACCOUNT_MAX_BYTES", 0)
ACCOUNT_MAX_DATASETS = env_int("STUDIO_ACCOUNT_MAX_DATASETS", 0)
ACCOUNT_MAX_RUNS = env_int("STUDIO_ACCOUNT_MAX_RUNS", 0)
MIN_FREE_BYTES = env_int("STUDIO_MIN_FREE_BYTES", 1024**3)
MAX_CACHE_BYTES = env_int("STUDIO_MAX_CACHE_BYTES", 20 * 1024**3)
API_CALLS_PER_MINUTE = env_int("STUDIO_API_CALLS_PER_MINUTE", 1200)

_usable_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
CORES = env_int("STUDIO_CORES", _usable_cores or 1, at_least=1)
DASK_SCHEDULER = env_server("STUDIO_DASK_SCHEDULER")
FIT_BUDGET_S = env_int("STUDIO_FIT_BUDGET_S", 0)
ENCODER_FOLDER = env_folder("STUDIO_ENCODER")
DUCKDB_MEMORY = env_memory("STUDIO_DUCKDB_MEMORY", "512MB")

RUN_TIME_LIMIT_S = env_int("STUDIO_RUN_TIME_LIMIT_S", 24 * 3600, at_least=60)
BROKER_URL = env_server("STUDIO_BROKER_URL")
CELERY_BROKER_URL = BROKER_URL or "folder://localhost"
BROKER_DIR = DATA_DIR / "broker"  # the queue of an embedded studio
if BROKER_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "visibility_timeout": RUN_TIME_LIMIT_S + 600
    }
    CELERY_TASK_TIME_LIMIT = RUN_TIME_LIMIT_S
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"folder": str(BROKER_DIR), "polling_interval": 0.2}
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
SWEEP_EVERY_S = 60.0
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_LOST_WAIT = 1.0  # for the result of a process that died; the row is what counts
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False  # an e-mail on the console stays readable
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "data"
CELERY_BEAT_SCHEDULER = (  # keeps nothing on disk: one sweep a minute needs no memory
    "celery.beat.Scheduler"
)
CELERY_BEAT_SCHEDULE = {
    "sweep-runs": {
        "task": "studio.sweep_runs",
        "schedule": SWEEP_EVERY_S,
        "options": {"expires": SWEEP_EVERY_S},
    },
    "sweep-webhooks": {
        "task": "webhooks.sweep",
        "schedule": SWEEP_EVERY_S,
        "options": {"expires": SWEEP_EVERY_S},
    },
    "forget-sessions": {"task": "accounts.forget_expired", "schedule": 3600.0},
    "clean-up": {"task": "studio.clean_up", "schedule": 3600.0},
    "discard-drafts": {"task": "cleansets.discard_abandoned", "schedule": 600.0},
    "forget-uploads": {"task": "projects.forget_stale_uploads", "schedule": 3600.0},
    "forget-batches": {"task": "inference.forget_stale_uploads", "schedule": 3600.0},
}

_local_cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
_redis_cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": BROKER_URL}
CACHES = {
    "default": _local_cache,
    # Counts the calls of API keys: in Redis, so that many web processes agree; `up` has one web
    # process.
    "calls": {
        **(_redis_cache if BROKER_URL.startswith("redis") else _local_cache),
        "KEY_PREFIX": "studio-calls",
    },
}

EMAIL_HOST = env_str("STUDIO_EMAIL_HOST")
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
EMAIL_PORT = env_int("STUDIO_EMAIL_PORT", 587)
EMAIL_HOST_USER = env_str("STUDIO_EMAIL_USER")
EMAIL_HOST_PASSWORD = env_str("STUDIO_EMAIL_PASSWORD")
EMAIL_USE_TLS = env_bool("STUDIO_EMAIL_TLS", default=True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("STUDIO_EMAIL_FROM", "Cleanset Studio <studio@localhost>")

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "studio": {"level": "INFO"},
        "django.security.DisallowedHost": {
            "level": "CRITICAL"
        },  # studio.middleware says it in the studio's words
    },
}
