"""The proxy in front of a studio, as docs/admin.md sets it up, run by nginx itself."""

from __future__ import annotations

import http.server
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.programs import ROOT, end, free_port, program, wait_until

BEGUN_BODY = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf of it"


@dataclass(slots=True)
class Proxied:
    """A proxy, and what reached the server behind it."""

    port: int
    requests: list[tuple[dict[str, str], int]] = field(default_factory=list)

    def ask(self, body: bytes | None = None, **headers: str) -> int:
        """Send a request through the proxy and return the status."""
        request = urllib.request.Request(f"https://localhost:{self.port}/", body, headers)
        with urllib.request.urlopen(request, context=_any_certificate(), timeout=30) as answer:
            return int(answer.status)


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Proxied]:
    nginx, openssl = program("nginx"), program("openssl")
    proxied = Proxied(free_port())

    class Studio(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            proxied.requests.append((dict(self.headers), len(body)))
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    studio = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Studio)
    threading.Thread(target=studio.serve_forever, daemon=True).start()
    certificate = [tmp_path / "studio.pem", tmp_path / "studio.key"]
    subject = ["-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost", "-days", "1"]
    subprocess.run(
        [openssl, "req", "-x509", *subject, "-out", certificate[0], "-keyout", certificate[1]],
        check=True,
        capture_output=True,
    )
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(_configuration(tmp_path, proxied.port, studio.server_port))
    process = subprocess.Popen([nginx, "-c", str(configuration), "-e", str(tmp_path / "log")])
    try:
        wait_until(lambda: _listens(proxied.port), timeout_s=20, log=tmp_path / "log")
        yield proxied
    finally:
        end(process)
        studio.shutdown()


def _configuration(folder: Path, port: int, studio_port: int) -> str:
    """Return the configuration of the documentation, with ports and paths of this test."""
    found = re.search(r"```nginx\n(.*?)```", (ROOT / "docs/admin.md").read_text(), re.DOTALL)
    assert found is not None
    documented = found[1]
    for before, after in (
        ("listen 443", f"listen 127.0.0.1:{port}"),
        ("/etc/ssl/", f"{folder}/"),
        ("127.0.0.1:8000", f"127.0.0.1:{studio_port}"),
    ):
        assert before in documented
        documented = documented.replace(before, after)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    return (
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{documented}}}\n"
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_visitors_cannot_make_up_where_they_come_from(proxied: Proxied) -> None:
    made_up = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}
    assert proxied.ask(**made_up) == 200
    [(headers, _)] = proxied.requests
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["Host"] == "localhost"


def test_upload_of_many_megabytes_passes(proxied: Proxied) -> None:
    assert proxied.ask(bytes(5_000_000)) == 200
    assert proxied.requests[0][1] == 5_000_000


def test_half_a_body_does_not_reach_the_studio(proxied: Proxied) -> None:
    with (
        socket.create_connection(("127.0.0.1", proxied.port)) as connection,
        _any_certificate().wrap_socket(connection, server_hostname="localhost") as visitor,
    ):
        visitor.sendall(BEGUN_BODY)
        time.sleep(0.5)
        assert proxied.ask() == 200
    assert len(proxied.requests) == 1
