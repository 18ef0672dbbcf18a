"""Careless spelling and slang."""

from __future__ import annotations

from studio.engine.issues.texts.informal import find_informal
from studio.engine.issues.texts.slang import is_slang
from studio.engine.issues.texts.spelling import misspelled
from tests.unit.engine.issues.frames import found_in

FORMAL = [
    f"Please tell me when my card number {n} will be delivered to my new address." for n in range(6)
]


def test_slips_raise_the_spelling_score_and_chat_words_the_slang_score() -> None:
    found = found_in([*FORMAL, "why was i chargged for this", "thx u guys r gr8"], find_informal)
    assert not found["is_informal"][:6].any()
    assert found["is_informal"][6:].all()
    assert found["spelling_issue_score"][6] > 0.5 > found["spelling_issue_score"][7]
    assert found["slang_issue_score"][6] == 0
    assert found["slang_issue_score"][7] == 1


def test_one_slip_in_a_long_text_does_not_make_it_informal() -> None:
    long = " ".join(FORMAL) + " I did not recieve it."
    found = found_in([*FORMAL, long], find_informal)
    assert 0 < found["spelling_issue_score"][6] < 0.2
    assert not found["is_informal"][6]


def test_other_languages_are_not_judged_by_english_spelling() -> None:
    found = found_in(
        [*FORMAL, "Das Paket ist leider noch nicht angekommen, bitte helfen"], find_informal
    )
    assert found["informal_score"][6] == 0


def test_british_and_american_words_names_and_jargon_are_not_misspelled() -> None:
    words = [
        "colour",
        "color",
        "realise",
        "cancelled",
        "rebooked",
        "cryptocurrency",
        "topup",
        "JetBlue",
        "wifi",
    ]
    assert (
        misspelled(dict.fromkeys([*words, "backend", "printf", "priori", "IM"], 3)) == frozenset()
    )


def test_slip_is_recognised_by_the_frequent_word_beside_it() -> None:
    counts = {
        "beneficiary": 40,
        "beneficiery": 4,
        "recieve": 1,
        "dont": 3,
        "account": 50,
        "acount": 1,
    }
    assert misspelled(counts) == {"beneficiery", "recieve", "dont", "acount"}


def test_compound_is_a_slip_where_the_meant_word_is_frequent() -> None:
    counts = {
        "withdrawl": 10,
        "withdrawal": 160,
        "transcation": 2,
        "transaction": 200,
        "topup": 3,
        "stopup": 1,
    }
    assert misspelled(counts) == {"withdrawl", "transcation"}
    assert misspelled({"withdrawl": 2}) == frozenset()


def test_four_times_as_frequent_is_enough_for_a_word_that_is_common_anyway() -> None:
    assert misspelled({"adress": 3, "address": 18, "brocoli": 3, "broccoli": 18}) == {"adress"}


def test_contraction_without_apostrophe_is_a_slip_with_a_capital_too() -> None:
    found = found_in(
        [*FORMAL, "Whats wrong with my card?", "Im here, DONT cancel it"], find_informal
    )
    assert found["is_informal"][6:].all()


def test_parts_of_hyphenated_compounds_are_not_misspelled() -> None:
    assert (
        found_in([*FORMAL, "a criss-cross pattern"], find_informal)["spelling_issue_score"][6] == 0
    )


def test_unknown_word_as_frequent_as_its_neighbour_is_a_word_of_its_own() -> None:
    assert misspelled({"fleek": 140, "fleet": 150}) == frozenset()


def test_initials_code_and_sizes_are_not_slang() -> None:
    texts = [
        "U.S. stamps",
        "AAA batteries",
        "see r/news",
        "np.zeros(n)",
        "plots in R",
        "Henry VIII",
        "0x5f7fffff",
    ]
    texts += [
        "group(u) is empty",
        r"is $u^{r}$ in \mathbf{NP}",
        "is *r* positive",
        "a regular expression r, and",
        "U-boat",
    ]
    assert found_in([*FORMAL, *texts], find_informal)["slang_issue_score"].max() == 0


def test_word_in_capitals_alone_and_often_is_a_name() -> None:
    texts = [f"Is problem {n} in NP?" for n in range(5)]
    assert found_in([*FORMAL, *texts], find_informal)["slang_issue_score"].max() == 0
    assert found_in([*FORMAL, *texts, "np, any time"], find_informal)["slang_issue_score"][6] > 0


def test_two_chat_words_make_a_short_text_informal_but_not_a_long_one() -> None:
    short = (
        "pls stop sending texts every 15 minutes saying that the flight is delayed, I usually"
        " defend u but not today"
    )
    found = found_in([*FORMAL, short, f"{' '.join(FORMAL)} {short}"], find_informal)
    assert found["is_informal"][6:].tolist() == [True, False]


def test_only_syllables_repeated_are_laughter_and_only_a_dropped_g_is_slang() -> None:
    assert all(
        is_slang(word)
        for word in ("haha", "bahahaha", "hahhahaha", "lolololol", "goin'", "nothin’")
    )
    assert not any(is_slang(word) for word in ("halo", "aloha", "train'", "again'", "brain’"))


def test_text_that_is_rather_not_english_has_no_slips() -> None:
    text = "appartement in rustige stijl op de ideale plek"
    assert found_in([*FORMAL, text], find_informal)["spelling_issue_score"][6] == 0
