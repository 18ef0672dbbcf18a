"""Toxic texts and sentiment."""

from __future__ import annotations

import pytest

from studio.engine.issues.texts.sentiment import find_sentiment
from studio.engine.issues.texts.toxic import find_toxic
from tests.unit.engine.issues.frames import found_in

KIND = "Thank you, this is the best service I have ever had, wonderful!"
PLAIN = "The parcel was handed over at ten in the morning."
ANGRY = "This is terrible, the worst company, I am very disappointed."
INSULT = "You are fucking idiots, all of you assholes."
GERMAN = "Das ist leider eine schlimme Sache, ich bin sehr enttäuscht."


def test_insults_are_toxic_and_complaints_are_not() -> None:
    found = found_in([KIND, PLAIN, ANGRY, INSULT, GERMAN], find_toxic)
    assert found["is_toxic"].tolist() == [False, False, False, True, False]
    assert found["toxic_score"][4] == 0
    assert found["toxic_score"].between(0, 1).all()


def test_rude_word_about_a_thing_is_not_an_insult() -> None:
    things = [
        "this stupid fee again",
        "that sucks, no refund",
        "the connection is pathetic",
        "I am gay and need a room",
        "your wifi stinks",
        "I feel like an idiot, where is my card?",
    ]
    assert not found_in([*things, PLAIN], find_toxic)["is_toxic"].any()
    assert (
        found_in(["you stupid idiot", "he sucks and they know", PLAIN], find_toxic)[
            "is_toxic"
        ].tolist()[:2]
        == [True] * 2
    )


@pytest.mark.parametrize(
    "text",
    [
        (
            "Six of seven flights were fine and the crew was kind, but the last one got fucked up,"
            " and nobody helped."
        ),
        (
            "the service is so sh*tty that even a very patient customer of many years will not come"
            " back to you"
        ),
        (
            "oh shitttt, it is upside down and nobody in the whole building knew it before we came"
            " here today"
        ),
        "No wonder that they left for another company after all these years, you dumbmotherfucker.",
        (
            "#getmeoffthisFUCKINplane after three hours of waiting for the gate to be free and the"
            " bags to come"
        ),
        "Somebody already said goodbye, so checkmate idiot",
    ],
)
def test_obscene_word_counts_whatever_is_beside_it(text: str) -> None:
    assert found_in([text, PLAIN], find_toxic)["is_toxic"].tolist() == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "i hate this",
        "I hate to betray my ignorance",
        "how much is my kill bill bill for",
        "I like the pig because shes stealthy",
        "Two little blankets for your penis. LOVE THAT.",
        "@fuckjerry is your flight on time, and is the shitpost yours?",
        f"In that film the villain says “bullshit” once. {PLAIN * 12}",
    ],
)
def test_harmless_words_names_and_quotations_are_not_toxic(text: str) -> None:
    assert not found_in([text, PLAIN], find_toxic)["is_toxic"].any()


def test_hatred_of_people_is_more_toxic_than_of_things() -> None:
    scores = found_in(["I hate gays", "I hate Mondays", PLAIN], find_toxic)["toxic_score"]
    assert scores[0] > 0.9 > 0.1 > scores[1]


@pytest.mark.parametrize(
    "text", ["Google play top up help?", "Do you support top ups?", "yes please", "no charge?"]
)
def test_words_of_requests_have_no_sentiment(text: str) -> None:
    assert found_in([text, PLAIN], find_sentiment)["sentiment_score"][0] == pytest.approx(0.5)


def test_one_word_is_neither_the_worst_nor_the_kindest_text() -> None:
    scores = found_in(
        ["stop", "thanks", "terrible terrible terrible terrible", PLAIN], find_sentiment
    )["sentiment_score"]
    assert scores[2] < scores[0] < 0.5 < scores[1] < 0.9


def test_sentiment_runs_from_angry_over_plain_to_kind() -> None:
    scores = found_in([KIND, PLAIN, ANGRY], find_sentiment)["sentiment_score"]
    assert scores[0] > 0.6 > scores[1] > 0.4 > scores[2]


def test_sentiment_of_another_language_is_missing() -> None:
    assert found_in([KIND, GERMAN], find_sentiment)["sentiment_score"].isna().tolist() == [
        False,
        True,
    ]


def test_conclusion_of_a_long_text_counts() -> None:
    filler = " ".join([PLAIN] * 20)
    good, bad = found_in([f"{filler} {KIND}", f"{filler} {ANGRY}"], find_sentiment)[
        "sentiment_score"
    ]
    assert good > 0.5 > bad
