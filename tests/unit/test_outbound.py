"""What the studio asks of other hosts for its users: public addresses only, also by redirect, and
within limits.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from studio import outbound
from studio.engine.errors import DataProblem

INWARD = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
]


class Answers(BaseHTTPRequestHandler):
    """A small server; the path says what it does."""

    def do_GET(self) -> None:
        if self.path == "/table.csv":
            self.answer(200, b"a,b\n1,2\n")
        elif self.path == "/moved":
            self.answer(302, b"", {"Location": "/table.csv"})
        elif self.path == "/inward":
            self.answer(
                302,
                b"",
                {"Location": f"http://127.0.0.2:{self.server.server_address[1]}/table.csv"},
            )
        elif self.path == "/circle":
            self.answer(302, b"", {"Location": "/circle"})
        elif self.path == "/short":
            self.answer(200, b"a,b\n", {"Content-Length": "100"})
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            while True:  # until the other side hangs up, which raises here
                self.wfile.write(b"x")
                time.sleep(0.05)
        else:
            self.answer(404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.headers["X-Sign"], body))  # type: ignore[attr-defined]
        self.answer(204, b"")

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class Server(ThreadingHTTPServer):
    """Says nothing when somebody hangs up."""

    def handle_error(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    started = Server(("127.0.0.1", 0), Answers)
    started.posted = []  # type: ignore[attr-defined]
    threading.Thread(target=lambda: started.serve_forever(poll_interval=0.01), daemon=True).start()
    yield started
    started.shutdown()
    started.server_close()


@pytest.fixture
def base(server: ThreadingHTTPServer, settings: object) -> str:
    """Let tests ask their own machine, as an owner may allow."""
    settings.ALLOW_PRIVATE_URLS = True  # type: ignore[attr-defined]
    return f"http://127.0.0.1:{server.server_address[1]}"


def fetch(url: str, *, max_bytes: int = 1000, within_s: float = 5) -> bytes:
    with outbound.opened(url, within_s=within_s) as answer:
        return b"".join(answer.chunks(most_bytes=max_bytes))


@pytest.mark.parametrize("address", INWARD)
def test_address_within_a_network_is_not_public(address: str) -> None:
    assert not outbound.is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"]
)
def test_address_of_the_internet_is_public(address: str) -> None:
    assert outbound.is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "127.1"]
)
def test_own_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(DataProblem, match=r"private network|was not found"):
        fetch(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "table.csv",
        "ftp://example.org/x",
        "file:///etc/passwd",
        "http://",
        "http://a:99999/",
        "http://a b/",
    ],
)
def test_invalid_web_address_is_refused(url: str) -> None:
    with pytest.raises(DataProblem, match="not an address to fetch"):
        outbound.checked_url(url)


def test_password_in_an_address_is_refused() -> None:
    with pytest.raises(DataProblem, match="password"):
        outbound.checked_url("http://alice:secret@example.org/")


def test_only_public_addresses_of_a_host_are_asked_and_its_name_is_looked_up_once(
    base: str, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of names that answers differently the second time gains nothing."""
    port = int(base.rsplit(":", 1)[1])
    looked_up: list[str] = []
    connected: list[object] = []

    def look_up(host: str, *_: object, **__: object) -> list[object]:
        looked_up.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port))
            for ip in ("10.0.0.1", "93.184.215.14")
        ]

    class Socket(socket.socket):
        def connect(self, address: object) -> None:
            connected.append(address)
            super().connect(("127.0.0.1", port))

    settings.ALLOW_PRIVATE_URLS = False  # type: ignore[attr-defined]
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "socket", Socket)
    assert fetch(f"http://example.org:{port}/table.csv") == b"a,b\n1,2\n"
    assert looked_up == ["example.org"]
    assert connected == [("93.184.215.14", port)]


def test_redirect_into_the_network_is_refused(
    base: str, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "is_public", lambda address: address == "127.0.0.1")
    settings.ALLOW_PRIVATE_URLS = False  # type: ignore[attr-defined]
    with pytest.raises(DataProblem, match=r"127\.0\.0\.2 is in a private network"):
        fetch(f"{base}/inward")


def test_redirect_is_followed_to_the_file(base: str) -> None:
    with outbound.opened(f"{base}/moved", within_s=5) as answer:
        assert answer.url == f"{base}/table.csv"
        assert b"".join(answer.chunks(most_bytes=100)) == b"a,b\n1,2\n"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/circle", "more than 5 times"),
        ("/nothing", "status 404"),
        ("/short", "interrupted"),
    ],
)
def test_server_without_a_file_is_a_sentence(base: str, path: str, message: str) -> None:
    with pytest.raises(DataProblem, match=message):
        fetch(f"{base}{path}")


def test_server_that_trickles_for_ever_is_left_in_time(base: str) -> None:
    with (
        outbound.opened(f"{base}/slow", within_s=2) as answer,
        pytest.raises(DataProblem, match="took longer than"),
    ):
        b"".join(answer.chunks(most_bytes=1_000_000))


@pytest.mark.parametrize("path", ["/table.csv", "/slow", "/short"])
def test_file_that_is_too_large_is_refused(base: str, path: str) -> None:
    with pytest.raises(DataProblem, match="more than 3 bytes"):
        fetch(f"{base}{path}", max_bytes=3)


def test_host_that_does_not_answer_is_a_sentence(base: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DataProblem, match="does not answer at port"):
        fetch(f"http://127.0.0.1:{port}/")


def test_body_is_posted_with_its_headers(base: str, server: ThreadingHTTPServer) -> None:
    with outbound.sent(
        "POST", f"{base}/hook", headers={"X-Sign": "abc"}, body=b"{}", within_s=5
    ) as answer:
        assert answer.status == 204
    assert server.posted == [("abc", b"{}")]  # type: ignore[attr-defined]
