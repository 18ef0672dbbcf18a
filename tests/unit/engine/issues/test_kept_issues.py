"""What was found without looking at labels is recalled for corrected labels, and is what would be
found anew.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from studio.engine.issues import base, kept
from studio.engine.issues.registry import ISSUE_TYPES
from studio.engine.issues.rows import outlier
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetSpec
from studio.engine.study import study
from tests.unit.engine.frames import (
    planted_table_with_oddities,
    planted_text_with_oddities,
    table_spec,
    text_spec,
)

CASES = [
    (planted_table_with_oddities().frame, table_spec()),
    (planted_text_with_oddities().frame, text_spec()),
]


def corrected(frame: pd.DataFrame) -> pd.DataFrame:
    labels = frame["label"].copy()
    labels.iloc[:10] = labels.iloc[10:20].to_numpy()
    return frame.assign(label=labels)


@pytest.mark.parametrize(("frame", "spec"), CASES, ids=["table", "text"])
def test_corrected_labels_find_the_same_with_and_without_what_was_kept(
    frame: pd.DataFrame, spec: CleansetSpec, tmp_path: Path
) -> None:
    build_cleanset(frame, spec, cache_dir=tmp_path)
    recalled = build_cleanset(corrected(frame), spec, cache_dir=tmp_path)
    pd.testing.assert_frame_equal(recalled.issues, build_cleanset(corrected(frame), spec).issues)


def test_rows_are_not_measured_again_for_corrected_labels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, spec = CASES[0]
    build_cleanset(frame, spec, cache_dir=tmp_path)
    monkeypatch.setattr(outlier, "nearest_distances", _refuse)
    monkeypatch.setattr(study, "similar_rows", _refuse)
    build_cleanset(corrected(frame), spec, cache_dir=tmp_path)
    changed = frame.assign(height=frame["height"].where(frame.index != 3, "17"))
    with pytest.raises(AssertionError, match="measured again"):
        build_cleanset(changed, spec, cache_dir=tmp_path)


@pytest.mark.parametrize(("frame", "spec"), CASES, ids=["table", "text"])
def test_rows_are_not_divided_again_unless_a_column_has_another_name(
    frame: pd.DataFrame, spec: CleansetSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_cleanset(frame, spec, cache_dir=tmp_path)
    monkeypatch.setattr(base, "partitions", _refuse)
    monkeypatch.setattr(base, "number_ranges", _refuse)
    build_cleanset(corrected(frame), spec, cache_dir=tmp_path)
    first, *others = spec.feature_columns
    kinds = {
        "another": spec.column_kinds[first],
        **{name: spec.column_kinds[name] for name in others},
    }
    renamed = replace(spec, feature_columns=("another", *others), column_kinds=kinds)
    with pytest.raises(AssertionError, match="measured again"):
        build_cleanset(frame.rename(columns={first: "another"}), renamed, cache_dir=tmp_path)


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("measured again")


def test_only_detectors_that_read_no_labels_are_recalled() -> None:
    kept_names = {issue.name for issue in ISSUE_TYPES if issue.content_version}
    assert kept_names == {"outliers", "languages", "informal texts", "toxic texts", "sentiment"}


def test_texts_and_missing_ones_survive_being_kept() -> None:
    columns = {"predicted_language": ["中文", None, "English"]}
    assert kept._columns(kept._as_arrays(columns)) == columns
