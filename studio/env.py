"""Reads settings from the environment; an invalid value ends in one line that names it."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

PREFIX = "STUDIO_"
OF_COMPOSE = (
    "STUDIO_POSTGRES_PASSWORD",
    "STUDIO_REDIS_PASSWORD",
)  # read by docker-compose.yml alone
MIN_SECRET_CHARS = 32

_read: set[str] = set()  # the names that were read, which are all settings there are


class BadSetting(SystemExit):
    """An invalid setting; ends the process with one line."""


def env_str(name: str, default: str = "") -> str:
    """Return the variable, or the default if it is empty; `NAME_FILE` may name a file with it."""
    _read.add(name)
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise BadSetting(f"{name}_FILE {path} cannot be read: {error.strerror}.") from error
    value = os.environ.get(name) or default
    if value.startswith("# "):
        raise BadSetting(f"{name} is a comment. Put comments on lines of their own.")
    return value


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
        raise BadSetting(
            f"{name} is {value!r}; expected an address such as https://studio.example.org."
        )
    return value


def env_memory(name: str, default: str) -> str:
    """Return an amount of memory, as DuckDB reads it."""
    value = env_str(name, default)
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?[MGT]i?B", value, re.IGNORECASE)
    if found is None or float(found[1]) == 0:
        raise BadSetting(f"{name} is {value!r}; expected an amount of memory such as 512MB or 2GB.")
    return value


def env_server(name: str) -> str:
    """Return the address of a server, such as redis://host:6379/0; empty if the variable is."""
    value = env_str(name)
    if value and not re.match(r"[a-z][a-z0-9+.-]*://.", value):
        raise BadSetting(f"{name} is {value!r}; expected an address such as scheme://host:port.")
    return value


def env_folder(name: str) -> Path | None:
    """Return an existing folder, or None if the variable is empty."""
    value = env_str(name)
    if value and not Path(value).is_dir():
        raise BadSetting(f"{name} is {value!r}; expected a folder.")
    return Path(value).resolve() if value else None


def secret_key(data_dir: Path, *, embedded: bool) -> str:
    """Return STUDIO_SECRET_KEY; an embedded studio creates one and stores it with the data."""
    if value := env_str("STUDIO_SECRET_KEY"):
        if len(value) < MIN_SECRET_CHARS or value.startswith("#"):
            raise BadSetting(
                "STUDIO_SECRET_KEY is too short or begins with #; expected at least"
                f" {MIN_SECRET_CHARS} random characters, such as the output of openssl rand"
                " -hex 32."
            )
        return value
    if not embedded:
        raise BadSetting(
            "STUDIO_SECRET_KEY is not set; with DATABASE_URL every process must share one secret"
            " key."
        )
    path = data_dir / "secret_key"
    if not path.exists():
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(50))
        partial.rename(path)
    return path.read_text()


def unknown_settings() -> list[str]:
    """Return a sentence per variable that looks like a setting but is none, once all are read."""
    from studio.engine.table.near_names import nearest_name

    known = _read | {f"{name}_FILE" for name in _read}
    sentences = []
    for name in sorted(os.environ):
        if not name.startswith(PREFIX) or name in known or name in OF_COMPOSE:
            continue
        bare = name.removeprefix(PREFIX)
        meant = bare if bare in known else nearest_name(name, known)
        question = f" Did you mean {meant}?" if meant else ""
        sentences.append(f"{name} is not a setting of the studio and has no effect.{question}")
    return sentences
