"""Encodings: recognised by the letters that come out, stated, and changed on request."""

from __future__ import annotations

import pytest

from projects.readers.encoding_names import ENCODING_NAMES
from studio.engine.errors import DataProblem
from tests.unit.readers.conftest import Reader

TEXTS = {
    "cp1252": [
        "Très bon produit, livraison rapide",
        "Le colis est arrivé abîmé, déçu",
        "Schöne Grüße – 5 €",
    ],
    "mac-roman": [
        "refund my payment “café” naïve",
        "déjà vu à l’opéra",
        "Wo ist das Ärztehaus? Größe",
    ],
    "cp1250": ["Příliš žluťoučký kůň", "Skvělý výrobek, děkuji", "Služby byly hrozné"],
    "iso8859-2": ["Zażółć gęślą jaźń", "Bardzo dobry, świetnie", "Dziękuję za pomoc, żałuję"],
    "cp1251": ["Отличный товар, быстрая доставка", "Деньги не вернули", "Не работает пароль"],
    "koi8-u": ["Посылка пришла повреждённой", "Цена слишком высокая", "Спасибо за помощь"],
    "mac-cyrillic": [
        "Очень вежливый персонал",
        "Я доволен. Яркая упаковка",
        "Хочу отменить подписку",
    ],
    "cp866": ["Доставка опоздала на два дня", "Хорошо", "Верните деньги"],
    "cp1253": ["Πολύ καλό προϊόν, γρήγορη παράδοση", "Η τιμή είναι πολύ υψηλή", "Ευχαριστώ"],
    "cp1254": ["Çok iyi ürün, hızlı teslimat", "Hizmet berbattı", "Yardım için teşekkürler, şık"],
    "cp1255": ["המשלוח הגיע מהר מאוד", "השירות היה גרוע", "אני רוצה לבטל את המנוי"],
    "cp1256": ["المنتج رائع والتوصيل سريع", "الخدمة سيئة للغاية", "شكرا على المساعدة"],
    "cp1257": [
        "Labai gera prekė, ačiū",
        "Noriu atšaukti prenumeratą",
        "Siuntinys pažeistas, gaila",
    ],
    "cp874": ["สวัสดีครับ อาหารอร่อยมาก", "ส่งช้ามาก", "ราคาแพงเกินไป"],
    "gb18030": ["味道不错，送餐很快", "没有送水，等了一个小时", "手机电池不耐用"],
    "big5": ["味道不錯，送餐很快", "沒有送水，等了一個小時", "手機電池不耐用"],
    "cp932": ["とても美味しかったです", "配達が遅くて困りました", "商品が壊れていました"],
    "euc_jp": ["とても美味しかったです", "配達が遅くて困りました", "商品が壊れていました"],
    "cp949": ["배송이 빠르고 포장이 좋아요", "맛이 없어서 실망했습니다", "가격이 너무 비싸요"],
}


def table(texts: list[str]) -> str:
    return "text,label\n" + "".join(f'"{text}",good\n' for text in texts)


@pytest.mark.parametrize("codec", TEXTS)
def test_an_encoding_is_recognised_by_the_letters_that_come_out(read: Reader, codec: str) -> None:
    reading = read(table(TEXTS[codec]).encode(codec))
    assert [row[0] for row in reading.rows] == TEXTS[codec]
    assert tuple(reading.facts.doubts) == ("encoding",)
    assert "because the file is not UTF-8" in reading.facts.notes[0]


@pytest.mark.parametrize("codec", TEXTS)
def test_an_encoding_that_is_named_is_taken_without_a_doubt(read: Reader, codec: str) -> None:
    reading = read(table(TEXTS[codec]).encode(codec), encoding=codec)
    assert [row[0] for row in reading.rows] == TEXTS[codec]
    assert (reading.facts.encoding, reading.facts.doubts, reading.facts.notes) == (codec, {}, ())


def test_a_text_that_two_encodings_fit_says_so(read: Reader) -> None:
    notes = " ".join(read(table(["Aš labai džiaugiuosi šiandien"]).encode("cp1257")).facts.notes)
    assert "is possible, too" in notes


def test_escapes_of_iso_2022_jp_are_known(read: Reader) -> None:
    assert read(table(["こんにちは"]).encode("iso2022_jp")).rows == [("こんにちは", "good")]


def test_a_named_encoding_that_does_not_fit_is_refused_with_the_line(read: Reader) -> None:
    message = read.problem(b"a,b\n1,2\ncaf\xe9,3\n", encoding="utf-8")
    assert message.startswith("Line 3 cannot be decoded as UTF-8.")


@pytest.mark.parametrize("codec", sorted(ENCODING_NAMES))
def test_no_encoding_that_is_named_ends_in_anything_but_a_table_or_a_sentence(
    read: Reader, codec: str
) -> None:
    content = "text,label\ncafé,good\n".encode()
    problem = ""
    try:
        read(content, encoding=codec)
    except DataProblem as refusal:
        problem = str(refusal)
    assert not problem or any(part in problem for part in ("cannot be decoded", "NUL", "no rows"))


def test_bytes_that_are_not_text_in_any_encoding_are_refused(read: Reader) -> None:
    noise = bytes((37 * n * n + 11 * n) % 247 + 9 for n in range(3000))
    assert "no other encoding" in read.problem(b"a,b\n" + noise + b"\n")


def test_the_rest_of_a_long_file_has_to_be_decoded_too(read: Reader) -> None:
    western = table(TEXTS["cp1252"] * 400).encode("cp1252")
    message = read.problem(western + b"\x81\x8d,bad\n")
    assert "no other encoding" in message


@pytest.mark.parametrize("content", [b"\0\0PAR1" + bytes(500), bytes(range(128, 256)) * 4])
def test_a_damaged_parquet_file_is_called_one(read: Reader, content: bytes) -> None:
    message = read.problem(content, "rows.parquet")
    assert message.startswith("rows.parquet does not begin like a Parquet file; it may be damaged.")
