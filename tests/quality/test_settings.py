"""Every setting is documented: what the code reads, what .env.example lists and what docs/admin.md
explains agree.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.programs import ROOT

READ = re.compile(r'env_(?:str|bool|int|choice|list|url|folder|memory|server)\(\s*"([A-Z0-9_]+)"')
ONLY_COMPOSE = {
    "STUDIO_POSTGRES_PASSWORD",
    "STUDIO_S3_ROOT_PASSWORD",
    "SERVICE_MEMORY",
    "TLS_FOLDER",
    "STUDIO_REDIS_PASSWORD",
    "PIP_EXTRA_INDEX_URL",
}


def names_in_code() -> set[str]:
    """Return the variables that the settings read."""
    return {
        name
        for file in ("studio/settings.py", "studio/env.py")
        for name in READ.findall(text_of(file))
    }


def text_of(file: str) -> str:
    return (ROOT / file).read_text()


def test_env_example_lists_every_setting() -> None:
    listed = re.findall(r"^#?([A-Z0-9_]+)=", text_of(".env.example"), re.MULTILINE)
    assert len(listed) == len(set(listed))
    assert set(listed) == names_in_code() | ONLY_COMPOSE


def test_guide_for_administrators_explains_every_setting() -> None:
    assert (
        set(re.findall(r"^\| `([A-Z0-9_]+)` \|", text_of("docs/admin.md"), re.MULTILINE))
        == names_in_code()
    )


def test_env_example_shows_the_defaults() -> None:
    shown = dict(re.findall(r"^#?([A-Z0-9_]+)=(.*)$", text_of(".env.example"), re.MULTILINE))
    code = text_of("studio/settings.py").replace("\n", " ")
    assert shown["PORT"] in code
    assert shown["STUDIO_DUCKDB_MEMORY"] in code
    assert f'"{shown["STUDIO_ALLOWED_HOSTS"]}"' in code
    assert f'"{shown["STUDIO_EMAIL_FROM"]}"' in code
    assert int(shown["STUDIO_MAX_UPLOAD_BYTES"]) == 20 * 1024**3
    assert int(shown["STUDIO_MAX_UNPACKED_BYTES"]) == 50 * 1024**3


def test_environment_is_read_in_one_place() -> None:
    readers = [
        str(file.relative_to(ROOT))
        for folder in ("studio", "projects", "cleansets", "models_app", "inference")
        for file in Path(ROOT / folder).rglob("*.py")
        if re.search(r"os\.getenv|os\.environ\.get|os\.environ\[[^]]+\](?! =)", file.read_text())
    ]
    assert set(readers) <= {"studio/env.py", "studio/asgi.py", "studio/wsgi.py", "studio/celery.py"}
