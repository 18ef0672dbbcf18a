"""Why a row is flagged: what its panel explains."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from cleansets import explanations, pipeline
from cleansets.models import Cleanset
from cleansets.pages.review.why import marked
from studio import storage, tables
from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.engine.ml_task import MLTask
from studio.engine.schema.explanation import EVERY_CLASS, Explanation
from tests.reviewable import make_reviewable, publish_array

N_ROWS = 120
N_OF_CLASS = 40
# Rows with the word “help” by class: half of all, but none with the class “delivery”.
WITH_HELP = {0: 30, 1: 0, 2: 30, EVERY_CLASS: 60}


def value_counts() -> pd.DataFrame:
    rows = [("", "", -1, code, N_OF_CLASS) for code in (0, 1, 2)]
    rows.append(("", "", -1, EVERY_CLASS, N_ROWS))
    rows += [("message", "help", -1, code, n) for code, n in WITH_HELP.items() if n]
    frame = pd.DataFrame(rows, columns=["column", "value", "level", "code", "n"])
    return frame.astype({"level": "int16"})


def explain(cleanset: Cleanset, folder: Path) -> Cleanset:
    """Keep an explanation: rows are the more alike the nearer their numbers are."""
    explanation = Explanation(
        voters=("Ridge regression", "Neural network"),
        votes=None,
        class_thresholds=(0.7, 0.8, 0.9),
        space=np.arange(N_ROWS, dtype=np.float16)[:, None],
        leveled_columns=(),
        levels=np.empty((N_ROWS, 0), dtype=np.int16),
        value_counts=value_counts(),
    )
    if cleanset.task is MLTask.MULTI_CLASS:
        votes = np.tile(np.array([[0, 2]], dtype=np.int16), (N_ROWS, 1))
        explanation = replace(explanation, votes=votes)
    if cleanset.task is MLTask.REGRESSION:
        numbers = np.tile(np.array([[1.5, 2_000.25]], dtype=np.float32), (N_ROWS, 1))
        explanation = replace(explanation, votes=numbers, value_counts=None)
    for name in pipeline.write_explanation(explanation, folder):
        key = tables.publish(folder / name, storage.cleanset_file(cleanset.pk, 1, name))
        setattr(cleanset, f"{name.partition('.')[0]}_key", key)
    cleanset.explained = pipeline.explained_names(explanation)
    cleanset.save()
    return cleanset


@pytest.fixture
def cleanset(alice: User, tmp_path: Path) -> Cleanset:
    return explain(make_reviewable(alice), tmp_path)


def words(browser: Client, cleanset: Cleanset, row_id: int = 10, *, is_panel: bool = False) -> str:
    address = reverse("cleanset-row-why", args=[cleanset.pk, row_id])
    headers = {"HX-Request": "true"} if is_panel else {}
    response = browser.get(address, headers=headers)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_sentence_tells_what_models_and_similar_rows_say(
    browser: Client, cleanset: Cleanset
) -> None:
    text = words(browser, cleanset)
    assert re.search(
        r"The models expect “\w+” with \d+% and the given label “\w+” with \d+%;", text
    )
    assert re.search(r"rows labeled “\w+” get [789]0% on average", text)
    assert "1 of 2 models vote for “billing”." in text
    assert re.search(r"\d of the [45] most similar rows are labeled “\w+”.", text)


def test_nearest_rows_come_first_and_open(browser: Client, cleanset: Cleanset) -> None:
    assert explanations.nearest_rows(cleanset, 50, 4) == [49, 51, 48, 52]
    assert explanations.nearest_rows(cleanset, 0, 2) == [1, 2]
    page = browser.get(reverse("cleanset-row-why", args=[cleanset.pk, 50])).content.decode()
    assert f"{cleanset.get_absolute_url()}?issue=all&amp;row=49" in page


def test_each_fold_but_the_rows_own_says_what_its_similar_rows_have(
    browser: Client, cleanset: Cleanset, tmp_path: Path
) -> None:
    # Rows of the classes 0, 1, 2, 0, … in blocks of six, so that near rows are labeled alike.
    folds = np.array([-1, 0, 1, 2, 3, 4] * 20, dtype=np.int16)
    cleanset.fold_id_key = publish_array(
        folds, storage.cleanset_file(cleanset.pk, 2, "fold_id.npy")
    )
    cleanset.save()
    text = words(browser, cleanset, 52)
    assert "Similar rows, fold by fold" in text
    shown = re.findall(r"Fold (\d) (\w+) (\d) of 5", text)
    assert [fold for fold, *_ in shown] == ["1", "2", "3", "5"]
    label, n = Counter(label for _, label, _ in shown).most_common(1)[0]
    said = f"{n} of 4 folds say “{label}”" if n < 4 else f"Each of 4 folds by itself says “{label}”"
    assert said in text


def test_a_program_is_told_why(cleanset: Cleanset, alice: User) -> None:
    _, secret = api_key_create(owner=alice, name="why", scope="read")
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    found = program.get(f"/api/v1/cleansets/{cleanset.pk}/rows/10/why").json()
    assert found["sentences"][0].startswith("The models expect “login”")
    assert [vote["model"] for vote in found["votes"]] == ["Ridge regression", "Neural network"]
    assert [row["row_id"] for row in found["similar"]][:2] == [9, 11]
    assert found["similar"][0]["label"] == "billing"
    assert {vote["fold"] for vote in found["folds"]} == {2, 3, 4, 5}
    assert all(1 <= vote["n_same"] <= vote["n_rows"] <= 5 for vote in found["folds"])
    assert all(set(one) >= {"label", "other", "for_label"} for one in found["comparisons"])


def line(browser: Client, cleanset: Cleanset, row_id: int, issue: str = "label_issue") -> str:
    address = reverse("cleanset-row-why-line", args=[cleanset.pk, row_id])
    response = browser.get(address, {"issue": issue})
    assert response.status_code == 200
    return response.content.decode()


def test_one_sentence_says_what_models_and_similar_rows_have(
    browser: Client, cleanset: Cleanset, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = "1 of 2 models vote for “billing”"
    similar = "2 of the 4 most similar rows"  # the fifth has no label
    assert line(browser, cleanset, 10) == f"{models}, the label of {similar}."
    assert (
        line(browser, cleanset, 51)
        == f"{models}; 2 of the 5 most similar rows are labeled “login”."
    )
    monkeypatch.setattr("cleansets.pages.review.why_line.MAX_NUMBERS", N_ROWS - 1)
    assert line(browser, cleanset, 10) == f"{models}."


def test_the_sentence_is_about_the_issue_of_the_view(browser: Client, cleanset: Cleanset) -> None:
    assert re.fullmatch(r"Of \d+ rows, .* like the others\.", line(browser, cleanset, 3, "outlier"))
    copies = line(browser, cleanset, 15, "near_duplicate")
    assert copies == "2 rows are almost the same, but their labels differ."
    assert "most similar rows" in line(browser, cleanset, 15)


def test_the_sentence_about_a_set_names_the_class_in_doubt(alice: User, tmp_path: Path) -> None:
    cleanset = explain(make_reviewable(alice, task=MLTask.MULTI_LABEL), tmp_path)
    browser = Client()
    browser.force_login(alice)
    assert re.fullmatch(
        r"“[\w, ]+” is (not )?given and \d+% likely; \w+ of the 5 most similar rows have it\.",
        line(browser, cleanset, 10),
    )


def test_the_sentence_about_a_number_gives_those_of_similar_rows(
    alice: User, tmp_path: Path
) -> None:
    cleanset = explain(make_reviewable(alice, task=MLTask.REGRESSION), tmp_path)
    browser = Client()
    browser.force_login(alice)
    assert line(browser, cleanset, 10) == "The 4 most similar rows have 108 to 112."


def test_without_vectors_the_panel_says_that_similar_rows_are_unknown(
    browser: Client, cleanset: Cleanset
) -> None:
    cleanset.space_key = cleanset.embeddings_key = ""
    cleanset.save()
    assert "it is not known which rows are similar" in words(browser, cleanset)


def test_rows_that_were_left_out_are_never_near(cleanset: Cleanset, tmp_path: Path) -> None:
    space = np.arange(N_ROWS, dtype=np.float16)[:, None]
    space[49] = np.nan
    np.save(tmp_path / "space.npy", space)
    cleanset.space_key = tables.publish(
        tmp_path / "space.npy", storage.cleanset_file(cleanset.pk, 2, "space.npy")
    )
    assert explanations.nearest_rows(cleanset, 50, 3) == [51, 48, 52]


def test_words_speak_for_the_class_that_has_them_more_often(cleanset: Cleanset) -> None:
    cells = {"message": "Please HELP me"}
    (found,) = explanations.contrasts(cleanset, 5, cells, code=0, other=1)
    assert (found.value, found.is_word) == ("help", True)
    assert found.ratio == pytest.approx((31 / 42) / (1 / 42))
    (found,) = explanations.contrasts(cleanset, 5, cells, code=1, other=0)
    assert found.ratio == pytest.approx(1 / 31)
    assert explanations.contrasts(cleanset, 5, cells, code=0, other=2) == []


def test_a_row_does_not_speak_for_its_own_label(cleanset: Cleanset) -> None:
    cells = {"message": "help"}
    (found,) = explanations.contrasts(cleanset, 5, cells, code=0, other=1, own=[0])
    assert found.ratio == pytest.approx((30 / 41) / (1 / 42))


def test_a_class_of_a_set_is_compared_with_the_rows_without_it(cleanset: Cleanset) -> None:
    (found,) = explanations.contrasts(cleanset, 5, {"message": "help"}, code=1)
    assert found.ratio == pytest.approx((1 / 42) / (60 / 81))


def test_words_are_marked_in_the_text_of_the_panel(browser: Client, cleanset: Cleanset) -> None:
    address = reverse("cleanset-row-why", args=[cleanset.pk, 10])
    panel = browser.get(address, headers={"HX-Request": "true"}).content.decode()
    assert re.search(r'id="row-text"[^>]*>Request 10: please <mark[^>]*>help</mark></p>', panel)
    assert "<html" not in panel
    assert 'id="row-text"' not in browser.get(address).content.decode()


def test_marked_parts_are_the_whole_text() -> None:
    found = explanations.Contrast("message", "help", is_word=True, ratio=3.0)
    parts = marked("No help, HELP", [found])
    assert [(part.text, part.speaks) for part in parts] == [
        ("No ", ""),
        ("help", "for"),
        (", ", ""),
        ("HELP", "for"),
    ]


def test_numbers_are_compared_with_their_error(
    alice: User, browser: Client, tmp_path: Path
) -> None:
    cleanset = explain(make_reviewable(alice, task=MLTask.REGRESSION), tmp_path)
    text = words(browser, cleanset)
    assert re.search(
        r"The models expect [\d.,]+ and to be wrong by [\d.,]+; the given number [\d.,]+ is"
        r" [\d.]+ times as far away.",
        text,
    )
    assert re.search(r"Fold by fold, the medians of the most similar rows are( [\d.,]+){4}", text)
    assert re.search(r"Fold 2 [\d.,]+ median of 5", text)
    assert "Ridge regression 1.5" in text
    assert "Neural network 2,000.25" in text


def test_sets_name_the_classes_in_doubt(alice: User, browser: Client, tmp_path: Path) -> None:
    cleanset = explain(make_reviewable(alice, task=MLTask.MULTI_LABEL), tmp_path)
    text = words(browser, cleanset)
    assert "of the 5 most similar rows have the same classes." in text
    said = re.search(r"The models expect “(\w+)”, which is (not )?given, with \d+%", text)
    assert said
    assert re.search(rf"most similar rows have “{said[1]}” in \d of 4 folds", text)


def test_versions_without_explanations_say_so(alice: User, browser: Client) -> None:
    text = words(browser, make_reviewable(alice, name="older"))
    assert "This version was analysed before explanations were kept." in text
    assert "The models expect" in text


def test_rows_that_do_not_exist_are_not_found(browser: Client, cleanset: Cleanset) -> None:
    address = reverse("cleanset-row-why", args=[cleanset.pk, N_ROWS])
    assert browser.get(address).status_code == 404
