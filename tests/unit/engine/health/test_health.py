"""What is said of a dataset as a whole, in frames made so that it is true."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from studio.engine.health.flagged import wrong_and_missed
from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import MLTask
from studio.engine.recipes.build import build_cleanset
from studio.engine.schema import CleansetSpec
from studio.engine.schema.health import Health
from studio.engine.table.columns import ColumnKind
from tests.data_builders import planted_table, planted_text
from tests.unit.engine.frames import shuffled, table_spec, text_spec

NUMBERS = {"x": ColumnKind.NUMBER, "y": ColumnKind.NUMBER}


def health_of(
    frame: pd.DataFrame, spec: CleansetSpec | None = None, split: str | None = None
) -> Health:
    return build_cleanset(frame, spec or table_spec(), split_column=split).health


def two_clouds(n_rows: int, *, seed: int = 0) -> tuple[pd.DataFrame, np.random.Generator]:
    """Return rows of two classes that can be told apart, in random order."""
    rng = np.random.default_rng(seed)
    is_b = rng.integers(0, 2, n_rows)
    x = rng.normal(0, 1, (n_rows, 2)) + 5 * is_b[:, None]
    frame = pd.DataFrame(
        {"x": x[:, 0].round(3).astype(str), "y": x[:, 1].round(3).astype(str)}, dtype=object
    )
    return frame.assign(label=np.where(is_b, "b", "a")), rng


def test_flagged_set_without_a_suggestion_counts_for_no_class() -> None:
    labels = encode_labels(["red", "red,large", "large"], MLTask.MULTI_LABEL)
    spec = SimpleNamespace(task=MLTask.MULTI_LABEL)
    evidence = SimpleNamespace(study=SimpleNamespace(spec=spec, labels=labels))
    issues = pd.DataFrame(
        {"is_label_issue": [True, True, False], "suggested_label": ["large", np.nan, None]}
    )
    wrong, missed = wrong_and_missed(evidence, issues)  # type: ignore[arg-type]
    assert labels.classes == ("large", "red")
    assert wrong.tolist() == [0, 1]
    assert missed.tolist() == [1, 0]


def test_noise_is_shown_by_given_and_suggested_class() -> None:
    frame = planted_table(300, n_wrong=0).frame
    wrong = frame.index[frame["label"] == "low"][:15]
    frame.loc[wrong, "label"] = "high"
    result = build_cleanset(frame, table_spec())
    health, flagged = result.health, result.issues[result.issues["is_label_issue"]]
    worst, pair = health.classes[0], health.confusions[0]
    assert (worst.name, worst.n_rows) == ("high", 115)
    assert worst.n_label_issues == (flagged.index.isin(wrong)).sum() >= 6
    assert (pair.given, pair.true, pair.n_rows) == ("high", "low", worst.n_label_issues)
    assert pair.fraction == worst.noise == pytest.approx(worst.n_label_issues / 115)
    assert {health.overlaps[0].first, health.overlaps[0].second} == {"high", "low"}
    assert health.classes[-1].noise == 0
    assert next(row for row in health.classes if row.name == "low").inverse_noise > 0.05
    assert health.label_quality is not None
    assert health.label_quality.score == pytest.approx(1 - len(flagged) / 300)


def test_list_of_label_issues_is_trusted_if_classes_can_be_told_apart() -> None:
    frame, rng = two_clouds(400)
    wrong = rng.choice(400, 40, replace=False)
    frame.loc[wrong, "label"] = frame.loc[wrong, "label"].map({"a": "b", "b": "a"})
    told_apart = health_of(frame, table_spec(NUMBERS)).trust
    blurred = frame.assign(label=np.where(rng.random(400) < 0.7, frame["label"], "a"))
    blurred["x"], blurred["y"] = rng.normal(size=400).astype(str), rng.normal(size=400).astype(str)
    guessed = health_of(blurred, table_spec(NUMBERS)).trust
    assert told_apart is not None
    assert told_apart.precision > 0.6
    assert told_apart.n_flagged == pytest.approx(40, abs=6)
    assert guessed is not None
    assert guessed.precision < 0.3


def test_file_sorted_by_class_is_called_ordered_and_a_shuffled_one_is_not() -> None:
    frame = two_clouds(300)[0]
    by_chance = health_of(frame, table_spec(NUMBERS)).order
    by_class = health_of(frame.sort_values("label", ignore_index=True), table_spec(NUMBERS)).order
    assert by_chance is not None
    assert not by_chance.is_ordered
    assert by_chance.same_label == pytest.approx(by_chance.same_label_by_chance, abs=0.1)
    assert by_class is not None
    assert by_class.is_ordered
    assert by_class.same_label > 0.99
    assert by_class.p_value < 0.01


def test_value_of_a_column_with_worse_labels_is_named() -> None:
    frame, rng = two_clouds(600)
    frame["source"] = rng.choice(["web", "phone", "mail"], 600)
    wrong = frame.index[(frame["source"] == "mail") & (rng.random(600) < 0.35)]
    frame.loc[wrong, "label"] = frame.loc[wrong, "label"].map({"a": "b", "b": "a"})
    groups = health_of(frame, table_spec(NUMBERS | {"source": ColumnKind.CATEGORICAL})).groups
    assert groups[0].description == "source = mail"
    assert groups[0].score > 2 * groups[0].score_of_rest
    assert not any("web" in group.description or "phone" in group.description for group in groups)


def test_copies_across_a_split_are_counted_on_both_sides() -> None:
    frame = planted_text(90, n_wrong=0).frame
    frame["split"] = ["train"] * 60 + ["test"] * 30
    long = "the courier left my very large parcel behind the green garden gate yesterday"
    more = pd.DataFrame(
        {
            "text": [frame.loc[0, "text"].upper(), long, f"{long} at noon", frame.loc[1, "text"]],
            "label": [frame.loc[0, "label"], "delivery", "delivery", frame.loc[1, "label"]],
            "split": ["test", "train", "test", "train"],
        }
    )
    before = health_of(frame, text_spec(), "split").leak
    after = health_of(pd.concat([frame, more], ignore_index=True), text_spec(), "split").leak
    assert before is not None
    assert after is not None
    assert after.n_rows == before.n_rows + 4
    assert [(side.value, side.n_rows, side.n_exact) for side in before.sides] == [
        ("test", 30, 0),
        ("train", 60, 0),
    ]
    assert [(side.value, side.n_rows, side.n_exact) for side in after.sides] == [
        ("test", 32, 1),
        ("train", 62, 1),
    ]


def test_column_of_many_values_is_not_a_split() -> None:
    frame = planted_text(90, n_wrong=0).frame.assign(fold=[str(row) for row in range(90)])
    assert health_of(frame, text_spec(), "fold").leak is None


def test_health_does_not_depend_on_the_order_of_rows_but_for_the_order() -> None:
    frame = planted_table(150).frame
    health, again = health_of(frame), health_of(shuffled(frame, 1)[0])
    assert health.classes == again.classes
    assert health.confusions == again.confusions
    assert health.groups == again.groups
    assert health.trust == again.trust


def test_each_task_gets_the_findings_that_make_sense() -> None:
    frame, rng = two_clouds(120)
    frame["number"] = (frame["x"].astype(float) * 3 + rng.normal(0, 0.1, 120)).round(2).astype(str)
    frame["set"] = np.where(rng.random(120) < 0.5, frame["label"], "a,b")
    spec = table_spec(NUMBERS)
    regression = health_of(frame, _for_task(spec, MLTask.REGRESSION, "number"))
    assert regression.number_errors is not None
    assert regression.number_errors.median < 3
    assert sum(regression.number_errors.counts) == 120
    assert regression.classes == ()
    sets = health_of(frame, _for_task(spec, MLTask.MULTI_LABEL, "set"))
    assert {row.name for row in sets.classes} == {"a", "b"}
    assert sets.trust is not None
    assert sets.trust.held_out is None
    assert sets.noise is not None
    assert {row.name for row in sets.noise.classes} == {"a", "b"}
    assert regression.noise is not None
    assert regression.noise.held_out is None
    unlabeled = health_of(frame, _for_task(spec, MLTask.UNSUPERVISED, None))
    assert unlabeled.order is not None
    assert unlabeled.label_quality is None


def _for_task(spec: CleansetSpec, task: MLTask, label: str | None) -> CleansetSpec:
    return replace(spec, task=task, label_column=label)


def test_health_survives_json() -> None:
    frame = planted_text(90).frame.assign(split=["a", "b", "c"] * 30)
    health = health_of(frame, text_spec(), "split")
    assert health.leak is not None
    assert Health.from_dict(json.loads(json.dumps(health.to_dict()))) == health
    assert Health.from_dict({}) == Health()
