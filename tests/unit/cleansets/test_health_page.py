"""What the Analysis page says of the dataset as a whole, and what the panel says of
text issues.
"""

from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from django.test import Client

from cleansets import overlay
from cleansets.models import Cleanset
from cleansets.pages.analysis.rows import group_rows
from cleansets.row_address import RowQuery
from cleansets.row_sets import row_set
from cleansets.templatetags.issue_details import issue_detail
from studio import tables
from studio.accounts.models import User
from studio.engine.ml_task import MLTask
from studio.engine.schema.health import (
    ClassHealth,
    ClassNoise,
    Confusion,
    Group,
    Health,
    Imbalance,
    InvertedSlice,
    LabelNoise,
    LabelQuality,
    Leak,
    NumberErrors,
    Overlap,
    RowOrder,
    SplitSide,
    Trust,
)
from tests.reviewable import make_reviewable

HEALTH = Health(
    label_quality=LabelQuality(score=0.9, n_wrong=12, n_labeled=120),
    trust=Trust(n_flagged=12, n_expected=10, held_out=0.9, baseline=0.34),
    classes=(
        ClassHealth("log in", 40, 6, 0.15, 0.1, 0.85),
        ClassHealth("billing", 40, 0, 0.0, 0.0, 1.0),
    ),
    confusions=(Confusion("log in", "billing", 6, 0.15),),
    order=RowOrder(0.005, 0.4, 0.9, 0.33, is_ordered=True),
    groups=(Group("channel = mail", 30, 9, 0.6, 0.2),),
    inverted=(InvertedSlice("region = north", 40, 37, "log in", "billing", 20),),
    leak=Leak("split", (SplitSide("test", 20, 3, 1), SplitSide("train", 100, 3, 2))),
)


def analysis_page(client: Client, cleanset: Cleanset, health: Health) -> str:
    cleanset.health = health.to_dict()
    cleanset.save()
    return client.get(f"/cleansets/{cleanset.pk}/details").content.decode()


NOISE = LabelNoise(wrong_fraction=0.05, low=0.03, high=0.2, held_out=0.8, held_out_true=0.84)


def test_share_of_wrong_labels_is_shown_with_its_interval_and_the_accuracy_against_true_labels(
    browser: Client, cleanset: Cleanset
) -> None:
    page = analysis_page(browser, cleanset, replace(HEALTH, noise=NOISE))
    assert "About 5.0% of the labels are wrong at random" in page
    assert "84.0% of the true ones" in page


def test_wrong_sets_are_told_with_the_classes_that_have_most_of_them(
    browser: Client, cleanset: Cleanset
) -> None:
    classes = (ClassNoise("joy", 1200, 40, 7), ClassNoise("fear", 90, 1, 3))
    noise = LabelNoise(0.04, 0.02, 0.06, classes=classes)
    page = analysis_page(browser, cleanset, Health(trust=Trust(200, 30), noise=noise))
    assert "About 4.0% of the rows have a wrong class or lack one" in page
    assert "joy: 40 of 1,200 rows should not have it, 7 lack it" in page
    assert "“joy” is wrong most often: about 40 rows should not have it" in page
    assert f"{cleanset.get_absolute_url()}?issue=label_issue&amp;given=fear" in page
    assert "Most of the 200 flagged labels are probably right" in page
    assert "most frequent class" not in page


def test_wrong_numbers_are_told_with_how_far_off_they_are(
    browser: Client, cleanset: Cleanset
) -> None:
    noise = LabelNoise(0.04, 0.02, 0.06, distance=1250.0)
    page = analysis_page(browser, cleanset, Health(trust=Trust(200, 150), noise=noise))
    assert "About 4.0% of the numbers are grossly wrong" in page
    assert "more than 1,250 away from the prediction" in page
    assert "accepting it is likely to help" in page


def test_noise_that_models_have_learned_is_warned_of(browser: Client, cleanset: Cleanset) -> None:
    page = analysis_page(browser, cleanset, replace(HEALTH, noise=replace(NOISE, high=0.06)))
    assert "Some labels are wrong in a systematic way" in page
    assert "both figures are probably too high" in page


