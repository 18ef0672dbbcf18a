"""Why a row is flagged: votes of the models, similar rows, and what its cells speak for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cleansets import explanations, held_out, row_query
from cleansets.explanations import Contrast
from cleansets.label_text import ShownLabel, is_same_label, number, number_text, shown_label
from cleansets.models import Cleanset
from cleansets.pages.review.why_folds import FoldVote, fold_votes, folds_sentence
from cleansets.row_query import RowSource
from cleansets.shown_text import with_line_breaks
from studio.engine.conventions.label_sets import split_labels
from studio.engine.ml_task import MLTask, Modality
from studio.engine.text.words import word_spans
from studio.figures import percent

N_SIMILAR = 5
N_VALUES = 6  # that speak for a class
N_COMPARED = 3  # classes of a set
MAX_CHARS = 300  # of a similar row that are shown


@dataclass(frozen=True, slots=True)
class Vote:
    """What one model finds likeliest."""

    model: str
    label: str


@dataclass(frozen=True, slots=True)
class SimilarRow:
    """A similar row with its present label."""

    row_id: int
    text: str
    label: ShownLabel | None


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the row, and how many times as often one class has it as the other."""

    text: str
    times: float


@dataclass(frozen=True, slots=True)
class ClassComparison:
    """What speaks for one class rather than another; `other` is empty for all other rows."""

    label: str
    other: str
    for_label: list[Value]
    for_other: list[Value]


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of the row's text; `speaks` is "for" or "against" the first class compared, or
    empty.
    """

    text: str
    speaks: str


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that explains one row."""

    row_id: int
    sentences: list[str]
    votes: list[Vote]
    similar: list[SimilarRow]
    folds: list[FoldVote]
    comparisons: list[ClassComparison]
    parts: list[TextPart]

    @property
    def is_empty(self) -> bool:
        """Whether the analysis kept nothing that explains the row."""
        return not (self.votes or self.similar or self.comparisons)


def why(cleanset: Cleanset, row_id: int, source: RowSource) -> Why | None:
    """Explain one row; None if it does not exist."""
    row = row_query.fetch_row(row_id, source)
    if row is None:
        return None
    near = explanations.near_rows(cleanset, row_id, N_SIMILAR, with_folds=True)
    similar = _similar(cleanset, near.rows, source)
    found_votes = votes(cleanset, row_id)
    contrasts = _contrasts(cleanset, row)
    doubted = ""
    if cleanset.task is MLTask.MULTI_LABEL:
        doubted = doubted_classes(cleanset, row)[0]
    folds = []
    if cleanset.task is not MLTask.UNSUPERVISED:
        folds = fold_votes(cleanset, near.by_fold, source, doubted)
    sentences = [
        _models_sentence(cleanset, row),
        _votes_sentence(found_votes) if cleanset.task is MLTask.MULTI_CLASS else "",
        _similar_sentence(cleanset, similar, row["clean_label"]),
        folds_sentence(cleanset.task, folds),
    ]
    parts = []
    if cleanset.project.modality == Modality.TEXT and contrasts:
        text = row["own"][cleanset.feature_columns[0]] or ""
        parts = marked(with_line_breaks(text), next(iter(contrasts.values())))
    return Why(
        row_id=row_id,
        sentences=[sentence for sentence in sentences if sentence],
        votes=found_votes,
        similar=similar,
        folds=folds,
        comparisons=[
            _comparison(cleanset, pair, found) for pair, found in contrasts.items() if found
        ],
        parts=parts,
    )


def votes(cleanset: Cleanset, row_id: int) -> list[Vote]:
    """Return what each model of the ensemble finds likeliest, the heaviest first."""
    found = []
    for model, value in explanations.votes(cleanset, row_id):
        if cleanset.task is MLTask.REGRESSION:
            found.append(Vote(model, number_text(value, cleanset.label_convention)))
        elif value >= 0:
            found.append(Vote(model, cleanset.classes[int(value)]))
    return found


def _similar(cleanset: Cleanset, near: list[int], source: RowSource) -> list[SimilarRow]:
    columns = cleanset.feature_columns
    rows = row_query.fetch_rows(near, source, columns) if near else []
    return [
        SimilarRow(
            row_id=row["row_id"],
            text=" · ".join(row["own"][name] or "–" for name in columns)[:MAX_CHARS],
            label=shown_label(cleanset.task, row["clean_label"], cleanset.label_convention),
        )
        for row in rows
    ]


def _contrasts(cleanset: Cleanset, row: Mapping[str, Any]) -> dict[tuple[str, str], list[Contrast]]:
    """Return what speaks for and against, by pair of classes; the other one of a set is empty."""
    if not cleanset.value_counts_key:
        return {}
    row_id = int(row["row_id"])
    cells = {name: row["own"][name] for name in cleanset.feature_columns}
    codes = {name: code for code, name in enumerate(cleanset.classes)}
    if cleanset.task is MLTask.MULTI_LABEL:
        given = set(split_labels(row["given_label"]))
        own = [codes[name] for name in given if name in codes]
        return {
            (name, ""): explanations.contrasts(cleanset, row_id, cells, codes[name], own=own)
            for name in doubted_classes(cleanset, row)
        }
    given_label = row["given_label"]
    own = [codes[given_label]] if given_label in codes else []
    label, other = _two_classes(cleanset, row)
    found = explanations.contrasts(cleanset, row_id, cells, codes[label], codes[other], own=own)
    return {(label, other): found}


