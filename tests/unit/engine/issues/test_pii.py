"""Personal data in texts."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from studio.engine.build import build_cleanset
from studio.engine.issues.pii import _items
from tests.data_builders import planted_text
from tests.unit.engine.frames import text_spec

PLANTED = {
    "credit card": "my card 4111 1111 1111 1111 was charged twice",
    "IBAN": "send it to DE89 3704 0044 0532 0130 00 please",
    "social security number": "it says ssn 078-05-1120 on the form",
    "URL with credentials": "use postgres://bob:s3cret@db.example.org/rows",
    "secret key": "the key AKIAIOSFODNN7EXAMPLE is refused",
    "email": "write to jane.doe@example.co.uk!",
    "phone number": "ring (212) 736-5000 after six",
    "date of birth": "I was born on 3 March 1990",
    "IP address": "requests from 2001:4860:4860::8888 fail",
}
HARMLESS = (
    "card 4111 1111 1111 1112 has a wrong check digit",
    "DE88 3704 0044 0532 0130 00 is no account",
    "order 1234567890 of 2024-01-15 at 10:30",
    "flight 1234 leaves gate 22 at 10:30 12/24/2015",
    "version 1.2.3.4 on 192.168.1.1",
    "it cost $1,234,567,890 in the end",
    "the meeting is on 3 March 2027",
    "call our hotline 1-800-555-0199 or 1-800-356-9377",
)


@pytest.mark.parametrize("kind", PLANTED)
def test_personal_data_is_named(kind: str) -> None:
    assert [found.name for found, _ in _items(PLANTED[kind])] == [kind]


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_that_name_nobody_are_left_alone(text: str) -> None:
    assert _items(text) == []


def test_phone_number_written_as_one_block_needs_a_word_before_it() -> None:
    assert [value for _, value in _items("please call me: 2127365000")] == ["2127365000"]
    assert _items("my order 2127365000 is late") == []


def test_rows_are_scored_by_their_most_sensitive_item() -> None:
    frame = planted_text(60, n_wrong=0).frame
    texts = ["mail ann@example.org or pay with 4111111111111111", "thanks @airline", "ann@example.org ann@example.org"]
    more = pd.DataFrame({"text": texts, "label": ["billing"] * 3})
    issues = build_cleanset(pd.concat([frame, more], ignore_index=True), text_spec()).issues
    assert issues["PII_score"][60:].tolist() == pytest.approx([1.0, 0.1, 0.5])
    assert issues["is_PII"][60:].tolist() == [True, False, True]
    assert json.loads(issues.loc[60, "PII_types"]) == ["email", "credit card"]
    assert json.loads(issues.loc[60, "PII_items"]) == ["ann@example.org", "4111111111111111"]
    assert json.loads(issues.loc[62, "PII_types"]) == ["email"]
    assert not issues["is_PII"][:60].any()
    assert issues["PII_items"][:60].eq("[]").all()
