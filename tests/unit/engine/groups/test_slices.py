"""Slices whose labels are exchanged are found and named, and nothing is made of slices that are
merely hard.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studio.engine.groups.partitions import Partition
from studio.engine.groups.slices import MAX_WRONG, find_slices, judged
from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import MLTask
from studio.engine.recipes.build import build_cleanset
from studio.engine.table.columns import ColumnKind
from tests.unit.engine.frames import table_spec

KINDS = {"size": ColumnKind.NUMBER, "age": ColumnKind.NUMBER, "region": ColumnKind.CATEGORICAL}
EXCHANGED = {"yes": "no", "no": "yes"}
REGIONS = Partition(np.arange(400) % 4, ["north", "east", "south", "west"])


def plain_frame(n_rows: int = 600) -> pd.DataFrame:
    """Return rows whose label follows from size and age, the same in all regions."""
    rng = np.random.default_rng(0)
    size, age = rng.normal(50, 10, n_rows), rng.uniform(20, 60, n_rows)
    label = np.where(size + age / 4 + rng.normal(0, 3, n_rows) > 60, "yes", "no")
    region = rng.choice(["north", "east", "south", "west"], n_rows)
    columns = {
        "size": size.round(2).astype(str),
        "age": age.round(2).astype(str),
        "region": region,
        "label": label,
    }
    return pd.DataFrame(columns, dtype=object)


def exchanged(frame: pd.DataFrame, where: pd.Series) -> pd.DataFrame:
    return frame.assign(label=frame["label"].where(~where, frame["label"].map(EXCHANGED)))


def described_probabilities() -> tuple[list[str], np.ndarray]:
    """Return 400 labels and a model that is right about three quarters of them."""
    rng = np.random.default_rng(0)
    is_yes = rng.random(400) < 0.5
    is_right = rng.random(400) < 0.75
    p_yes = np.where(is_yes == is_right, 0.75, 0.25)
    return np.where(is_yes, "yes", "no").tolist(), np.column_stack([1 - p_yes, p_yes]).astype(
        np.float32
    )


def test_exchanged_value_is_named_and_its_rows_lead_the_label_issues() -> None:
    frame = plain_frame()
    is_north = frame["region"] == "north"
    result = build_cleanset(exchanged(frame, is_north), table_spec(KINDS))
    (found,) = result.health.inverted
    assert (found.description, found.n_rows) == ("region = north", is_north.sum())
    assert found.n_contradicted > 0.8 * found.n_rows
    assert {found.given, found.suggested} == {"yes", "no"}
    worst = result.issues["label_issue_score"].nlargest(100).index
    assert is_north[worst].mean() > 0.9
    flagged = result.issues["is_label_issue"]
    assert not (flagged & result.issues["is_well_labeled"]).any()
    assert (result.issues["suggested_label"] == frame["label"])[flagged & is_north].mean() > 0.9


def test_exchanged_range_of_a_number_is_found() -> None:
    frame = plain_frame(900)
    is_old = frame["age"].astype(float) > 54
    result = build_cleanset(exchanged(frame, is_old), table_spec(KINDS))
    assert result.health.inverted
    assert result.health.inverted[0].description.startswith("age from 5")


@pytest.mark.parametrize("share", [0.0, 0.15])
def test_clean_rows_and_scattered_errors_form_no_group(share: float) -> None:
    frame = plain_frame()
    is_wrong = pd.Series(np.random.default_rng(1).random(len(frame)) < share)
    assert build_cleanset(exchanged(frame, is_wrong), table_spec(KINDS)).health.inverted == ()


def test_group_without_a_pattern_is_hard_and_not_exchanged() -> None:
    labels, simple = described_probabilities()
    shuffled = np.array(labels, dtype=object)
    shuffled[::4] = np.random.default_rng(3).permutation(shuffled[::4])
    assert (
        find_slices(encode_labels(shuffled.tolist(), MLTask.MULTI_CLASS), simple, [REGIONS]) == ()
    )


def test_rows_belong_to_one_slice_and_others_are_judged_as_before() -> None:
    given, simple = described_probabilities()
    given[::4] = [EXCHANGED[label] for label in given[::4]]
    labels = encode_labels(given, MLTask.MULTI_CLASS)
    again = Partition(np.where(REGIONS.members == 0, 0, -1), ["the same by another name"])
    (found,) = find_slices(labels, simple, [REGIONS, again])
    assert found.description == "north"
    assert found.rows.tolist() == list(range(0, 400, 4))
    assert found.wrong_fraction == MAX_WRONG
    ensemble = np.full((400, 2), 0.5, dtype=np.float32)
    probabilities = judged(ensemble, simple, labels, [found])
    others = REGIONS.members != 0
    assert (probabilities[others] == ensemble[others]).all()
    assert (probabilities[found.rows, labels.codes[found.rows]] < 0.5).all()
