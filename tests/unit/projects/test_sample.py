"""The sample data: planted issues are where the truth says, and people can read it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from projects.guess import guess_choice
from projects.readers import ReadLimits, read_table
from projects.readers.profile import profile_table
from projects.sample.phrases import CONFUSABLE
from projects.sample.support_requests import (
    TOPICS,
    Planted,
    SampleTable,
    make_support_requests,
    write_sample_csv,
)
from studio.engine.ml_task import Modality
from studio.engine.progress import Silent


@pytest.fixture(scope="module")
def sample() -> SampleTable:
    return make_support_requests()


def planted(sample: SampleTable, kind: Planted) -> pd.DataFrame:
    both = sample.frame.join(sample.truth)
    return both[both["planted"] == kind]


def test_equal_seeds_give_equal_tables(sample: SampleTable) -> None:
    again, other = make_support_requests(), make_support_requests(seed=1)
    pd.testing.assert_frame_equal(sample.frame, again.frame)
    pd.testing.assert_frame_equal(sample.truth, again.truth)
    assert (sample.frame["message"] != other.frame["message"]).mean() > 0.9


@pytest.mark.parametrize("n_rows", [100, 1200, 3000])
def test_as_many_issues_are_planted_as_promised(n_rows: int) -> None:
    table = make_support_requests(n_rows=n_rows)
    counts = table.truth["planted"].value_counts(normalize=True)
    assert len(table.frame) == len(table.truth) == n_rows
    assert counts["label error"] == pytest.approx(0.06, abs=0.005)
    assert counts["near duplicate"] == counts["unlabeled"] == pytest.approx(0.02, abs=0.005)
    assert counts["exact copy"] == counts["outlier"] == pytest.approx(0.01, abs=0.005)


def test_label_errors_fall_on_a_topic_that_people_mix_up(sample: SampleTable) -> None:
    errors = planted(sample, Planted.LABEL_ERROR)
    assert all(
        given in CONFUSABLE[true]
        for given, true in zip(errors["topic"], errors["true_topic"], strict=True)
    )


def test_all_other_labels_are_right_or_missing(sample: SampleTable) -> None:
    both = sample.frame.join(sample.truth)
    rest = both[both["planted"] != "label error"]
    is_wrong = rest["topic"] != rest["true_topic"]
    assert set(rest.loc[is_wrong, "planted"]) == {"unlabeled"}
    assert planted(sample, Planted.UNLABELED)["topic"].isna().all()


def test_twins_point_at_the_row_that_they_were_made_from(sample: SampleTable) -> None:
    copies, near = planted(sample, Planted.EXACT_COPY), planted(sample, Planted.NEAR_DUPLICATE)
    messages = sample.frame["message"]
    assert (copies["message"].to_numpy() == messages[copies["twin"]].to_numpy()).all()
    assert (near["message"].to_numpy() != messages[near["twin"]].to_numpy()).all()
    assert (sample.truth.loc[near["twin"], "planted"] == "clean").all()
    has_twin = set(sample.truth.loc[sample.truth["twin"] >= 0, "planted"])
    assert has_twin == {"exact copy", "near duplicate"}


def test_only_planted_copies_are_equal(sample: SampleTable) -> None:
    n_copies = len(planted(sample, Planted.EXACT_COPY))
    assert sample.frame["message"].duplicated().sum() == n_copies
    assert sample.frame["request_id"].is_unique


def test_topics_are_balanced_and_issues_spread_over_the_table(sample: SampleTable) -> None:
    assert set(sample.frame["topic"].dropna()) == set(TOPICS)
    assert sample.frame["topic"].value_counts().min() > 100
    positions = planted(sample, Planted.LABEL_ERROR).index
    assert positions.min() < 120 < 1080 < positions.max()


def test_messages_are_varied_and_no_slot_is_left_open(sample: SampleTable) -> None:
    clean = planted(sample, Planted.CLEAN)["message"]
    assert clean.str.len().between(15, 400).all()
    assert not clean.str.contains(r"[\[\]{}|]").any()
    assert clean.str.split().str[:6].str.join(" ").nunique() > 600


@pytest.mark.parametrize("n_rows", [99, 5_001])
def test_sizes_out_of_range_are_refused(n_rows: int) -> None:
    with pytest.raises(ValueError, match="100 to 5,000"):
        make_support_requests(n_rows=n_rows)


def test_the_largest_sample_can_be_made() -> None:
    assert len(make_support_requests(n_rows=5_000).frame) == 5_000


def test_the_written_sample_reads_back_and_is_understood(
    tmp_path: Path, sample: SampleTable
) -> None:
    path, out = tmp_path / "sample.csv", tmp_path / "sample.parquet"
    write_sample_csv(path)
    facts = read_table(path, path.name, out, progress=Silent(), limits=ReadLimits())
    guess = guess_choice(profile_table(out))
    assert (facts.n_rows, facts.columns) == (1200, ("request_id", "message", "topic", "channel"))
    assert (guess.modality, guess.label_column, guess.text_column) == (
        Modality.TEXT,
        "topic",
        "message",
    )
    assert ("request_id", "it identifies rows") in guess.left_out
