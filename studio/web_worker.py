"""A web server whose threads are not held by visitors who fall silent.

gunicorn gives each connection a thread as soon as it is opened, and waits in it for the request
without a limit, so that a few silent connections would stop everything. Here a connection gets a
thread when something arrives, and when few threads are left, those that have waited longest for
their visitor are freed. A proxy that keeps requests until they are whole protects better
(docs/admin.md).
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

FIRST_BYTE_S = 10.0  # until a connection has to say something
SILENT_S = 30.0  # within a request or an answer, whatever else is going on
IMPATIENT_S = 2.0  # the same when threads are scarce
SPARE_FRACTION = 0.5  # of the threads that do not wait for visitors


class Waiters:
    """The connections whose threads wait for their visitor, the longest first."""

    def __init__(self) -> None:
        self._since: dict[WatchedSocket, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def waiting(self, connection: WatchedSocket) -> Iterator[None]:
        """Have the connection among the waiting ones."""
        with self._lock:
            self._since[connection] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                self._since.pop(connection, None)

    def release(self, most: int) -> int:
        """Close the longest silent connections if more than `most` wait; return how many."""
        now = time.monotonic()
        with self._lock:
            n_too_many = len(self._since) - most
            silent = [
                connection
                for connection, since in list(self._since.items())[: max(n_too_many, 0)]
                if now - since >= IMPATIENT_S
            ]
            for connection in silent:
                del self._since[connection]
        for connection in silent:
            connection.release()
        return len(silent)


class WatchedSocket(socket.socket):
    """A connection that counts as waiting while its visitor has to send or to receive."""

    waiters: Waiters
    is_released: bool = False

    @classmethod
    def of(cls, accepted: socket.socket, waiters: Waiters) -> WatchedSocket:
        """Take over an accepted connection."""
        watched = cls(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        watched.waiters = waiters
        return watched

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Receive; a visitor who is silent for too long counts as gone."""
        with self._limited():
            received = super().recv(bufsize, flags)
        if self.is_released:  # else half a body would pass for a whole one
            raise ConnectionResetError(errno.ECONNRESET, "The thread was needed")
        return received

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send; a visitor who takes nothing for too long counts as gone."""
        rest = memoryview(data).cast("B")
        while rest:
            with self._limited():
                rest = rest[super().send(rest, flags) :]

    def release(self) -> None:
        """End the wait of the thread, which then closes the connection itself."""
        self.is_released = True
        try:
            self.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            if error.errno not in (errno.ENOTCONN, errno.EBADF):
                raise

    @contextmanager
    def _limited(self) -> Iterator[None]:
        before = self.gettimeout()
        if before is None:
            self.settimeout(SILENT_S)
        try:
            with self.waiters.waiting(self):
                yield
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "The visitor fell silent") from error
        finally:
            if before is None and self.fileno() != -1:
                self.settimeout(None)


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with threads, which are given only to visitors who speak."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiters = Waiters()

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, and wait for its first byte without a thread."""
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                return
            raise
        watched = WatchedSocket.of(accepted, self._waiters)
        connection = TConn(self.cfg, watched, address, listener.getsockname())
        connection.timeout = time.monotonic() + FIRST_BYTE_S
        self.nr_conns += 1
        self.pending_conns.append(connection)
        readable = partial(self.on_pending_socket_readable, connection)
        self.poller.register(watched, EVENT_READ, readable)

    def murder_pending(self) -> None:
        """Close what never spoke, and free threads; gunicorn calls this once a second."""
        super().murder_pending()
        n_released = self._waiters.release(int(self.cfg.threads * (1 - SPARE_FRACTION)))
        if n_released:
            self.log.warning("Closed %s silent connections: threads are scarce", n_released)

    def finish_request(self, connection: Any, future: Any) -> None:
        """End a request; saying good-bye, for up to 2 s, must not hold up the others."""
        ended = future.cancelled() or future.exception() or not future.result()
        if ended:
            self.nr_conns -= 1
            self.tpool.submit(connection.close, graceful=True)
        else:
            super().finish_request(connection, future)
