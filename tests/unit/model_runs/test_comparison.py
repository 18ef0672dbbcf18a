"""Two runs side by side: the same slices, the same thresholds, what was set differently."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from cleansets.models import Cleanset
from studio import tables
from studio.accounts.models import User
from studio.model_runs.models import ModelRun
from studio.model_runs.run_row_sets import among, find_rows
from tests.deployed import make_deployed
from tests.measured import make_measured
from tests.reviewable import make_reviewable, publish_array

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db


def compared(client: Client, first: ModelRun, second: ModelRun, query: str = "") -> dict:
    url = reverse("evaluation-compare", args=[first.pk])
    return client.get(f"{url}?with={second.pk}{query}").context


def weak_on_short_messages(cleanset: Cleanset) -> ModelRun:
    """Return a run that errs in the first hundred rows, whose messages are shorter by a digit."""
    values = np.load(tables.local_path(cleanset.pred_probs_key))
    values[:100] = np.roll(values[:100], 1, axis=1)
    publish_array(values, cleanset.pred_probs_key)
    return make_measured(cleanset)


def test_both_runs_are_measured_in_the_worst_slices_of_either(
    alice: User, client_of: ClientOf
) -> None:
    cleanset = make_reviewable(alice, n_rows=1_200)
    good = make_measured(cleanset)
    weak = weak_on_short_messages(cleanset)
    context = compared(client_of(alice), good, weak)
    line = context["slices"][0]
    assert "characters" in line.description
    assert (line.found_in, line.verdict) == (weak.name, "Worse")
    assert (line.n_rows, line.first, line.second) == (99, "10.1%", "100.0%")
    opened = client_of(alice).get(line.url)
    assert opened.context["table"].page.n_rows == line.n_rows


def test_the_thresholds_of_one_are_applied_to_both(
    alice: User, client_of: ClientOf, tmp_path: Path
) -> None:
    cleanset = make_reviewable(alice)
    first = make_measured(cleanset)
    model = make_deployed(alice, cleanset, tmp_path)
    second = model.model_runs.get()
    assert compared(client_of(alice), first, second)["threshold_choices"] == []

    model.thresholds = {"login": 0.0}
    model.save()
    context = compared(client_of(alice), first, second, f"&thresholds={second.pk}")
    assert context["by"] == second
    recall = {one.name: one.recall for one in context["class_changes"]}
    assert recall["login"] == (1.0, 1.0)
    assert recall["billing"] == (0.0, 0.0)
    opened = find_rows(among(first, "bothwrong", second.pk, second.pk).partition(":")[2])
    assert len(opened.row_ids) == context["changed"][2].n_rows > 60

    model.thresholds = {}
    model.save()
    assert find_rows(among(first, "bothwrong", second.pk, second.pk).partition(":")[2]) is None


def test_what_was_set_differently_is_listed(alice: User, client_of: ClientOf) -> None:
    cleanset = make_reviewable(alice)
    first = make_measured(cleanset)
    second = make_measured(cleanset)
    second.configuration = {**second.configuration, "mode": "regular"}
    second.snapshot = {**second.snapshot, "versions": {"numpy": "3", "scipy": "1"}}
    second.save()
    first.snapshot = {**first.snapshot, "versions": {"numpy": "2", "scipy": "1"}}
    first.save()
    differences = compared(client_of(alice), first, second)["differences"]
    assert ("Mode", "fast", "regular") in differences
    assert ("Versions", "numpy 2", "numpy 3") in differences
