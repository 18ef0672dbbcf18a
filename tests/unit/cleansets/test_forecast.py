"""How long a running analysis will still take, told by an earlier one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cleansets.models import Cleanset
from cleansets.pages.forecast import forecast, time_left
from studio.accounts.models import User
from studio.engine import stages
from studio.runs import Status
from tests.factories import make_cleanset, make_dataset, make_project

EARLIER = {
    stages.READING_FEATURES: 4.0,
    stages.TRAINING_MODELS: 20.0,
    stages.ENSEMBLING: 2.0,
    stages.FINDING_ISSUES: 6.0,
}
LOG = (
    "    0.1 s  Reading rows\n    0.5 s  Reading features\n"
    "    8.0 s  5 of 200 rows are near duplicates of another\n   10.0 s  Training models\n"
)


@pytest.fixture
def running(alice: User) -> Cleanset:
    """An analysis of 200 rows in its 20th second; one of 100 rows has finished."""
    dataset = make_dataset(alice, n_rows=200)
    make_cleanset(
        alice, project=make_project(alice, name="Earlier"), n_rows=100, stage_seconds=EARLIER
    )
    return make_cleanset(
        alice,
        project=make_project(alice, dataset=dataset),
        status=Status.RUNNING,
        started_at=timezone.now() - timedelta(seconds=20),
        stage=stages.TRAINING_MODELS,
        log=LOG,
    )


def test_the_rest_is_scaled_from_the_stages_of_an_earlier_analysis(running: Cleanset) -> None:
    left = time_left(running)  # 40 - 10 s of training, 4 s of ensembling, 12 s of finding issues
    assert left in ("about 46\N{NO-BREAK SPACE}s left", "about 45\N{NO-BREAK SPACE}s left")


def test_the_progress_of_the_stage_counts_more(running: Cleanset) -> None:
    running.progress_done = 5
    running.progress_total = 10
    assert time_left(running) in (
        "about 26\N{NO-BREAK SPACE}s left",
        "about 27\N{NO-BREAK SPACE}s left",
    )


def test_nothing_is_said_of_a_stage_that_takes_much_longer(running: Cleanset) -> None:
    running.started_at = timezone.now() - timedelta(seconds=100)
    assert time_left(running) == ""


def test_page_of_the_run_lists_stages_with_seconds_and_what_was_found(
    running: Cleanset, browser: Client
) -> None:
    page = browser.get(running.get_absolute_url()).content.decode()
    assert "left</span>" in page
    assert "5 of 200 rows are near duplicates of another</li>" in page
    assert "9.5\N{NO-BREAK SPACE}s" in page  # of reading features


def test_forecast_from_another_size_is_marked_as_rough(running: Cleanset, alice: User) -> None:
    near = forecast(alice, running.spec(), 200)
    far = forecast(alice, running.spec(), 5_000)
    assert near is not None
    assert not near.is_rough
    assert far is not None
    assert far.is_rough


def test_before_the_first_own_analysis_that_of_another_account_tells_without_its_name(
    running: Cleanset, bob: User, alice: User
) -> None:
    found = forecast(bob, running.spec(), 200)
    assert found is not None
    assert found.measured_on == ""
    own = forecast(alice, running.spec(), 200)
    assert own is not None
    assert own.measured_on == "Earlier"
    assert own.seconds == found.seconds
