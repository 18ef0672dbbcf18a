"""Which views of the data there are, by modality."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from studio.engine.features.base import Featuriser
from studio.engine.features.tabular import Reader, SentencesAndColumns, TableFeatures
from studio.engine.features.text import SentenceFeatures, TfidfFeatures, TopicFeatures
from studio.engine.ml_task import Modality
from studio.engine.schema import CleansetSpec

_N_TOPICS = 64


def _words(spec: CleansetSpec) -> Featuriser:
    return TfidfFeatures(spec.feature_columns[0], analyzer="word", shortest=1, longest=2)


def _characters(spec: CleansetSpec) -> Featuriser:
    return TfidfFeatures(spec.feature_columns[0], analyzer="char_wb", shortest=2, longest=5)


def _symbols(spec: CleansetSpec) -> Featuriser:
    # For scripts without spaces, where one to three characters are a word.
    return TfidfFeatures(spec.feature_columns[0], analyzer="char", shortest=1, longest=3)


def _topics(spec: CleansetSpec) -> Featuriser:
    return TopicFeatures(spec.feature_columns[0], n_topics=_N_TOPICS, seed=spec.seed)


def _sentences(spec: CleansetSpec) -> Featuriser:
    return SentenceFeatures(spec.feature_columns[0], spec.encoder_folder, spec.arithmetic)


def _layers(spec: CleansetSpec) -> Featuriser:
    return SentenceFeatures(
        spec.feature_columns[0], spec.encoder_folder, spec.arithmetic, is_deep=True
    )


def _table(reader: Reader) -> Callable[[CleansetSpec], Featuriser]:
    return lambda spec: TableFeatures(
        spec.feature_columns, spec.column_kinds, reader=reader, seed=spec.seed
    )


VIEWS: Mapping[str, Callable[[CleansetSpec], Featuriser]] = {
    "words": _words,
    "characters": _characters,
    "symbols": _symbols,
    "topics": _topics,
    "sentences": _sentences,
    "layers": _layers,
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
