"""Which views of the data there are, by modality."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from studio.engine.features.base import Featuriser
from studio.engine.features.tabular import Reader, SentencesAndColumns, TableFeatures
from studio.engine.features.text import SentenceFeatures, TfidfFeatures, TopicFeatures
from studio.engine.ml_task import Modality
from studio.engine.schema import CleansetSpec

_N_TOPICS = 64  # of texts without embeddings


def _terms(analyzer: str, shortest: int, longest: int) -> Callable[[CleansetSpec], Featuriser]:
    return lambda spec: TfidfFeatures(
        spec.feature_columns[0], analyzer=analyzer, shortest=shortest, longest=longest
    )


def _topics(spec: CleansetSpec) -> Featuriser:
    return TopicFeatures(spec.feature_columns[0], n_topics=_N_TOPICS, seed=spec.seed)


def _sentences(*, is_deep: bool) -> Callable[[CleansetSpec], Featuriser]:
    return lambda spec: SentenceFeatures(
        spec.feature_columns[0], spec.encoder_folder, spec.arithmetic, is_deep=is_deep
    )


def _table(reader: Reader) -> Callable[[CleansetSpec], Featuriser]:
    return lambda spec: TableFeatures(
        spec.feature_columns, spec.column_kinds, reader=reader, seed=spec.seed
    )


VIEWS: Mapping[str, Callable[[CleansetSpec], Featuriser]] = {
    "words": _terms("word", 1, 2),
    "characters": _terms("char_wb", 2, 5),
    "symbols": _terms("char", 1, 3),  # in scripts without spaces, a word is so many characters
    "topics": _topics,
    "sentences": _sentences(is_deep=False),
    "layers": _sentences(is_deep=True),
    "both": SentencesAndColumns,
    "trees": _table(Reader.TREES),
    "linear": _table(Reader.LINEAR),
    "distances": _table(Reader.DISTANCES),
}


ENCODED = frozenset({"sentences", "layers", "both"})  # views that the sentence encoder makes


def distance_view(spec: CleansetSpec) -> str:
    """Return the view in which near rows are alike, for outliers and near duplicates."""
    if spec.modality is Modality.TABULAR:
        return "distances"
    return "sentences" if spec.may_encode else "topics"
