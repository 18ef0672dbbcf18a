"""Cells of a label column, and what the analysis makes of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from studio.engine.conventions.label_sets import Separator
from studio.engine.labels.encoding import encode_labels
from studio.engine.labels.reading import class_counts, read_labels, written_labels
from studio.engine.ml_task import MLTask
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetSpec
from tests.data_builders import planted_text
from tests.unit.engine.frames import text_spec

MERGED = {"spam": "Spam", "SPAM": "Spam"}


def set_spec(separator: Separator = Separator.JSON) -> CleansetSpec:
    return replace(text_spec(), task=MLTask.MULTI_LABEL, separator=separator)


def test_merged_spellings_are_one_class() -> None:
    spec = replace(text_spec(), merged_labels=MERGED)
    assert read_labels(["spam", "Spam", "ham", "SPAM", None, ""], spec) == [
        "Spam",
        "Spam",
        "ham",
        "Spam",
        None,
        "",
    ]
    assert read_labels(["spam", "Spam"], spec.as_spelled()) == ["spam", "Spam"]


def test_spellings_are_merged_inside_sets() -> None:
    spec = replace(set_spec(), merged_labels=MERGED)
    assert read_labels(['["spam", "Spam"]', '["a,b", "SPAM"]', "[]", None], spec) == [
        "Spam",
        '"a,b",Spam',
        "",
        None,
    ]


def test_a_label_is_written_as_its_column_writes_it() -> None:
    sets = ['"a,b",c', "", None]
    assert written_labels(sets, set_spec()) == ['["a,b", "c"]', "[]", None]
    assert written_labels(sets, set_spec(Separator.BAR)) == ["a,b|c", "", None]
    assert written_labels(["a;b", None], text_spec()) == ["a;b", None]


@pytest.mark.parametrize("task", [MLTask.MULTI_CLASS, MLTask.MULTI_LABEL])
def test_the_page_counts_what_the_analysis_counts(task: MLTask) -> None:
    spec = replace(text_spec(), task=task, separator=Separator.SEMICOLON, merged_labels=MERGED)
    cells = ["spam;ham", "Spam", "ham", "", " ", None, "spam", "SPAM;eggs", "ham;ham", "\t"]
    counts = class_counts(zip(read_labels(cells, spec), [1] * len(cells), strict=True), task)
    labels = encode_labels(read_labels(cells, spec), task)

    assert dict(counts.classes) == dict(
        zip(labels.classes, labels.class_counts.tolist(), strict=True)
    )
    assert counts.n_unlabeled == int((~labels.is_labeled).sum())
    assert counts.n_rows == len(cells)


def test_lists_give_what_separated_sets_give_and_null_is_no_label() -> None:
    frame = planted_text(90).frame
    sets = [
        [label, "urgent"] if row % 5 == 0 else [label] for row, label in enumerate(frame["label"])
    ]
    sets[7] = []
    listed = frame.assign(label=[str(names) for names in sets])
    separated = frame.assign(label=[";".join(names) for names in sets])

    by_lists = build_cleanset(listed, set_spec(Separator.PYTHON))
    by_marks = build_cleanset(separated, set_spec(Separator.SEMICOLON))

    pd.testing.assert_frame_equal(by_lists.issues, by_marks.issues)
    assert by_lists.classes == ("account", "billing", "delivery", "urgent")

    listed.loc[7, "label"] = None
    issues = build_cleanset(listed, set_spec(Separator.PYTHON)).issues
    assert np.flatnonzero(issues["is_initially_unlabeled"]).tolist() == [7]
    assert not issues.loc[7, ["is_label_issue", "is_well_labeled"]].any()
    assert issues.loc[7, "label_issue_score"] == 0
    assert set(Counter(str(issues.loc[7, "suggested_label"]).split(","))) <= set(by_lists.classes)
