"""Texts as sets of character sequences, and their MinHash signatures."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from studio.engine.table import cell_values

LENGTH = 3  # characters
LONG_LENGTH = 12  # about two words, and so what says in which order words come
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_IN_A_WORD = re.compile(r"(?<=\w)['’-](?=\w)")
# Punctuation of ASCII, of typography and of Chinese; no emoji
_MARKS = re.compile(r"[!-/:-@\[-`{-~\u2010-\u205e\u3001-\u303f]+")
_TEXTS_PER_BLOCK = 2_000  # hashed at a time, for bounded memory
_SHIFT = np.uint64(21)  # a code point fits into 21 bits, so three fit into 63
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd; 2^64 over the golden ratio


def words_of(text: str) -> str:
    """Normalise a text for comparison: lower case, without punctuation and links, unless nothing
    else remains.

    >>> words_of("Thanks!!! See https://t.co/x1"), words_of("太咸了。。。"), words_of("?!")
    ('thanks see', '太咸了', '?!')
    """
    (whole,) = cell_values.normalised([text])
    words = _LINK.sub(" ", whole)
    words = _IN_A_WORD.sub("", words)
    words = _MARKS.sub(" ", words)
    return " ".join(words.split()) or whole


def shingle_sets(texts: list[str], rows: Iterable[int]) -> dict[int, frozenset[str]]:
    """Return the three-character sequences of the texts at `rows`.

    A shorter text is one sequence.
    """
    sets = {}
    for row in rows:
        text = texts[row]
        starts = range(max(1, len(text) - LENGTH + 1))
        sets[int(row)] = frozenset(text[start : start + LENGTH] for start in starts)
    return sets


class MinHash:
    """MinHash signatures of texts.

    Parameters
    ----------
    n_bands, n_per_band
        Two texts of Jaccard similarity s share a bucket with probability
        1 − (1 − s^n_per_band)^n_bands.
    seed
        Chooses the hash functions.
    length
        Characters of a sequence.
    """

    def __init__(self, *, n_bands: int, n_per_band: int, seed: int, length: int = LENGTH) -> None:
        self._length = length
        rng = np.random.default_rng(seed)
        # Odd factors make multiplication modulo 2^64 a bijection.
        self._multipliers = _odd_numbers(rng, n_bands * n_per_band)
        self._mixers = _odd_numbers(rng, n_per_band)

    def minima(self, texts: list[str]) -> npt.NDArray[np.uint64]:
        """Return the least hash of each text's sequences, shape (n_bands · n_per_band, n); texts
        have at least one character.
        """
        minima = np.empty((len(self._multipliers), len(texts)), dtype=np.uint64)
        for first in range(0, len(texts), _TEXTS_PER_BLOCK):
            block = texts[first : first + _TEXTS_PER_BLOCK]
            codes, starts = _sequence_codes(block, self._length)
            for function, multiplier in enumerate(self._multipliers):
                hashed = codes * multiplier
                # The low bits of a product depend on few bits of the code: mix the high ones in.
                hashed ^= hashed >> np.uint64(32)
                minima[function, first : first + len(block)] = np.minimum.reduceat(hashed, starts)
        return minima

    def bands(self, minima: npt.NDArray[np.uint64]) -> list[npt.NDArray[np.uint64]]:
        """Return one bucket key per band and text: a list of arrays of shape (n,)."""
        n_per_band = len(self._mixers)
        bands = minima.reshape(-1, n_per_band, minima.shape[1])
        mixers = self._mixers[:, None]
        return [np.sum(band * mixers, axis=0, dtype=np.uint64) for band in bands]


def _odd_numbers(rng: np.random.Generator, count: int) -> npt.NDArray[np.uint64]:
    numbers = rng.integers(1, 2**63, size=count, dtype=np.uint64)
    return numbers * np.uint64(2) + np.uint64(1)


def _sequence_codes(
    texts: list[str], length: int
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Return the sequences of all texts as numbers, concatenated, and the start of each text's."""
    padded = [text.ljust(length) for text in texts]  # a text has at least one sequence
    lengths = np.array([len(text) for text in padded])
    encoded = "".join(padded).encode("utf-32-le", "surrogatepass")
    points = np.frombuffer(encoded, dtype=np.uint32).astype(np.uint64)
    n_codes = len(points) - length + 1
    if length == LENGTH:
        codes = (points[:-2] << (_SHIFT * np.uint64(2))) | (points[1:-1] << _SHIFT) | points[2:]
    else:
        codes = np.zeros(n_codes, dtype=np.uint64)
        for place in range(length):
            codes = codes * _FACTOR + points[place : place + n_codes]
    ends = np.cumsum(lengths)
    # Sequences that begin at the last characters of a text reach into the next one.
    is_within = np.ones(len(points), dtype=bool)
    for n_missing in range(1, length):
        is_within[ends - n_missing] = False
    starts = np.r_[0, np.cumsum(lengths - length + 1)[:-1]]
    return codes[is_within[:n_codes]], starts
