"""HTTP to addresses that users name, but not into the studio's own network.

An address is checked when it is connected to, not when it is typed: a name may resolve to another
address a moment later, and a redirect may lead anywhere.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from django.conf import settings

from studio.engine.errors import DataProblem

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_REDIRECTS = 5
CONNECT_TIMEOUT_S = 10.0
SILENCE_TIMEOUT_S = 30.0  # between two pieces of an answer
CHUNK_BYTES = 256 * 1024
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_REDIRECTS = (301, 302, 303, 307, 308)


def is_public(text: str) -> bool:
    """Return whether an IP address is public; one that wraps another is judged by that."""
    address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    is_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or is_local)


def _unwrapped(address: Address) -> Address:
    """Return the IPv4 address inside a mapped, 6to4, Teredo or NAT64 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
    return inner or address


def checked_url(url: str) -> SplitResult:
    """Return the parts of an http(s) address. Raises DataProblem for anything else."""
    refusal = DataProblem(
        f"“{url[:200]}” is not an address to fetch; expected one such as"
        " https://example.org/data.csv."
    )
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise refusal from error
    is_plain = url.strip().isascii() and url.strip().isprintable() and " " not in url.strip()
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not is_plain:
        raise refusal
    if parts.password is not None:
        raise DataProblem(
            "This address holds a password, which the studio would have to keep. Use one"
            " without it."
        )
    return parts


class _Connection(http.client.HTTPConnection):
    """A connection to a checked address; it ends after `within_s`, however slow the other side."""

    def __init__(self, parts: SplitResult, within_s: float) -> None:
        self._is_tls = parts.scheme == "https"
        super().__init__(str(parts.hostname), parts.port or (443 if self._is_tls else 80))
        self.within_s = within_s
        self.is_overdue = False
        self._alarm = threading.Timer(within_s, self._give_up)
        self._alarm.daemon = True
        # `sock` is dropped while the body of a last response is read.
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        """Connect, never by a proxy of the environment; TLS checks the host name."""
        self.sock = self._socket = _connected(self.host, self.port)
        self._alarm.start()
        if self._is_tls:
            context = ssl.create_default_context()
            secured = context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock = self._socket = secured
            secured.do_handshake()

    def end(self) -> None:
        """Close the connection, and stop waiting."""
        self._alarm.cancel()
        self.close()

    def _give_up(self) -> None:
        self.is_overdue = True
        if self._socket is not None:
            # Closing would not wake the thread that waits for bytes; a shutdown does.
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _connected(host: str, port: int) -> socket.socket:
    """Return a connection to the first permitted address of the host that answers."""
    problem: Exception | None = None
    for family, kind, protocol, _, address in _allowed(host, port):
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(CONNECT_TIMEOUT_S)
        try:
            # The address that was checked, not the name: it could resolve to another one now.
            connection.connect(address)
        except OSError as error:
            connection.close()
            problem = error
        else:
            connection.settimeout(SILENCE_TIMEOUT_S)
            return connection
    raise DataProblem(
        f"The host {host} does not answer at port {port} ({problem}). Check the address."
    ) from problem


def _allowed(host: str, port: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DataProblem(f"The host {host} was not found. Check the address.") from error
    allowed = [
        entry for entry in found if settings.ALLOW_PRIVATE_URLS or is_public(str(entry[4][0]))
    ]
    if not allowed:
        raise DataProblem(
            f"The host {host} is in a private network, which this studio does not fetch from. Use"
            " a public address, or ask whoever runs the studio to allow private ones by"
            " STUDIO_ALLOW_PRIVATE_URLS=1."
        )
    # IPv6 addresses have two more parts, which connect() wants as well.
    return allowed  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response whose body is still to be read."""

    url: str
    status: int
    headers: http.client.HTTPMessage
    _response: http.client.HTTPResponse
    _connection: _Connection

    def chunks(self, *, most_bytes: int) -> Iterator[bytes]:
        """Yield the body in chunks. Raises DataProblem if it is too large, too slow or cut off."""
        length = self.headers.get("Content-Length", "")
        expected = None
        if length.isdecimal() and not self._response.chunked:
            expected = int(length)
        n_bytes = 0
        while chunk := self._read():
            n_bytes += len(chunk)
            if n_bytes > most_bytes:
                raise DataProblem(
                    f"The file at this address has more than {most_bytes:,} bytes, the limit here."
                )
            yield chunk
        if self._connection.is_overdue or (expected is not None and n_bytes < expected):
            raise self._broken(f"after {n_bytes:,} bytes")

    def _read(self) -> bytes:
        try:
            return self._response.read1(CHUNK_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise self._broken(str(error)) from error

    def _broken(self, how: str) -> DataProblem:
        if self._connection.is_overdue:
            minutes = f"{self._connection.within_s / 60:.0f} minutes"
            return DataProblem(
                f"The transfer took longer than {minutes}. Fetch the file yourself and upload it."
            )
        return DataProblem(f"The transfer was interrupted ({how}). Try again.")


@contextmanager
def sent(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    within_s: float,
) -> Iterator[Answer]:
    """Send one request and yield the response, whatever its status, without following redirects.

    Raises DataProblem if the address is not permitted or does not answer in time.
    """
    parts = checked_url(url)
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    connection = _Connection(parts, within_s)
    try:
        named = {"User-Agent": "cleanset-studio", **(headers or {})}
        response = _response(connection, lambda: connection.request(method, target, body, named))
        yield Answer(url, response.status, response.headers, response, connection)
    finally:
        connection.end()


def _response(connection: _Connection, send: Callable[[], None]) -> http.client.HTTPResponse:
    try:
        send()
        return connection.getresponse()
    except (OSError, http.client.HTTPException) as error:
        if connection.is_overdue:
            reason = "no answer in time"
        else:
            reason = str(error) or type(error).__name__
        raise DataProblem(
            f"The host {connection.host} did not answer ({reason}). Check the address."
        ) from error


@contextmanager
def opened(url: str, *, within_s: float) -> Iterator[Answer]:
    """Get a file, checking each redirect. Raises DataProblem if there is no file."""
    for _ in range(MAX_REDIRECTS + 1):
        with sent("GET", url, headers={"Accept-Encoding": "identity"}, within_s=within_s) as answer:
            if answer.status in _REDIRECTS:
                url = urljoin(url, answer.headers.get("Location", ""))
                continue
            if answer.status != http.client.OK:
                raise DataProblem(
                    f"The address answers with status {answer.status}, not with a file. Check it."
                )
            yield answer
            return
    raise DataProblem(
        f"The address redirects more than {MAX_REDIRECTS} times. Use the one that it ends at."
    )
