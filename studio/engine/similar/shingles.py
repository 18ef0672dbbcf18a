"""Texts as sets of three-character sequences, and their MinHash signatures."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from studio.engine.table import cell_values

LENGTH = 3  # characters
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_IN_A_WORD = re.compile(r"(?<=\w)['’-](?=\w)")
_MARKS = re.compile(
    r"[!-/:-@\[-`{-~\u2010-\u205e\u3001-\u303f]+"
)  # of ASCII, of printing, of Chinese; no emoji
_TEXTS_PER_BLOCK = 2_000
_SHIFT = np.uint64(21)  # a code point fits into 21 bits, so three fit into 63


def words_of(text: str) -> str:
    """Return what two texts are compared by: without capitals, marks and links, unless nothing else
    is there.

    >>> words_of("Thanks!!! See https://t.co/x1"), words_of("太咸了。。。"), words_of("?!")
    ('thanks see', '太咸了', '?!')
    """
    (whole,) = cell_values.normalised([text])
    words = " ".join(_MARKS.sub(" ", _IN_A_WORD.sub("", _LINK.sub(" ", whole))).split())
    return words or whole


def shingle_sets(texts: list[str], rows: Iterable[int]) -> dict[int, frozenset[str]]:
    """Return the sequences of some texts; a text shorter than three characters is one sequence."""
    return {int(row): _shingles(texts[row]) for row in rows}


def _shingles(text: str) -> frozenset[str]:
    return frozenset(
        text[start : start + LENGTH] for start in range(max(1, len(text) - LENGTH + 1))
    )


def signatures(
    texts: list[str], *, n_bands: int, n_per_band: int, seed: int
) -> list[npt.NDArray[np.uint64]]:
    """Return one bucket key per band and text.

    Parameters
    ----------
    texts
        n texts of at least one character.
    n_bands, n_per_band
        Two texts of Jaccard similarity s share a bucket with chance 1 − (1 − s^n_per_band)^n_bands.
    seed
        Chooses the hash functions.

    Returns
    -------
    list of n_bands arrays of shape (n,)
    """
    rng = np.random.default_rng(seed)
    multipliers = rng.integers(1, 2**63, size=n_bands * n_per_band, dtype=np.uint64) * np.uint64(
        2
    ) + np.uint64(1)
    mixers = rng.integers(1, 2**63, size=n_per_band, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    minima = np.empty((len(multipliers), len(texts)), dtype=np.uint64)
    for first in range(0, len(texts), _TEXTS_PER_BLOCK):
        block = texts[first : first + _TEXTS_PER_BLOCK]
        codes, starts = _sequence_codes(block)
        for function, multiplier in enumerate(multipliers):
            hashed = codes * multiplier
            hashed ^= hashed >> np.uint64(32)
            minima[function, first : first + len(block)] = np.minimum.reduceat(hashed, starts)
    bands = minima.reshape(n_bands, n_per_band, len(texts))
    return [np.sum(band * mixers[:, None], axis=0, dtype=np.uint64) for band in bands]


def _sequence_codes(texts: list[str]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Return all texts' sequences as numbers one after the other, and where each text's begin."""
    padded = [text if len(text) >= LENGTH else text + " " * (LENGTH - len(text)) for text in texts]
    lengths = np.array([len(text) for text in padded])
    points = np.frombuffer(
        "".join(padded).encode("utf-32-le", "surrogatepass"), dtype=np.uint32
    ).astype(np.uint64)
    triples = (points[:-2] << (_SHIFT * np.uint64(2))) | (points[1:-1] << _SHIFT) | points[2:]
    ends = np.cumsum(lengths)
    is_within = np.ones(len(points), dtype=bool)
    is_within[ends - 1] = False
    is_within[ends - 2] = False
    starts = np.r_[0, np.cumsum(lengths - LENGTH + 1)[:-1]]
    return triples[is_within[:-2]], starts
