"""Generates sample data to try the studio with: support requests with planted issues, where the
truth is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from projects.sample.phrases import (
    CHANNELS,
    CLOSINGS,
    CONFUSABLE,
    DETAILS,
    OFF_TOPIC,
    OPENINGS,
    PROBLEMS,
    SLOTS,
)

TOPICS = tuple(PROBLEMS)
_DETAIL_FRACTION = 0.55  # of the messages, which say more than the problem
_CASUAL_FRACTION = 0.15  # of the messages, which are typed without capitals
_TYPO_FRACTION = 0.12  # of the messages, which have two letters swapped
_FIRST_REQUEST = 48_201
_CHOICE = re.compile(r"\[([^]]*)\]")
_ALWAYS_CAPITAL = re.compile(r"I\b|Bluetooth")
_T = TypeVar("_T")


class Planted(StrEnum):
    """What was done to a row."""

    CLEAN = "clean"
    LABEL_ERROR = "label error"
    NEAR_DUPLICATE = "near duplicate"
    EXACT_COPY = "exact copy"
    OUTLIER = "outlier"
    UNLABELED = "unlabeled"


# Shares of all rows; the rest is clean.
_FRACTIONS = {
    Planted.LABEL_ERROR: 0.06,
    Planted.NEAR_DUPLICATE: 0.02,
    Planted.EXACT_COPY: 0.01,
    Planted.OUTLIER: 0.01,
    Planted.UNLABELED: 0.02,
}


@dataclass(frozen=True, slots=True)
class SampleTable:
    """Generated rows and what is true about them.

    Attributes
    ----------
    frame
        Columns request_id, message, topic (the given label, None where unlabeled) and channel.
    truth
        In the same order: true_topic, planted (a value of `Planted`), and twin, the row that a
        copy or near duplicate was made from (-1 for others).
    """

    frame: pd.DataFrame
    truth: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Request:
    message: str
    true_topic: str
    given_topic: str | None
    planted: Planted
    twin: int = -1  # position of the source before shuffling


def make_support_requests(*, n_rows: int = 1200, seed: int = 0) -> SampleTable:
    """Generate support requests with planted label errors, duplicates, outliers and unlabeled rows.

    Parameters
    ----------
    n_rows
        Number of rows, at least 100 and at most 5,000 (beyond it distinct messages run short).
    seed
        The only source of randomness; equal seeds give equal tables.

    Returns
    -------
    SampleTable
        6% label errors, 2% near duplicates, 1% exact copies, 1% outliers, 2% unlabeled rows,
        the rest clean and distinct.

    Raises
    ------
    ValueError
        If `n_rows` is out of range.
    """
    if not 100 <= n_rows <= 5_000:
        raise ValueError(f"n_rows must be from 100 to 5,000, not {n_rows}.")
    writer = _Writer(np.random.default_rng(seed))
    counts = {planted: round(fraction * n_rows) for planted, fraction in _FRACTIONS.items()}
    requests = writer.clean(n_rows - sum(counts.values()))
    requests += [
        *writer.label_errors(counts[Planted.LABEL_ERROR]),
        *writer.unlabeled(counts[Planted.UNLABELED]),
        *writer.outliers(counts[Planted.OUTLIER]),
        *writer.twins(requests, counts[Planted.NEAR_DUPLICATE], counts[Planted.EXACT_COPY]),
    ]
    return _table(requests, writer)


def write_sample_csv(path: Path) -> None:
    """Write the default sample as CSV (UTF-8): request_id, message, topic, channel."""
    make_support_requests().frame.to_csv(path, index=False, encoding="utf-8")


def _table(requests: Sequence[_Request], writer: _Writer) -> SampleTable:
    order = writer.rng.permutation(len(requests))
    new_position = {int(old): new for new, old in enumerate(order)}
    rows = [requests[int(old)] for old in order]
    frame = pd.DataFrame(
        {
            "request_id": [f"REQ-{_FIRST_REQUEST + position}" for position in range(len(rows))],
            "message": [row.message for row in rows],
            "topic": [row.given_topic for row in rows],
            "channel": [writer.pick(CHANNELS) for _ in rows],
        }
    )
    truth = pd.DataFrame(
        {
            "true_topic": [row.true_topic for row in rows],
            "planted": [row.planted.value for row in rows],
            "twin": [new_position.get(row.twin, -1) for row in rows],
        }
    )
    return SampleTable(frame, truth)


class _Writer:
    """Writes requests that are all distinct, except for exact copies."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._written: set[str] = set()

    def pick(self, options: Sequence[_T]) -> _T:
        return options[int(self.rng.integers(len(options)))]

    def clean(self, count: int) -> list[_Request]:
        topics = [TOPICS[position % len(TOPICS)] for position in range(count)]
        return [_Request(self._message(topic), topic, topic, Planted.CLEAN) for topic in topics]

    def label_errors(self, count: int) -> list[_Request]:
        topics = [self.pick(TOPICS) for _ in range(count)]
        return [
            _Request(self._message(topic), topic, self.pick(CONFUSABLE[topic]), Planted.LABEL_ERROR)
            for topic in topics
        ]

    def unlabeled(self, count: int) -> list[_Request]:
        topics = [self.pick(TOPICS) for _ in range(count)]
        return [_Request(self._message(topic), topic, None, Planted.UNLABELED) for topic in topics]

    def outliers(self, count: int) -> list[_Request]:
        order = self.rng.permutation(len(OFF_TOPIC))
        texts = [OFF_TOPIC[int(order[position % len(OFF_TOPIC)])] for position in range(count)]
        topics = [self.pick(TOPICS) for _ in texts]
        return [
            _Request(text, topic, topic, Planted.OUTLIER)
            for text, topic in zip(texts, topics, strict=True)
        ]

    def twins(self, sources: Sequence[_Request], n_near: int, n_exact: int) -> list[_Request]:
        chosen = [
            int(position) for position in self.rng.permutation(len(sources))[: n_near + n_exact]
        ]
        near = [
            self._twin(sources, position, Planted.NEAR_DUPLICATE) for position in chosen[:n_near]
        ]
        return near + [
            self._twin(sources, position, Planted.EXACT_COPY) for position in chosen[n_near:]
        ]

    def _twin(self, sources: Sequence[_Request], position: int, planted: Planted) -> _Request:
        source = sources[position]
        message = source.message
        if planted is Planted.NEAR_DUPLICATE:
            message = self._fresh(lambda: self._reworded(source.message))
        return _Request(message, source.true_topic, source.true_topic, planted, twin=position)

    def _message(self, topic: str) -> str:
        return self._fresh(lambda: self._draft(topic))

    def _fresh(self, write: Callable[[], str]) -> str:
        while (message := write()) in self._written:
            continue
        self._written.add(message)
        return message

    def _draft(self, topic: str) -> str:
        detail = ""
        if self.rng.random() < _DETAIL_FRACTION:
            detail = self.pick(DETAILS[topic])
        opening = self.pick(OPENINGS)
        template = self.pick(PROBLEMS[topic])
        problem = _CHOICE.sub(lambda choice: self.pick(choice[1].split("|")), template)
        if opening.endswith(",") and not _ALWAYS_CAPITAL.match(problem):
            problem = problem[0].lower() + problem[1:]
        parts = (opening, problem, detail, self.pick(CLOSINGS))
        text = self._filled(" ".join(part for part in parts if part))
        if self.rng.random() < _CASUAL_FRACTION:
            text = text.lower().rstrip(".").replace("i'd", "id").replace("don't", "dont")
        if self.rng.random() < _TYPO_FRACTION:
            text = self._with_typo(text)
        return text

    def _filled(self, template: str) -> str:
        currency = self.pick("€$£")
        whole = int(self.rng.integers(4, 260))
        cents = self.pick(("00", "50", "90", "95", "99"))
        numbers = {
            "amount": f"{currency}{whole}.{cents}",
            "order": f"{self.pick('ABKT')}{int(self.rng.integers(10_000, 99_999))}",
            "digits": f"{int(self.rng.integers(1000, 9999))}",
            "code": (
                f"{self.pick(('SPRING', 'WELCOME', 'HELLO', 'SAVE'))}{self.pick((5, 10, 15, 20))}"
            ),
            "error": f"E-{int(self.rng.integers(100, 999))}",
        }
        return template.format(
            **numbers, **{slot: self.pick(options) for slot, options in SLOTS.items()}
        )

    def _with_typo(self, text: str) -> str:
        """Swap two neighbouring letters inside a word."""
        places = [
            at for at in range(1, len(text) - 2) if re.fullmatch("[a-z]{4}", text[at - 1 : at + 3])
        ]
        if not places:
            return text
        at = self.pick(places)  # where the two letters are equal, nothing changes
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]

    def _reworded(self, text: str) -> str:
        """Make the small changes of a person who sends the same request again."""
        text = self.pick((text, self._with_typo(text), text.lower(), text.replace(".", "!", 1)))
        before = self.pick(("", "", "Hello again. ", "Second try: ", "Hi! "))
        after = self.pick(("", " Please reply.", " Thanks", " Still waiting.", " !!"))
        return f"{before}{text}{after}"
