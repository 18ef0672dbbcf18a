"""Personal data in texts."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from studio.engine.issues.texts.pii import _items
from studio.engine.recipes.build import build_cleanset
from tests.data_builders import planted_text
from tests.unit.engine.frames import text_spec

PLANTED = {
    "credit card": "my card 4111 1111 1111 1111 was charged twice",
    "IBAN": "send it to DE89 3704 0044 0532 0130 00 please",
    "social security number": "it says ssn 536-90-4399 on the form",
    "URL with credentials": "use postgres://bob:s3cret@db.example.org/rows",
    "secret key": "the key AKIAIOSFODNN7EXAMPLE is refused",
    "email": "write to jane.doe@example.co.uk!",
    "phone number": "ring (212) 736-5000 after six",
    "date of birth": "I was born on 3 March 1990",
    "IP address": "requests from 2001:4860:4860::8888 fail",
}
HARMLESS = (
    "the number 078-05-1120 was printed on cards that came with wallets, and is nobody's",
    "000-12-3456, 666-12-3456, 987-65-4321, 536-00-4399 and 536-90-0000 are never given out",
    "ES91 2100 0418 4402 0005 1332 is no account: its own check digits do not hold",
    "card 4111 1111 1111 1112 has a wrong check digit",
    "DE88 3704 0044 0532 0130 00 is no account",
    "order 1234567890 of 2024-01-15 at 10:30",
    "flight 1234 leaves gate 22 at 10:30 12/24/2015",
    "version 1.2.3.4 on 192.168.1.1",
    "it cost $1,234,567,890 in the end",
    "the meeting is on 3 March 2027",
    "call our hotline 1-800-555-0199 or 1-800-356-9377",
    "the string `2009-08-14 00:37:02` as a number, or 14.08.2009 1030",
    "3.5.0.52 ExtendScript on fedora 12 (2.6.32.16-141.fc12.x86_64)",
    "wrote to customer.relations@example.com, eservice@example.com and no-reply@example.com",
    "订单号13241080757",
    "Meine Bestellung 123 456 789 ist noch nicht da",
)


@pytest.mark.parametrize("kind", PLANTED)
def test_personal_data_is_named(kind: str) -> None:
    assert [found.name for found, _ in _items(PLANTED[kind])] == [kind]


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_that_name_nobody_are_left_alone(text: str) -> None:
    assert _items(text) == []


BESIDE_OTHER_CHARACTERS = {
    "送外卖的态度极差，电话,13241080757": "13241080757",
    "手机13812345678，谢谢": "13812345678",
    "邮箱bob@163.com谢谢": "bob@163.com",
    "卡号4111111111111111已经": "4111111111111111",
    "over an hour...919-675-0985": "919-675-0985",
    "tel:919-675-0985": "919-675-0985",
    "Meine Telefonnummer ist 030 123 45 67, bitte rufen Sie zurück": "030 123 45 67",
    "Mon téléphone est le 06 12 34 56 78, merci de rappeler": "06 12 34 56 78",
    "josé@example.com schreibt": "josé@example.com",
    "8.8.8.8:53 fails": "8.8.8.8",
    "ping 8.8.4.4": "8.8.4.4",
}


@pytest.mark.parametrize("text", BESIDE_OTHER_CHARACTERS)
def test_item_is_found_beside_chinese_letters_after_dots_and_in_its_country_form(text: str) -> None:
    assert [value for _, value in _items(text)] == [BESIDE_OTHER_CHARACTERS[text]]


def test_phone_number_written_as_one_block_needs_a_word_before_it() -> None:
    assert [value for _, value in _items("please call me: 2127365000")] == ["2127365000"]
    assert _items("my order 2127365000 is late") == []


def test_rows_are_scored_by_their_most_sensitive_item() -> None:
    frame = planted_text(60, n_wrong=0).frame
    texts = [
        "mail ann@example.org or pay with 4111111111111111",
        "thanks @airline",
        "ann@example.org ann@example.org",
    ]
    more = pd.DataFrame({"text": texts, "label": ["billing"] * 3})
    issues = build_cleanset(pd.concat([frame, more], ignore_index=True), text_spec()).issues
    assert issues["PII_score"][60:].tolist() == pytest.approx([1.0, 0.1, 0.5])
    assert issues["is_PII"][60:].tolist() == [True, False, True]
    assert json.loads(issues.loc[60, "PII_types"]) == ["email", "credit card"]
    assert json.loads(issues.loc[60, "PII_items"]) == ["ann@example.org", "4111111111111111"]
    assert json.loads(issues.loc[62, "PII_types"]) == ["email"]
    assert not issues["is_PII"][:60].any()
    assert issues["PII_items"][:60].eq("[]").all()
