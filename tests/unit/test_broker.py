"""The embedded broker: messages come whole, in order, once each, and to their own queue."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection
from kombu.simple import SimpleQueue


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    options = {"folder": str(tmp_path / "broker"), "polling_interval": 0.01}
    with Connection("folder://localhost", transport_options=options) as connection:
        yield connection


def received(queue: SimpleQueue, number: int) -> list[object]:
    messages = []
    for _ in range(number):
        message = queue.get(timeout=5)
        messages.append(message.payload)
        message.ack()
    return messages


def test_messages_keep_their_order_and_their_queue(connection: Connection) -> None:
    data, training = connection.SimpleQueue("data"), connection.SimpleQueue("training")
    for number in range(5):
        data.put({"number": number})
    training.put({"number": "other"})
    assert len(data) == 5
    assert received(data, 5) == [{"number": number} for number in range(5)]
    assert received(training, 1) == [{"number": "other"}]


def test_empty_queue_is_empty(connection: Connection) -> None:
    with pytest.raises(connection.SimpleQueue("data").Empty):
        connection.SimpleQueue("data").get(timeout=0.1)


def test_two_takers_never_get_the_same_message(tmp_path: Path) -> None:
    options = {"folder": str(tmp_path / "broker"), "polling_interval": 0.01}
    taken: Counter[int] = Counter()

    def take() -> None:
        with Connection("folder://localhost", transport_options=options) as connection:
            queue = connection.SimpleQueue("data")
            while True:
                try:
                    message = queue.get(timeout=0.5)
                except queue.Empty:
                    return
                taken[message.payload["number"]] += 1
                message.ack()

    takers = [threading.Thread(target=take) for _ in range(3)]
    for taker in takers:
        taker.start()
    with Connection("folder://localhost", transport_options=options) as connection:
        queue = connection.SimpleQueue("data")
        for number in range(60):
            queue.put({"number": number})
    for taker in takers:
        taker.join()
    assert taken == Counter(range(60))


def test_folder_holds_nothing_after_the_work(connection: Connection, tmp_path: Path) -> None:
    queue = connection.SimpleQueue("data")
    queue.put({"number": 1})
    received(queue, 1)
    assert list((tmp_path / "broker").iterdir()) == []
