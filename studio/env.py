"""Reads settings from the environment; an odd value fails loudly with the name of its variable."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit


class BadSetting(SystemExit):
    """A setting that cannot be used; ends the process with one line."""


def env_str(name: str, default: str = "") -> str:
    """Return the variable, the default where it is empty; `NAME_FILE` may name a file that holds it."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise BadSetting(f"{name}_FILE {path} cannot be read: {error.strerror}.") from error
    return os.environ.get(name) or default


def env_bool(name: str, *, default: bool) -> bool:
    """Return a switch: 1, true, yes or 0, false, no."""
    value = env_str(name, "1" if default else "0").lower()
    if value not in ("1", "true", "yes", "0", "false", "no"):
        raise BadSetting(f"{name} is {value!r}; expected 1 or 0.")
    return value in ("1", "true", "yes")


def env_int(name: str, default: int, *, at_least: int = 0) -> int:
    """Return a whole number."""
    value = env_str(name, str(default))
    if not value.isdigit() or int(value) < at_least:
        raise BadSetting(f"{name} is {value!r}; expected a whole number of at least {at_least}.")
    return int(value)


def env_choice(name: str, choices: tuple[str, ...]) -> str:
    """Return one of the choices, the first of which is the default."""
    value = env_str(name, choices[0])
    if value not in choices:
        raise BadSetting(f"{name} is {value!r}; expected one of {', '.join(choices)}.")
    return value


def env_list(name: str, default: str = "") -> list[str]:
    """Return a comma-separated list."""
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def env_url(name: str, default: str) -> str:
    """Return an address of a site, without a slash at its end."""
    value = env_str(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadSetting(f"{name} is {value!r}; expected an address such as https://studio.example.org.")
    return value


def env_folder(name: str) -> Path | None:
    """Return a folder that exists, or None where the variable is empty."""
    value = env_str(name)
    if value and not Path(value).is_dir():
        raise BadSetting(f"{name} is {value!r}; expected a folder.")
    return Path(value).resolve() if value else None


def secret_key(data_dir: Path, *, embedded: bool) -> str:
    """Return STUDIO_SECRET_KEY; an embedded studio makes one at its first start and keeps it beside the data."""
    if value := env_str("STUDIO_SECRET_KEY"):
        return value
    if not embedded:
        raise BadSetting("STUDIO_SECRET_KEY is not set; with DATABASE_URL every process must share one secret key.")
    path = data_dir / "secret_key"
    if not path.exists():
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(50))
        partial.rename(path)
    return path.read_text()
