"""The first calls of docs/api.md, pasted into a shell beside a running studio."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

from tests.programs import ROOT, free_port, manage, program, running, studio_environment, wait_until


def first_calls(port: int, key: str) -> str:
    """Return the block as a reader would paste it, with their own address and key."""
    guide = (ROOT / "docs/api.md").read_text()
    found = re.search(r"^## First calls$.*?^```\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert found
    return (
        found[1].replace("http://localhost:8000", f"http://localhost:{port}").replace("cs_…", key)
    )


def test_first_calls_of_the_guide_lead_from_the_sample_to_predictions(tmp_path: Path) -> None:
    shell = program("bash")
    program("curl")
    data, here, port = tmp_path / "data", tmp_path / "here", free_port()
    here.mkdir()
    environment = studio_environment(data, PORT=str(port))
    log = tmp_path / "up.log"
    with running([sys.executable, "manage.py", "up"], environment=environment, log=log):
        wait_until(lambda: "Its data lies in" in log.read_text(), timeout_s=120, log=log)
        made = manage("apikey", "alice@example.org", "--create", environment=environment)
        assert "the first, which owns the studio" in made.stderr
        command = [shell, "-euo", "pipefail", "-c", first_calls(port, made.stdout.strip())]
        pasted = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=300)
    assert (pasted.returncode, pasted.stderr) == (0, "")
    with (here / "cleaned.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) > 1000
    with (here / "predictions.csv").open(newline="") as file:
        assert [row["Suggested Label"] for row in csv.DictReader(file)] == [
            "billing",
            "account access",
        ]
