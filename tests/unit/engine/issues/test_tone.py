"""Toxic texts and sentiment."""

from __future__ import annotations

from studio.engine.issues.sentiment import find_sentiment
from studio.engine.issues.toxic import find_toxic
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


def test_rude_word_about_a_thing_is_no_insult() -> None:
    things = [
        "this stupid fee again",
        "that sucks, no refund",
        "the connection is pathetic",
        "I am gay and need a room",
    ]
    assert not found_in([*things, PLAIN], find_toxic)["is_toxic"].any()
    assert (
        found_in(["you stupid idiot", "he sucks and they know", PLAIN], find_toxic)["is_toxic"].tolist()[:2]
        == [True] * 2
    )


def test_one_word_is_neither_the_worst_nor_the_kindest_text() -> None:
    scores = found_in(["stop", "thanks", "terrible terrible terrible terrible", PLAIN], find_sentiment)[
        "sentiment_score"
    ]
    assert scores[2] < scores[0] < 0.5 < scores[1] < 0.9


def test_sentiment_runs_from_angry_over_plain_to_kind() -> None:
    scores = found_in([KIND, PLAIN, ANGRY], find_sentiment)["sentiment_score"]
    assert scores[0] > 0.6 > scores[1] > 0.4 > scores[2]


def test_sentiment_of_another_language_is_missing() -> None:
    assert found_in([KIND, GERMAN], find_sentiment)["sentiment_score"].isna().tolist() == [False, True]


def test_conclusion_of_a_long_text_counts() -> None:
    filler = " ".join([PLAIN] * 20)
    good, bad = found_in([f"{filler} {KIND}", f"{filler} {ANGRY}"], find_sentiment)["sentiment_score"]
    assert good > 0.5 > bad
