"""A program that uses a studio while it is being harmed, and remembers what it was answered."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TRY_AGAIN_S = 0.2
ANSWER_WITHIN_S = 15.0
LABELS = ("circle", "square")
N_ROWS = 240


class Refused(Exception):
    """The studio answered that a call was wrong, which no call of this program is."""


@dataclass(slots=True)
class Api:
    """Calls of one studio by one key; writes are repeated until they are answered."""

    port: int
    key: str
    n_refused: int = 0  # calls answered that the studio cannot do them now

    def once(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Return status and content of one call; 0 if nothing answers."""
        request = urllib.request.Request(
            f"http://localhost:{self.port}{path}",
            body,
            {"Authorization": f"Bearer {self.key}", **headers},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            self.n_refused += error.code >= 500
            return error.code, error.read()
        except OSError:
            return 0, b""
        except Exception as error:  # http.client's, of answers that break off
            if type(error).__module__ != "http.client":
                raise
            return 0, b""

    def surely(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> dict[str, Any]:
        """Repeat a call, a write with the same Idempotency-Key, until it is answered."""
        headers["Idempotency-Key"] = str(uuid.uuid4())
        while True:
            status, content = self.once(method, f"/api/v1{path}", body, **headers)
            if 200 <= status < 300:
                found: dict[str, Any] = json.loads(content)
                return found
            if status == 422 and b" is damaged: " in content:  # it was not carried out
                headers["Idempotency-Key"] = str(uuid.uuid4())
            elif 400 <= status < 500 and status not in (409, 429):
                raise Refused(f"{method} {path}: {status} {content[:500]!r}")
            time.sleep(TRY_AGAIN_S)

    def send(self, method: str, path: str, values: Mapping[str, object]) -> dict[str, Any]:
        """Send JSON."""
        body = json.dumps(values).encode()
        return self.surely(method, path, body, **{"Content-Type": "application/json"})

    def upload(self, content: bytes) -> str:
        """Upload a table, and return the id of its dataset."""
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        return str(self.surely("POST", "/datasets", body, **kind)["id"])

    def is_healthy(self) -> bool:
        """Whether the studio answers."""
        return self.once("GET", "/healthz")[0] == 200


def table(chance: random.Random) -> bytes:
    """Return a small table with labels, as CSV."""
    lines = ["width,height,label"]
    for _ in range(N_ROWS):
        label = chance.choice(LABELS)
        centre = 3.0 * LABELS.index(label)
        lines.append(f"{chance.gauss(centre, 1):.3f},{chance.gauss(centre, 1):.3f},{label}")
    return "\n".join(lines).encode()


Decision = tuple[str, str | None]


@dataclass
class Reviewer:
    """Decides about random rows in a thread, and keeps what was confirmed."""

    api: Api
    cleanset_id: str
    rows: range
    chance: random.Random
    confirmed: dict[int, Decision] = field(default_factory=dict)
    n_confirmed: int = 0
    confirmed_at: float = 0.0
    failure: str = ""
    _over: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Begin to decide."""
        self._thread = threading.Thread(target=self._decide, daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Wait until the decision under way is confirmed, and make no other."""
        self._turn.acquire()

    def go_on(self) -> None:
        """Decide again."""
        self._turn.release()

    def stop(self) -> None:
        """End after the decision under way is confirmed."""
        self._over.set()
        self._thread.join(120)

    def _decide(self) -> None:
        while not self._over.is_set():
            row = self.chance.choice(self.rows)
            action = self.chance.choice(("keep", "exclude", "label"))
            label = self.chance.choice(LABELS) if action == "label" else None
            sent = {"action": action} | ({"corrected_label": label} if label else {})
            path = f"/cleansets/{self.cleanset_id}/rows/{row}/decision"
            with self._turn:
                try:
                    self.api.send("PUT", path, sent)
                except Refused as refused:
                    self.failure = str(refused)
                    return
                self.confirmed[row] = (action, label)
                self.n_confirmed += 1
                self.confirmed_at = time.monotonic()
            self._over.wait(0.02)
