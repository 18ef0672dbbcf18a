"""The card of a deployed model: figures, limits, and what people say it is for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from models_app.models import DeployedModel
from studio.accounts.models import User
from studio.model_runs.pages.model_card import model_card
from tests.deployed import make_deployed
from tests.factories import make_model
from tests.reviewable import make_reviewable

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def deployed(alice: User, tmp_path: Path) -> DeployedModel:
    return make_deployed(alice, make_reviewable(alice), tmp_path)


def test_card_has_the_metrics_of_the_model_with_their_intervals(deployed: DeployedModel) -> None:
    card = model_card(deployed)
    assert card.run is not None
    metrics = next(section for section in card.sections if section.title == "Metrics")
    accuracy = next(line for line in metrics.lines if line[0] == "Accuracy")
    assert accuracy[1] == "100.0%"
    assert " to " in accuracy[2]


def test_markdown_shows_names_as_they_are(deployed: DeployedModel) -> None:
    deployed.name = "a|b *c*\n# d"
    assert model_card(deployed).markdown().startswith("# a\\|b \\*c\\* \\# d\n")


def test_intended_use_is_what_people_say_it_is(
    alice: User, client_of: ClientOf, deployed: DeployedModel
) -> None:
    client = client_of(alice)
    page = reverse("model-card", args=[deployed.pk])
    assert "Predicts “topic” for rows like those" in client.get(page).content.decode()
    use = reverse("model-intended-use", args=[deployed.pk])
    client.post(use, {"intended_use": "Routing of tickets."})
    markdown = client.get(f"{page}?format=markdown")
    assert "## Intended use\n\nRouting of tickets." in markdown.content.decode()
    answer = client.post(use, {"intended_use": "x" * 2001}, follow=True)
    assert "at most 2,000 characters" in answer.content.decode()


def test_card_of_a_model_that_is_not_measured_yet_says_so(
    alice: User, client_of: ClientOf, deployed: DeployedModel
) -> None:
    fresh = make_model(alice, cleanset=deployed.cleanset, manifest=deployed.manifest)
    page = client_of(alice).get(reverse("model-card", args=[fresh.pk]))
    assert "not measured yet" in page.content.decode()
