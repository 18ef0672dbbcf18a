"""Measures how long the public client waits for a large frame, beside the bare transfer of the same
bytes.

A studio of its own is started; the client runs in `.venv-client`. The bare transfer is what the
client's own Python needs to send or fetch as many bytes to or from a server on this machine that
does nothing with them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.client.notebook import Notebook, notebook
from tests.programs import free_port, manage, running, studio_environment, wait_until

N_ROWS = 100_000
_HEAD = "| step | MB | client s | bare transfer s |\n| --- | ---: | ---: | ---: |\n"
STEP_LIMIT_S = 1_800
_FIRST_CELL = """
import io, time
import numpy as np, pandas as pd, requests
from cleanlab_studio import Studio

def timed(action):
    started = time.monotonic()
    value = action()
    return time.monotonic() - started, value

def bare_put(n_bytes):
    return timed(lambda: requests.put(BARE, data=b"x" * n_bytes).raise_for_status())[0]

def bare_get(n_bytes):
    return timed(lambda: requests.get(f"{BARE}/{n_bytes}").content)[0]

def size_of(what):
    address = f"{API}/cli/v0/cleansets/{cleanset}/{what}"
    return len(requests.get(address, headers={"Authorization": f"bearer {KEY}"}).content)

studio = Studio(KEY)
rng = np.random.default_rng(0)
height, width, depth = rng.normal(size=(3, N))
label = np.where(height + width + rng.normal(0, 0.3, N) > 0, "yes", "no")
colour = rng.choice(["red", "green", "blue"], N)
count = rng.integers(0, 1_000, N)
frame = pd.DataFrame(
    {"height": height, "width": width, "depth": depth, "count": count, "colour": colour,
      "label": label}
)
"""
_UPLOAD = """
n_bytes = len(frame.to_json(orient="records"))
seconds, dataset = timed(lambda: studio.upload_dataset(frame, "large"))
[seconds, bare_put(n_bytes), n_bytes]
"""
_ANALYSE = """
choices = {"modality": "tabular", "label_column": "label", "model_type": "fast"}
project = studio.create_project(dataset, "large", **choices)
cleanset = studio.get_latest_cleanset_id(project)
studio.wait_until_cleanset_ready(cleanset)
"""
_COLUMNS = """
seconds, columns = timed(lambda: studio.download_cleanlab_columns(cleanset,
  include_project_details=True))
assert len(columns) == N
n_bytes = size_of("columns?include_cleanlab_columns=True&include_project_details=True")
[seconds, bare_get(n_bytes), n_bytes]
"""
_PROBABILITIES = """
seconds, found = timed(lambda: studio.download_pred_probs(cleanset))
assert len(found) == N
n_bytes = size_of("pred_probs")
[seconds, bare_get(n_bytes), n_bytes]
"""
_DEPLOY = """
model_id = studio.deploy_model(cleanset, "large")
studio.wait_until_model_ready(model_id)
model = studio.get_model(model_id)
"""
_PREDICT = """
features = frame.drop(columns="label")
n_bytes = len(features.to_csv().encode())
seconds, found = timed(lambda: model.predict(features, return_pred_proba=True))
assert len(found[0]) == N
[seconds, bare_put(n_bytes), n_bytes]
"""


def main() -> None:
    """Measure every step and print a table of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=N_ROWS)
    n_rows: int = parser.parse_args().rows
    with (
        tempfile.TemporaryDirectory() as folder,
        _studio(Path(folder)) as (url, key),
        _bare_server() as bare,
    ):
        environment = {
            "CLEANLAB_API_BASE_URL": f"{url}/api",
            "HOME": folder,
            "XDG_CONFIG_HOME": folder,
        }
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with notebook(
            {**environment, **threads, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        ) as cell:
            names = {"KEY": key, "API": f"{url}/api", "BARE": bare, "N": n_rows}
            cell("\n".join(f"{name} = {value!r}" for name, value in names.items()))
            cell(_FIRST_CELL)
            sys.stdout.write(
                f"{n_rows:,} rows\n\n| step | MB | client s | bare transfer s |\n| --- | --- | ---"
                " | --- |\n"
            )
            _steps(cell)


def _steps(cell: Notebook) -> None:
    for name, prepare, code in (
        ("`upload_dataset`", "", _UPLOAD),
        ("`download_cleanlab_columns`", _ANALYSE, _COLUMNS),
        ("`download_pred_probs`", "", _PROBABILITIES),
        ("`predict`", _DEPLOY, _PREDICT),
    ):
        cell(prepare, STEP_LIMIT_S)
        seconds, bare_s, n_bytes = cell(code, STEP_LIMIT_S)
        sys.stdout.write(f"| {name} | {n_bytes / 1e6:.1f} | {seconds:.1f} | {bare_s:.2f} |\n")
        sys.stdout.flush()


@contextmanager
def _studio(data_dir: Path) -> Iterator[tuple[str, str]]:
    port, log = free_port(), data_dir / "up.log"
    settings = studio_environment(data_dir, PORT=str(port))
    with running([sys.executable, "manage.py", "up"], environment=settings, log=log):
        wait_until(lambda: "Its data is in" in log.read_text(), timeout_s=120, log=log)
        made = manage(
            "apikey", "large@example.org", "--create", "--scope", "write", environment=settings
        )
        yield f"http://localhost:{port}", made.stdout.strip()


class _Bare(BaseHTTPRequestHandler):
    """Takes what is put and sends as many bytes as the address says."""

    def do_PUT(self) -> None:
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        n_bytes = int(self.path.rpartition("/")[2])
        self.send_response(200)
        self.send_header("Content-Length", str(n_bytes))
        self.end_headers()
        self.wfile.write(b"x" * n_bytes)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def _bare_server() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Bare)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    main()
