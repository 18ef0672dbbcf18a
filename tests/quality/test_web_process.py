"""A web process stays small: machine learning is loaded by workers only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.programs import ROOT, studio_environment

HEAVY = ("sklearn", "torch", "cleanlab", "sentence_transformers", "transformers", "joblib", "scipy")


def test_addresses_load_no_machine_learning(tmp_path: Path) -> None:
    code = (
        "import sys, django; django.setup(); import studio.urls, studio.wsgi; "
        f"print(*[name for name in {HEAVY} if name in sys.modules])"
    )
    environment = studio_environment(tmp_path, DJANGO_SETTINGS_MODULE="studio.settings")
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []
