"""Featurisers of a text column: TF-IDF of words or character sequences, embeddings, topics."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from studio.engine.features.base import Featuriser, Matrix
from studio.engine.runtime.resources import Resources
from studio.engine.table.cells import Table
from studio.engine.text import encoder
from studio.engine.text.arithmetic import Arithmetic
from studio.engine.text.embedding_store import EmbeddingStore
from studio.engine.text.processor import arithmetic_here

LONG_TEXT = 400  # characters; of longer texts words say as much, and their sequences take gigabytes
_WORD = r"(?u)\b\w+\b"
_MAX_TERMS = 100_000  # the most frequent ones
_SPACES_PER_CHARACTER = 1 / 20  # between those of English, one in six, and of Thai, hardly any
_ROWS_PER_TOPIC = 10
# From here on, terms that occur in a single row are dropped: they only cost memory.
_MANY_ROWS = 2_000


class TfidfFeatures(Featuriser):
    """TF-IDF weights of terms, sparse, rows of unit length.

    Parameters
    ----------
    column
        The text column.
    analyzer
        "word" (terms are words and pairs of words) or "char_wb" / "char" (sequences of characters
        within words / across them).
    shortest, longest
        Length of the terms, in words or characters.
    """

    def __init__(self, column: str, *, analyzer: str, shortest: int, longest: int) -> None:
        self.column = column
        self.analyzer = analyzer
        self.shortest = shortest
        self.longest = longest
        self._vectorizer: TfidfVectorizer | None = None

    @property
    def signature(self) -> str:
        return f"tfidf/1 {self.analyzer} {self.shortest}-{self.longest} {_MAX_TERMS}"

    def fit(self, table: Table) -> None:
        self.fit_transform(table, Resources())

    def transform(self, table: Table, resources: Resources) -> Matrix:
        cells = table[self.column].beginnings()
        if self._vectorizer is None:
            return sparse.csr_array((len(cells), 1), dtype=np.float32)
        return sparse.csr_array(self._vectorizer.transform(cells))

    def fit_transform(self, table: Table, resources: Resources) -> Matrix:
        cells = table[self.column].beginnings()
        term = _WORD if self.analyzer == "word" else r"\S"
        if not any(re.search(term, cell) for cell in cells):
            self._vectorizer = None  # scikit-learn refuses an empty vocabulary
            return self.transform(table, resources)
        self._vectorizer = tfidf_vectorizer(
            self.analyzer, self.shortest, self.longest, n_rows=len(cells)
        )
        return sparse.csr_array(self._vectorizer.fit_transform(cells))


def is_spaced(cells: Iterable[str]) -> bool:
    """Return whether spaces separate words: one character in six in English, hardly any in Thai."""
    n_spaces = 0
    n_characters = 0
    for cell in cells:
        n_spaces += cell.count(" ")
        n_characters += len(cell)
    return n_spaces > _SPACES_PER_CHARACTER * n_characters


def tfidf_vectorizer(analyzer: str, shortest: int, longest: int, *, n_rows: int) -> TfidfVectorizer:
    """Return the unfitted vectorizer of all text; sublinear counts suit short and long texts."""
    return TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=(shortest, longest),
        token_pattern=_WORD if analyzer == "word" else None,
        min_df=2 if n_rows >= _MANY_ROWS else 1,
        max_features=_MAX_TERMS,
        sublinear_tf=True,
        dtype=np.float32,
    )


class SentenceFeatures(Featuriser):
    """Sentence embeddings, dense, rows of unit length.

    Models store the digest of the encoder, not the encoder.

    Parameters
    ----------
    column
        The text column.
    encoder_folder, arithmetic
        See `CleansetSpec`; a machine without that arithmetic takes its own.
    is_deep
        Whether the mean embeddings of the three layers before the last are appended.
    """

    def __init__(
        self,
        column: str,
        encoder_folder: Path | None,
        arithmetic: Arithmetic | None,
        *,
        is_deep: bool = False,
    ) -> None:
        self.column = column
        self.encoder_folder = encoder_folder
        self.arithmetic = arithmetic
        self.encoder_sha256 = encoder.encoder_sha256(encoder_folder)
        self.is_deep = is_deep

    @property
    def signature(self) -> str:
        layers = " deep" if self.is_deep else ""
        arithmetic = arithmetic_here(self.arithmetic)
        return f"sentences/4 {self.encoder_sha256} {encoder.MAX_TOKENS} {arithmetic}{layers}"

    def fit(self, table: Table) -> None:
        """Do nothing: the encoder is pretrained."""

    def transform(self, table: Table, resources: Resources) -> Matrix:
        folder = resources.cache.folder
        arithmetic = arithmetic_here(self.arithmetic)
        name = f"embeddings-4-{self.encoder_sha256[:16]}-{encoder.MAX_TOKENS}-{arithmetic}.sqlite3"
        return encoder.encode(
            [" ".join(cell.split()) for cell in table[self.column]],
            store=EmbeddingStore(folder / name if folder else None),
            n_threads=resources.n_jobs,
            progress=resources.progress,
            arithmetic=arithmetic,
            folder=self.encoder_folder,
            is_deep=self.is_deep,
        )


class TopicFeatures(Featuriser):
    """Latent topics of TF-IDF weights (LSA), dense.

    A row's length is at most 1; the less of a text the topics explain, the shorter it is. Terms are
    character sequences; words in long texts; characters in scripts without spaces.
    """

    def __init__(self, column: str, *, n_topics: int, seed: int) -> None:
        self.column = column
        self._n_topics = n_topics
        self._seed = seed
        self._terms: TfidfFeatures | None = None
        self._svd: TruncatedSVD | None = None

    @property
    def signature(self) -> str:
        return f"topics/3 {self._n_topics} {self._seed}"

    def fit(self, table: Table) -> None:
        self.fit_transform(table, Resources())

    def transform(self, table: Table, resources: Resources) -> Matrix:
        if self._terms is None or self._svd is None:
            return np.zeros((table.n_rows, 1), dtype=np.float32)
        weights = self._terms.transform(table, resources)
        return np.asarray(self._svd.transform(weights), dtype=np.float32)

    def fit_transform(self, table: Table, resources: Resources) -> Matrix:
        cells = table[self.column]
        is_long = sum(map(len, cells)) > LONG_TEXT * len(cells)
        if not is_spaced(cells):
            self._terms = TfidfFeatures(self.column, analyzer="char", shortest=1, longest=1)
        elif is_long:
            self._terms = TfidfFeatures(self.column, analyzer="word", shortest=1, longest=1)
        else:
            self._terms = TfidfFeatures(self.column, analyzer="char_wb", shortest=2, longest=3)
        weights = self._terms.fit_transform(table, resources)
        # Few topics for few rows, or an odd row would become a topic of its own.
        n_topics = min(self._n_topics, weights.shape[0] // _ROWS_PER_TOPIC, weights.shape[1] - 1)
        if n_topics <= 0:
            return self.transform(table, resources)
        self._svd = TruncatedSVD(n_topics, n_iter=2, random_state=self._seed).fit(weights)
        return np.asarray(self._svd.transform(weights), dtype=np.float32)
