"""What the documents tell a reader to type, typed: in an empty folder with a few rows, beside a
running studio. What cannot be typed here is listed with the reason.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from projects.sample.support_requests import make_support_requests
from tests.programs import ROOT, free_port, manage, program, running, studio_environment, wait_until

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\S*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LANGUAGES = {"sh", "python", "ini", "nginx", "json", "text"}
NOT_RUN_HERE = {
    "sudo ": "needs root",
    "make run": "installs the libraries; test_up.py starts the studio",
    "manage.py up": "test_up.py starts the studio",
    "manage.py make_bucket": "needs an S3 server; test_services_stack.py has one",
    "manage.py restore": "needs an empty studio; test_backup.py restores",
    "hf download": "needs the internet",
    "files/KEY": "needs a damaged file; test_backup.py takes archives apart",
    "manage.py second_factor_off": "needs a second factor; test_second_factor.py turns one off",
    "docker compose": "needs docker; tests/quality/test_compose.py reads its file",
    "export CLEANLAB_API_BASE_URL": "tests/client runs the client against this address",
}
CLEANSET_ID = "0b5f8a52-6f3c-4f0a-9d6e-2f1f4a3c7b11"
DATASET_ID = "5d2f7a10-8c41-4b3e-9e57-6a0d3c9b2f84"
NEW_ROWS = "message\nMy card was charged twice.\nI cannot log in.\n"


def fenced(document: Path) -> list[tuple[str, str]]:
    """Return the language and the text of each fenced block."""
    return FENCE.findall(document.read_text())


def can_be_run(text: str) -> bool:
    return not any(sign in text for sign in NOT_RUN_HERE)


@dataclass(frozen=True, slots=True)
class Made:
    """The ids of what the calls of the API guide made."""

    dataset: str
    cleanset: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Someone who follows a document: their folder, their shell, and their studio."""

    folder: Path
    environment: dict[str, str]
    data_dir: Path
    url: str
    key: str

    def own(self, text: str) -> str:
        """Return the text with the reader's own address, key and data folder."""
        return (
            text.replace("/var/lib/cleanset-studio", str(self.data_dir))
            .replace("http://localhost:8000", self.url)
            .replace("cs_…", self.key)
        )

    def type_in(self, text: str) -> str:
        """Paste a block into a shell; return what it prints."""
        printed = self._run([program("bash"), "-euo", "pipefail", "-c", self.own(text)])
        assert re.findall(r'\{"error".*', printed) == []
        return printed

    def run_python(self, text: str) -> str:
        """Run a block as a script; return what it prints."""
        return self._run([sys.executable, "-c", self.own(text)])

    def _run(self, command: list[str]) -> str:
        ended = subprocess.run(
            command,
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert ended.returncode == 0, f"{command[-1]}\n{ended.stderr}"
        return ended.stdout

    def follow(self, document: str, made: Made | None = None) -> list[str]:
        """Run the blocks of a document in order, on what was made; return what they print."""
        printed = []
        for language, text in fenced(ROOT / document):
            if language == "sh" and can_be_run(text):
                if made:
                    text = text.replace(CLEANSET_ID, made.cleanset).replace(
                        DATASET_ID, made.dataset
                    )
                printed.append(self.type_in(text))
            if language == "python":
                printed.append(self.run_python(text))
        return printed


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Start a studio with the accounts that the documents name, and lay out the files."""
    program("curl")
    data_dir, folder = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("reader")
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (folder / "manage.py").symlink_to(ROOT / "manage.py")
    requests = make_support_requests(n_rows=150).frame
    requests.to_csv(folder / "requests.csv", index=False)
    (folder / "new.csv").write_text(NEW_ROWS)
    (folder / "rows.csv").write_text("請求,料金\n配達,遅い\n", encoding="shift-jis")
    requests.head(20).to_csv(folder / "june.csv", index=False)
    port, log = free_port(), data_dir / "up.log"
    environment = studio_environment(data_dir, PORT=str(port))
    with running([sys.executable, "manage.py", "up"], environment=environment, log=log):
        wait_until(lambda: "Its data is in" in log.read_text(), timeout_s=120, log=log)
        made = manage("apikey", "alice@example.org", "--create", environment=environment)
        assert "the first, which owns the studio" in made.stderr
        manage("apikey", "bob@example.org", "--create", environment=environment)
        url = f"http://localhost:{port}"
        yield Reader(folder, environment, data_dir, url, made.stdout.strip())


@pytest.fixture(scope="module")
def made(reader: Reader) -> Made:
    """Paste the calls of the API guide."""
    calls = [text for language, text in fenced(ROOT / "docs/api.md") if language == "sh"]
    *_, dataset, cleanset = reader.type_in(
        "\n".join([*calls, "echo; echo $DATASET $CLEANSET"])
    ).split()
    return Made(dataset, cleanset)


def test_calls_of_the_api_guide_lead_from_the_sample_to_predictions(
    reader: Reader, made: Made
) -> None:
    assert re.fullmatch(r"[0-9a-f-]{36}", made.cleanset)
    with (reader.folder / "cleaned.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) > 1000
    with (reader.folder / "predictions.csv").open(newline="") as file:
        labels = [row["Suggested Label"] for row in csv.DictReader(file)]
    assert labels == ["billing", "account access"]


def test_python_of_the_api_guide_takes_a_suggestion(reader: Reader) -> None:
    first, *_ = [text for language, text in fenced(ROOT / "docs/api.md") if language == "python"]
    assert "→" in reader.run_python(first)
    with (reader.folder / "cleaned.csv").open(newline="") as file:
        assert [row["action"] for row in csv.DictReader(file)].count("auto-fix") == 1


def test_readme_can_be_typed_in(reader: Reader) -> None:
    *_, worst = reader.follow("README.md")
    assert "suggested_label" in worst


def test_guide_to_the_commands_can_be_typed_in(reader: Reader, made: Made) -> None:
    july = "request_id,message,topic,channel\nREQ-90002,Where is my parcel?,delivery,app\n"
    (reader.folder / "july.csv").write_text(july)
    printed = "\n".join(reader.follow("docs/cli.md", made))
    assert "suggested_label" in printed
    assert "every part is the same" in printed
    assert "2 decisions" in printed
    assert "cs_" in printed


def test_guide_for_administrators_can_be_typed_in(reader: Reader) -> None:
    reader.follow("docs/admin.md")
    assert (reader.folder / "studio.tar").stat().st_size > 100_000


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_block_names_its_language_and_is_run_if_it_can_be(document: Path) -> None:
    languages = {language for language, _ in fenced(document)}
    assert languages <= LANGUAGES
    followed = {"README.md", "docs/cli.md", "docs/admin.md", "docs/api.md"}
    if str(document.relative_to(ROOT)) not in followed:
        runnable = [text for language, text in fenced(document) if language in ("sh", "python")]
        assert [text for text in runnable if can_be_run(text)] == []


def test_every_reason_not_to_run_a_block_is_needed() -> None:
    texts = [text for document in DOCUMENTS for _, text in fenced(document)]
    assert {sign for sign in NOT_RUN_HERE if not any(sign in text for text in texts)} == set()
