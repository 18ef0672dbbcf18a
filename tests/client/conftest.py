"""The real public client against a real studio, both started once for all tests of this folder.

- `live`: the studio (`manage.py up`) with the account dora@example.org; `live.environment` is that
of client programs.
- `cell(code)`: runs a cell in a notebook where `studio` is a `Studio` with dora's key, and `api`
  the client's calls, which fail like the methods of `studio` but without running pip for a report
  of the failure.
- `made`: the IDs of datasets, projects and cleansets of every task, analysed while other tests run.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests import journey
from tests.cast import PASSWORD
from tests.client.notebook import Notebook, client_program, notebook
from tests.programs import free_port, manage, running, studio_environment, wait_until
from tests.visitor import HttpVisitor

EMAIL = "dora@example.org"
FETCHED = b"text,label\r\n" + b"some words here,yes\r\nother words there,no\r\n" * 10


@dataclass(frozen=True, slots=True)
class Live:
    """A running studio with an account that has an API key."""

    url: str
    key: str
    log: Path
    settings: dict[str, str]
    environment: dict[str, str]

    def visitor(self) -> HttpVisitor:
        """Return a browser in which the account is logged in."""
        visitor = HttpVisitor(self.url)
        visitor.open("/login")
        visitor.submit("/login", username=EMAIL, password=PASSWORD)
        return visitor


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """Start a studio and make an API key on its server."""
    client_program("cleanlab")
    data_dir, home = tmp_path_factory.mktemp("studio"), tmp_path_factory.mktemp("home")
    log, port = data_dir / "up.log", free_port()
    settings = studio_environment(data_dir, PORT=str(port), STUDIO_ALLOW_PRIVATE_URLS="1")
    with running([sys.executable, "manage.py", "up"], environment=settings, log=log):
        wait_until(lambda: "Its data is in" in log.read_text(), timeout_s=120, log=log)
        url = f"http://localhost:{port}"
        journey.sign_up(HttpVisitor(url), EMAIL)
        key = manage("apikey", EMAIL, environment=settings).stdout.strip()
        environment = {
            "CLEANLAB_API_BASE_URL": f"{url}/api",
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        yield Live(url, key, log, settings, environment)


@pytest.fixture(scope="session")
def cell(live: Live) -> Iterator[Notebook]:
    """Open the notebook that the tests share."""
    with notebook(live.environment) as opened:
        opened(f"KEY = {json.dumps(live.key)}")
        opened((Path(__file__).parent / "first_cell.py").read_text())
        yield opened


class _Files(BaseHTTPRequestHandler):
    """A small server of one file, and of an address that leads to it."""

    def do_GET(self) -> None:
        status = {"/fetched.csv": 200, "/moved": 302}.get(self.path, 404)
        content = FETCHED if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if status == 302:
            self.send_header("Location", "/fetched.csv")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def file_server() -> Iterator[str]:
    """Serve a file on this machine; return the address of the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def made(cell: Notebook) -> dict[str, dict[str, str]]:
    """Upload the frames of `first_cell.py`, create a project of each, and return their IDs
    by name.
    """
    made: dict[str, dict[str, str]] = cell("made = make_all()\nmade")
    return made
