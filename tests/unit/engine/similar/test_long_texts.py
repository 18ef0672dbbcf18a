"""Near duplicates among texts so long that they have most three-character sequences in common."""

from __future__ import annotations

import random

import numpy as np
import pytest

from studio.engine.similar.near_duplicates import LONG_WORDS, Similar, similar_texts
from studio.engine.table.cells import Cells

N_TEXTS = 12
WORDS = [f"{first}{vowel}{last}" for first in "bdfkmprst" for vowel in "aeiou" for last in "lnrst"]


def similar(texts: list[str]) -> Similar:
    copies = np.arange(len(texts), dtype=np.uint64)
    return similar_texts(Cells.of(texts), copies, seed=0)


def near_pairs(texts: list[str]) -> set[tuple[int, int]]:
    groups = similar(texts).groups()
    return {
        (left, right)
        for right in range(len(texts))
        for left in range(right)
        if groups[left] == groups[right]
    }


@pytest.fixture(scope="module")
def long_texts() -> list[list[str]]:
    rng = random.Random(0)
    return [rng.choices(WORDS, k=8 * LONG_WORDS) for _ in range(N_TEXTS)]


def test_long_texts_of_the_same_words_are_no_near_duplicates(long_texts: list[list[str]]) -> None:
    shuffled = random.Random(1).sample(long_texts[0], len(long_texts[0]))
    texts = [" ".join(words) for words in [*long_texts, shuffled]]
    assert not near_pairs(texts)
    assert not similar(texts).scores().any()


@pytest.mark.parametrize("part", [0.005, 0.05])
def test_long_texts_with_most_of_their_wording_in_common_are_near_duplicates(
    long_texts: list[list[str]], part: float
) -> None:
    rng = random.Random(2)
    changed = list(long_texts[3])
    for place in rng.sample(range(len(changed)), round(part * len(changed))):
        changed[place] = rng.choice(WORDS)
    texts = [" ".join(words) for words in [*long_texts, changed]]
    assert near_pairs(texts) == {(3, N_TEXTS)}


def test_a_long_text_that_lost_a_paragraph_is_a_near_duplicate(long_texts: list[list[str]]) -> None:
    words = long_texts[5][: LONG_WORDS + 20]
    texts = [" ".join(words), " ".join(words[:100] + words[140:]), " ".join(long_texts[6])]
    assert near_pairs(texts) == {(0, 1)}
