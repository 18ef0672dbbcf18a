"""The embedded broker: a Celery message is a file in a folder.

A message appears whole, by a rename, and is taken by a rename. A message that was taken dies with
its worker; the sweep of runs queues the run again. Why not kombu's own file-system transport:
docs/decisions/broker.md.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual
from kombu.utils.json import dumps, loads


class Channel(virtual.Channel):
    """Queues as name endings in one folder."""

    @property
    def _folder(self) -> Path:
        return Path(self.connection.client.transport_options["folder"])

    def _messages(self, queue: str) -> list[Path]:
        return sorted(self._folder.glob(f"*.{queue}.message"))

    def _new_queue(self, queue: str, **_: Any) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)

    def _put(self, queue: str, message: Any, **_: Any) -> None:
        name = f"{time.time_ns():020}-{uuid.uuid4().hex}"  # the oldest sorts first
        partial = self._folder / f"{name}.partial"
        partial.write_text(dumps(message))  # type: ignore[no-untyped-call]
        partial.rename(self._folder / f"{name}.{queue}.message")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for message in self._messages(queue):
            taken = message.with_suffix(".taken")
            try:
                message.rename(taken)
            except FileNotFoundError:  # another worker was faster
                continue
            content = taken.read_text()
            taken.unlink()
            return loads(content)  # type: ignore[no-untyped-call]
        raise Empty

    def _size(self, queue: str) -> int:
        return len(self._messages(queue))

    def _purge(self, queue: str) -> int:
        messages = self._messages(queue)
        for message in messages:
            message.unlink(missing_ok=True)
        return len(messages)


class Transport(virtual.Transport):
    """A connection is just the name of the folder."""

    Channel = Channel
    driver_type = driver_name = "folder"

    def driver_version(self) -> str:
        """Return what `celery report` prints."""
        return "1"
