"""The one sentence below the labels of a row that says why the row is flagged.

Nobody asked for it, so it costs little: similar rows are looked up in data of moderate size only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cleansets import explanations, held_out, row_query
from cleansets.label_text import number, number_text
from cleansets.models import Cleanset
from cleansets.pages.review.why import N_SIMILAR, doubted_classes, votes
from cleansets.row_query import RowSource
from studio.engine.conventions.label_sets import split_labels
from studio.engine.ml_task import MLTask
from studio.figures import percent

MAX_NUMBERS = 16_000_000  # of all vectors together, which are compared within 40 ms
MAX_COPIES = 50  # whose labels are looked up


def why_line(cleanset: Cleanset, row_id: int, issue: str, source: RowSource) -> str | None:
    """Say why a row is flagged, first of all for `issue`, the view it is read in.

    The sentence is empty if there is nothing to say; None means that there is no such row.
    """
    row = row_query.fetch_decidable([row_id], source).get(row_id)
    if row is None:
        return None
    if issue == "outlier" and row.get("is_outlier"):
        return _outlier_sentence(row, source)
    if issue == "near_duplicate" and row.get("is_near_duplicate"):
        return _copies_sentence(cleanset, row, source)
    if issue == "ambiguous" and row.get("is_ambiguous"):
        return _ambiguous_sentence(cleanset, row_id) or _label_sentence(cleanset, row, source)
    if cleanset.task is not MLTask.UNSUPERVISED:
        return _label_sentence(cleanset, row, source)
    if row.get("is_near_duplicate"):
        return _copies_sentence(cleanset, row, source)
    if row.get("is_outlier"):
        return _outlier_sentence(row, source)
    return ""


def _outlier_sentence(row: Mapping[str, Any], source: RowSource) -> str:
    [(n_worse, n_rows)] = source.fetch(
        "SELECT count(*) FILTER (outlier_score > ?), count(outlier_score) FROM issues",
        [row["outlier_score"]],
    )
    if not n_worse:
        return f"Of {n_rows:,} rows, this one is the least like the others."
    are = "row is" if n_worse == 1 else "rows are"
    return f"Of {n_rows:,} rows, only {n_worse:,} {are} less like the others."


def _copies_sentence(cleanset: Cleanset, row: Mapping[str, Any], source: RowSource) -> str:
    found = source.fetch(
        "SELECT row_id FROM issues WHERE near_duplicate_cluster_id = ? ORDER BY row_id LIMIT ?",
        [row["near_duplicate_cluster_id"], MAX_COPIES],
    )
    row_ids = [row_id for (row_id,) in found]
    n_rows = f"{len(row_ids)} or more" if len(row_ids) == MAX_COPIES else str(len(row_ids))
    if cleanset.task is MLTask.UNSUPERVISED:
        return f"{n_rows} rows are almost the same."
    copies = row_query.fetch_decidable(row_ids, source).values()
    labels = {copy["clean_label"] for copy in copies}
    if len(labels) == 1:
        return f"{n_rows} rows are almost the same, and so are their labels."
    return f"{n_rows} rows are almost the same, but their labels differ."


def _ambiguous_sentence(cleanset: Cleanset, row_id: int) -> str:
    if cleanset.task is not MLTask.MULTI_CLASS:
        return ""
    probabilities = held_out.class_probabilities(cleanset, row_id)
    first, second = (-probabilities).argsort()[:2].tolist()
    return (
        f"The models hesitate between “{cleanset.classes[first]}”"
        f" ({percent(probabilities[first], 0)}) and “{cleanset.classes[second]}”"
        f" ({percent(probabilities[second], 0)})."
    )


def _label_sentence(cleanset: Cleanset, row: Mapping[str, Any], source: RowSource) -> str:
    row_id = int(row["row_id"])
    labels = _similar_labels(cleanset, row_id, source)
    if cleanset.task is MLTask.REGRESSION:
        return _number_sentence(cleanset, labels)
    if cleanset.task is MLTask.MULTI_LABEL:
        return _set_sentence(cleanset, row, labels)
    return _class_sentence(cleanset, row_id, labels)


def _similar_labels(cleanset: Cleanset, row_id: int, source: RowSource) -> list[str]:
    if explanations.n_numbers(cleanset) > MAX_NUMBERS:
        return []
    near = explanations.nearest_rows(cleanset, row_id, N_SIMILAR)
    facts = row_query.fetch_decidable(near, source)
    labels = [facts[other]["clean_label"] for other in near]
    return [label for label in labels if label is not None]


def _class_sentence(cleanset: Cleanset, row_id: int, similar: Sequence[str]) -> str:
    voted = Counter(vote.label for vote in votes(cleanset, row_id)).most_common()
    n_models = sum(n for _, n in voted)
    alike = Counter(similar).most_common(1)
    if not voted and not alike:
        return ""
    if not voted:
        [(label, n_rows)] = alike
        return f"{n_rows} of the {len(similar)} most similar rows are labeled “{label}”."
    (label, n_for), *_ = voted
    sentence = f"{_voters(n_for, n_models)} for “{label}”"
    if not alike:
        return f"{sentence}."
    [(same, n_rows)] = alike
    if same == label:
        return f"{sentence}, the label of {n_rows} of the {len(similar)} most similar rows."
    return f"{sentence}; {n_rows} of the {len(similar)} most similar rows are labeled “{same}”."


def _voters(n_models: int, n_all: int) -> str:
    if n_all == 1:
        return "The model votes"
    if n_models < n_all:
        return f"{n_models} of {n_all} models vote"
    return "Both models vote" if n_all == 2 else f"All {n_all} models vote"


def _set_sentence(cleanset: Cleanset, row: Mapping[str, Any], similar: Sequence[str]) -> str:
    name = doubted_classes(cleanset, row)[0]
    chances = held_out.class_probabilities(cleanset, int(row["row_id"]))
    chance = percent(chances[cleanset.classes.index(name)], 0)
    is_given = "given" if name in split_labels(row["given_label"]) else "not given"
    sentence = f"“{name}” is {is_given} and {chance} likely"
    if not similar:
        return f"{sentence}."
    n_with = sum(name in split_labels(label) for label in similar)
    return f"{sentence}; {n_with or 'none'} of the {len(similar)} most similar rows have it."


def _number_sentence(cleanset: Cleanset, similar: Sequence[str]) -> str:
    convention = cleanset.label_convention
    numbers = [number(label, convention) for label in similar]
    known = sorted(value for value in numbers if value is not None)
    if not known:
        return ""
    low = number_text(known[0], convention)
    high = number_text(known[-1], convention)
    if len(known) == 1 or low == high:
        return f"The most similar rows have {low}."
    return f"The {len(known)} most similar rows have {low} to {high}."
