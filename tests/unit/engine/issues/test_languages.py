"""In which language texts are written."""

from __future__ import annotations

import pytest

from studio.engine.text.languages import UNKNOWN, language_of

SENTENCES = {
    "English": "I want my money back",
    "German": "Wo ist meine Karte?",
    "French": "Je n'ai pas reçu mon colis",
    "Spanish": "No puedo entrar en mi cuenta",
    "Dutch": "Waar is mijn pakket gebleven?",
    "Russian": "Где моя посылка?",
    "Chinese": "我的包裹在哪里",
    "Japanese": "パスワードを忘れました",
    "Arabic": "أين طردي؟",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_language_of_a_short_sentence_is_named(name: str) -> None:
    language = language_of(SENTENCES[name])
    assert language.name == name
    assert language.is_english == (name == "English")


def test_user_names_and_addresses_do_not_count_as_words() -> None:
    language = language_of(
        "@VirginAmerica https://t.co/x #güteklasse Das Paket ist nicht angekommen"
    )
    assert language.name == "German"


def test_address_in_a_script_without_spaces_does_not_hide_the_sentence() -> None:
    assert language_of("送餐极慢，客服电话根本打不通，强烈不推荐@！").name == "Chinese"
    assert language_of("请看https://example.org/a这个页面的说明").name == "Chinese"


@pytest.mark.parametrize(
    "text",
    ["", "  ", "12345", "😀😀", "https://example.org/a", "Ahahahahahaha!!", "Jajaja (hahaha)"],
)
def test_too_little_to_tell_is_not_called_foreign(text: str) -> None:
    assert language_of(text) == UNKNOWN


@pytest.mark.parametrize(
    "text", ["refund", "ok", "lol", "thanks", "gr8 service m8", "top-up failed"]
)
def test_few_words_are_taken_for_english(text: str) -> None:
    assert language_of(text).is_english


def test_laughter_does_not_hide_the_language() -> None:
    assert language_of("hahaha das ist ja lustig, wirklich").name == "German"
    assert language_of("jajaja no puedo creerlo, qué risa").name == "Spanish"


def test_one_word_of_nonsense_may_be_a_name() -> None:
    assert language_of("asdkjfhaskdjfhaskjdf") == UNKNOWN


def test_nonsense_is_not_english_and_has_no_language() -> None:
    language = language_of("lkjsdf lkj sdflkj kjhgf sdfjk")
    assert language.name is None
    assert not language.is_english


@pytest.mark.parametrize(
    "text",
    ["Absolute legends! ❤🏳️\u200d🌈🏳️\u200d🌈", "Aaaaaaaaaaaaand done", "Anna Müller", "São Paulo"],
)
def test_emoji_drawn_out_words_and_names_are_not_foreign(text: str) -> None:
    assert language_of(text).is_english