def _two_classes(cleanset: Cleanset, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return the likeliest class, and the given one; the second likeliest if they are the same."""
    probabilities = held_out.class_probabilities(cleanset, int(row["row_id"]))
    first, second = (cleanset.classes[code] for code in (-probabilities).argsort()[:2])
    given = row["given_label"]
    if given in cleanset.classes and given != first:
        return first, given
    return first, second


def doubted_classes(cleanset: Cleanset, row: Mapping[str, Any]) -> list[str]:
    """Return the classes about which the models disagree most with the given set."""
    given = set(split_labels(row["given_label"]))
    probabilities = held_out.class_probabilities(cleanset, int(row["row_id"]))
    gaps = {
        name: abs((name in given) - float(chance))
        for name, chance in zip(cleanset.classes, probabilities, strict=True)
    }
    doubted = [name for name in gaps if gaps[name] > 0.5] or [max(gaps, key=lambda n: gaps[n])]
    return sorted(doubted, key=lambda name: -gaps[name])[:N_COMPARED]


def _comparison(
    cleanset: Cleanset, pair: tuple[str, str], contrasts: list[Contrast]
) -> ClassComparison:
    n_texts = len(cleanset.feature_columns)
    for_label = [one for one in contrasts if one.ratio > 1][:N_VALUES]
    for_other = [one for one in contrasts if one.ratio < 1][:N_VALUES]
    return ClassComparison(
        label=pair[0],
        other=pair[1],
        for_label=[Value(_value_text(one, n_texts), one.ratio) for one in for_label],
        for_other=[Value(_value_text(one, n_texts), 1 / one.ratio) for one in for_other],
    )


def _value_text(contrast: Contrast, n_columns: int) -> str:
    if not contrast.is_word:
        return f"{contrast.column}: {contrast.value}"
    word = f"“{contrast.value}”"
    return word if n_columns == 1 else f"{word} in {contrast.column}"


def marked(text: str, contrasts: list[Contrast]) -> list[TextPart]:
    """Split a text where words begin and end that speak for or against a class."""
    side = {one.value: "for" if one.ratio > 1 else "against" for one in contrasts if one.is_word}
    parts = []
    end = 0
    for word, start, stop in word_spans(text):
        if word not in side or start < end:
            continue
        if start > end:
            parts.append(TextPart(text[end:start], ""))
        parts.append(TextPart(text[start:stop], side[word]))
        end = stop
    if end < len(text):
        parts.append(TextPart(text[end:], ""))
    return parts


def _models_sentence(cleanset: Cleanset, row: Mapping[str, Any]) -> str:
    if cleanset.task is MLTask.REGRESSION:
        return _number_sentence(cleanset, row)
    if cleanset.task is MLTask.MULTI_LABEL:
        return _set_sentence(cleanset, row)
    if cleanset.task is not MLTask.MULTI_CLASS:
        return ""
    first, second = _two_classes(cleanset, row)
    probabilities = held_out.class_probabilities(cleanset, int(row["row_id"]))
    chances = dict(zip(cleanset.classes, probabilities.tolist(), strict=True))
    sentence = f"The models expect “{first}” with {percent(chances[first], 0)}"
    if row["given_label"] != second:
        return f"{sentence}; next is “{second}” with {percent(chances[second], 0)}."
    sentence = f"{sentence} and the given label “{second}” with {percent(chances[second], 0)}"
    usual = explanations.class_threshold(cleanset, cleanset.classes.index(second))
    if usual is None:
        return f"{sentence}."
    return f"{sentence}; rows labeled “{second}” get {percent(usual, 0)} on average."


def _set_sentence(cleanset: Cleanset, row: Mapping[str, Any]) -> str:
    given = set(split_labels(row["given_label"]))
    probabilities = held_out.class_probabilities(cleanset, int(row["row_id"]))
    chances = dict(zip(cleanset.classes, probabilities.tolist(), strict=True))
    parts = []
    for name in doubted_classes(cleanset, row):
        is_given = "given" if name in given else "not given"
        parts.append(f"“{name}”, which is {is_given}, with {percent(chances[name], 0)}")
    return f"The models expect {'; '.join(parts)}."


def _number_sentence(cleanset: Cleanset, row: Mapping[str, Any]) -> str:
    expected, error = held_out.predicted_number(cleanset, int(row["row_id"]))
    convention = cleanset.label_convention
    given = number(row["given_label"], convention)
    sentence = f"The models expect {number_text(expected, convention)}"
    if not error > 0:
        return f"{sentence}."
    sentence = f"{sentence} and to be wrong by {number_text(error, convention)}"
    if given is None:
        return f"{sentence}."
    gap = abs(given - expected) / error
    return (
        f"{sentence}; the given number {number_text(given, convention)} is {gap:.1f} times as far"
        " away."
    )


def _votes_sentence(votes: list[Vote]) -> str:
    if not votes:
        return ""
    (label, n), *others = Counter(vote.label for vote in votes).most_common()
    if not others:
        return {1: "", 2: "Both models agree."}.get(n, f"All {n} models agree.")
    return f"{n} of {len(votes)} models vote for “{label}”."


def _similar_sentence(cleanset: Cleanset, similar: list[SimilarRow], label: str | None) -> str:
    labels = [row.label.exact for row in similar if row.label]
    if not labels or cleanset.task is MLTask.REGRESSION:
        return ""
    if cleanset.task is MLTask.MULTI_LABEL:
        n_same = sum(is_same_label(cleanset.task, label, other) for other in labels)
        return f"{n_same or 'None'} of the {len(labels)} most similar rows have the same classes."
    likeliest, n = Counter(labels).most_common(1)[0]
    return f"{n} of the {len(labels)} most similar rows are labeled “{likeliest}”."