def test_every_finding_is_stated_in_a_sentence(browser: Client, cleanset: Cleanset) -> None:
    page = analysis_page(browser, cleanset, HEALTH)
    assert "Most of the 12 flagged labels are probably wrong: expect about 10" in page
    assert "15% of the “log in” labels are flagged" in page
    assert "The rows are not in random order" in page
    assert "9 rows have a copy in another part of the data, by the column split" in page
    assert "channel = mail" in page
    assert "Labels look swapped: region = north" in page
    assert (
        "contradicts 37 of these 40 labels; most often the label is log in where billing is"
        " expected (20 rows)" in page
    )


def test_classes_and_pairs_lead_to_their_rows(browser: Client, cleanset: Cleanset) -> None:
    page = analysis_page(browser, cleanset, HEALTH)
    assert f"/cleansets/{cleanset.pk}?issue=all&amp;given=log+in" in page
    assert (
        f"/cleansets/{cleanset.pk}?issue=label_issue&amp;given=log+in&amp;suggested=billing" in page
    )


def test_groups_copies_and_overlaps_open_their_rows(browser: Client, cleanset: Cleanset) -> None:
    overlap = Overlap("log in", "billing", 8, 0.1)
    page = analysis_page(browser, cleanset, replace(HEALTH, overlaps=(overlap,)))
    review = f"/cleansets/{cleanset.pk}"
    assert f"{review}?issue=label_issue&amp;is.channel=mail" in page
    assert f"{review}?issue=near_duplicate&amp;is.split=" in page
    for given, suggested in ((overlap.first, overlap.second), (overlap.second, overlap.first)):
        query = RowQuery(given=given, suggested=suggested).params().replace("&", "&amp;")
        assert f"{review}?{query}" in page


def test_a_topic_of_texts_opens_its_label_issues(browser: Client, cleanset: Cleanset) -> None:
    topic = Group("texts about cards", 30, 2, 0.6, 0.2, issue_rows=(20, 10))
    page = analysis_page(browser, cleanset, replace(HEALTH, groups=(topic,)))
    query = RowQuery(among=f"group:{cleanset.pk}.0").params().replace("&", "&amp;")
    assert f"/cleansets/{cleanset.pk}?{query}" in page
    found = row_set(f"group:{cleanset.pk}.0")
    assert found is not None
    assert found.row_ids.tolist() == [20, 10]
    assert "texts about cards" in found.title
    for made_up in (
        f"{cleanset.pk}.1",
        f"{cleanset.pk}.x",
        f"{cleanset.pk}.{'9' * 5000}",
        "x.0",
        "",
    ):
        assert row_set(f"group:{made_up}") is None


@pytest.mark.parametrize(
    ("description", "address"),
    [
        ("message is empty", "issue=label_issue&missing.message=1"),
        ("channel = a = b", "issue=label_issue&is.channel=a+%3D+b"),
        ("topic from 1.5 to 20", "issue=label_issue&min.topic=1.5&max.topic=20"),
        ("texts about cards", ""),
    ],
)
def test_a_group_is_found_again_by_its_description(
    cleanset: Cleanset, description: str, address: str
) -> None:
    assert group_rows(cleanset, description) == address


def test_list_that_is_mostly_false_comes_with_a_warning(
    browser: Client, cleanset: Cleanset
) -> None:
    page = analysis_page(browser, cleanset, Health(trust=Trust(1860, 500, 0.58, 0.54)))
    assert "Most of the 1,860 flagged labels are probably right: expect only about 500 (" in page
    assert "In brackets: the 90% interval." in page
    assert "finding-warning" in page


def test_a_third_of_the_flags_is_not_called_half(browser: Client, cleanset: Cleanset) -> None:
    page = analysis_page(browser, cleanset, Health(trust=Trust(94, 33)))
    assert "About a third of the 94 flagged labels are probably wrong" in page
    assert f"{cleanset.get_absolute_url()}?issue=label_issue" in page


