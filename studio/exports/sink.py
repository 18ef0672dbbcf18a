"""A file to write to whose bytes are taken away while it grows."""

from __future__ import annotations


class Sink:
    """Keeps what was written since the last `take`. It cannot be read, and has no other place than
    its end.
    """

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Append bytes."""
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken

    def flush(self) -> None:
        """Nothing waits to be written."""

    def close(self) -> None:
        """What was written can still be taken."""
