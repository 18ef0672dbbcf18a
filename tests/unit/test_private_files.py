"""What only the studio's own user may read."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from studio.private_files import make_private
from tests.programs import ROOT


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_data_folder_and_its_files_are_the_users_own(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    code = (
        "import studio.wsgi; from django.core.management import call_command;"
        "call_command('migrate', 'accounts', verbosity=0);"
        "from django.core.files.base import ContentFile;"
        "from django.core.files.storage import default_storage;"
        "default_storage.save('datasets/1/source', ContentFile(b'x'))"
    )
    subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        cwd=ROOT,
        env={"STUDIO_DATA_DIR": str(folder), "PATH": ""},
        timeout=120,
    )
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.rglob("*") if path.is_dir()} == {0o700}
    assert {mode(path) for path in folder.rglob("*") if path.is_file()} == {0o600}


def test_folder_of_an_earlier_version_becomes_private(tmp_path: Path) -> None:
    folder, shared = tmp_path / "data", tmp_path / "tmp"
    folder.mkdir()
    folder.chmod(0o755)
    shared.mkdir()
    shared.chmod(0o1777)
    database = folder / "studio.sqlite3"
    database.touch(mode=0o644)
    make_private([folder, database, shared, folder / "gone"])
    assert (mode(folder), mode(database), mode(shared)) == (0o700, 0o600, 0o1777)