def test_headline_on_classes_is_not_about_a_handful_of_rows(
    browser: Client, cleanset: Cleanset
) -> None:
    classes = (
        ClassHealth("pride", 1, 1, 1.0, 0.0, 0.0),
        ClassHealth("joy", 60, 6, 0.1, 0.0, 0.9),
    )
    imbalance = Imbalance("pride", 1, "joy", 60, even_share=30.5, is_imbalanced=True)
    page = analysis_page(browser, cleanset, Health(classes=classes, imbalance=imbalance))
    title = "10% of the “joy” labels are flagged, more than of any other class with at least 20"
    assert title in page
    assert "pride, has 1 row;" in page


def test_findings_come_before_the_models(browser: Client, cleanset: Cleanset) -> None:
    page = analysis_page(browser, cleanset, HEALTH)
    titles = ["The dataset as a whole", "15% of the “log in”", ">Issues<", 'id="models-title"']
    places = [page.index(title) for title in titles]
    assert places == sorted(places)


def test_regression_tells_how_far_numbers_lie_from_the_prediction(
    browser: Client, cleanset: Cleanset
) -> None:
    errors = NumberErrors(1.5, 4.0, 20.0, -0.25, (-4.0, 0.0, 4.0), (60, 60))
    page = analysis_page(browser, cleanset, Health(number_errors=errors))
    assert "Half of the given numbers lie within 1.5 of the prediction" in page
    assert "On average, the given number is 0.25 below the predicted one" in page
    assert "0 to 4: 60 rows" in page
    assert "chart-line-guide" in page
    assert f"{cleanset.get_absolute_url()}?issue=all&amp;sort=label_issue_score" in page
    assert "found by ratio" not in page


def test_bars_of_the_errors_of_numbers_open_their_rows(alice: User, browser: Client) -> None:
    cleanset = make_reviewable(alice, task=MLTask.REGRESSION)
    given = pd.to_numeric(pd.Series(overlay.given_labels(cleanset)), errors="coerce")
    predicted = np.load(tables.local_path(cleanset.predictions_key))[:, 0]
    known = (given - predicted).dropna()
    counts, edges = np.histogram(known, 4)
    errors = NumberErrors(1, 4, 20, 0.1, tuple(edges.tolist()), tuple(counts.tolist()))
    page = analysis_page(browser, cleanset, Health(number_errors=errors))
    addresses = re.findall(r'href="([^"]+among=error[^"]+)" aria-label', page)
    assert len(addresses) == np.count_nonzero(counts)
    opened = [
        browser.get(html.unescape(address)).context["table"].page.n_rows for address in addresses
    ]
    assert opened == counts[counts > 0].tolist()
    other = f"{cleanset.get_absolute_url()}?issue=all&among=error:{cleanset.pk}.99"
    assert browser.get(other).status_code == 200


def test_regression_says_where_numbers_were_compared_by_their_ratio(
    browser: Client, cleanset: Cleanset
) -> None:
    errors = NumberErrors(1.5, 4.0, 20.0, -0.25, (-4.0, 0.0, 4.0), (60, 60), ratio_floor=0.1)
    assert "found by ratio rather" in analysis_page(browser, cleanset, Health(number_errors=errors))


def test_cleanset_made_before_there_were_findings_still_has_its_page(
    browser: Client, cleanset: Cleanset
) -> None:
    cleanset.health = {}
    cleanset.save()
    page = browser.get(f"/cleansets/{cleanset.pk}/details")
    assert page.status_code == 200
    assert "The dataset as a whole" not in page.content.decode()


def test_panel_names_what_was_found() -> None:
    row = {"PII_items": '["ann@example.org", "4111111111111111"]', "predicted_language": "German"}
    assert issue_detail(row, "pii") == "ann@example.org, 4111111111111111"
    assert issue_detail(row, "non_english") == "German"
    assert issue_detail(row, "outlier") == ""
