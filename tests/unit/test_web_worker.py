"""Visitors who fall silent are let go, and do not keep others waiting."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from studio import web_worker
from studio.web_worker import Waiters, WatchedSocket


@pytest.fixture
def waiters() -> Waiters:
    return Waiters()


@pytest.fixture
def pairs(waiters: Waiters) -> Iterator[list[tuple[WatchedSocket, socket.socket]]]:
    """Three connections, each as the studio and as its visitor have it."""
    made = []
    for _ in range(3):
        ours, visitor = socket.socketpair()
        made.append((WatchedSocket.of(ours, waiters), visitor))
    yield made
    for ours, visitor in made:
        ours.close()
        visitor.close()


def receive(connection: WatchedSocket, ends: list[str]) -> threading.Thread:
    """Receive in a thread; how it ends is appended to `ends`."""

    def wait() -> None:
        try:
            ends.append(connection.recv(100).decode())
        except ConnectionResetError:
            ends.append("reset")

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_longest_silent_connections_are_let_go_when_threads_are_scarce(
    waiters: Waiters,
    pairs: list[tuple[WatchedSocket, socket.socket]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_worker, "IMPATIENT_S", 0.0)
    ends: list[str] = []
    threads = []
    for ours, _ in pairs:
        threads.append(receive(ours, ends))
        time.sleep(0.05)
    assert waiters.release(most=3) == 0
    assert waiters.release(most=1) == 2
    threads[0].join(5)
    threads[1].join(5)
    assert ends == ["reset", "reset"]
    pairs[2][1].sendall(b"here")
    threads[2].join(5)
    assert ends[-1] == "here"


def test_connection_that_was_silent_for_a_moment_is_kept(
    waiters: Waiters, pairs: list[tuple[WatchedSocket, socket.socket]]
) -> None:
    ends: list[str] = []
    thread = receive(pairs[0][0], ends)
    time.sleep(0.05)
    assert waiters.release(most=0) == 0
    pairs[0][1].sendall(b"here")
    thread.join(5)
    assert ends == ["here"]


@pytest.mark.parametrize("is_sending", [False, True])
def test_visitor_who_is_silent_for_too_long_counts_as_gone(
    is_sending: bool,
    pairs: list[tuple[WatchedSocket, socket.socket]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(web_worker, "SILENT_S", 0.05)
    ours, _ = pairs[0]
    with pytest.raises(ConnectionResetError):
        ours.sendall(bytes(10_000_000)) if is_sending else ours.recv(100)


def test_everything_is_sent(pairs: list[tuple[WatchedSocket, socket.socket]]) -> None:
    ours, visitor = pairs[0]
    content = bytes(range(256)) * 20_000
    sender = threading.Thread(target=ours.sendall, args=(content,))
    sender.start()
    received = b""
    while len(received) < len(content):
        received += visitor.recv(1_000_000)
    sender.join(5)
    assert received == content
