"""The map of a run: drawing it, its points and colours, and the rows behind its parts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from studio.accounts.models import User
from studio.accounts.services import api_key_create
from studio.engine.ml_task import MLTask
from studio.model_runs.gallery_rows import RunSource
from studio.model_runs.models import ModelRun, Projection
from studio.model_runs.pages.colours import colour_choices, colouring
from studio.model_runs.plane_file import stored_plane
from studio.model_runs.run_row_sets import among, find_rows, rows_of
from studio.model_runs.services import projection_start
from studio.model_runs.tasks import project_rows
from studio.runs import Status
from tests.measured import (
    N_IN_FIRST_GROUP,
    N_WITHOUT_FEATURES,
    keep_features,
    make_measured,
)
from tests.reviewable import make_reviewable

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db


def with_features(run: ModelRun) -> ModelRun:
    assert run.cleanset is not None
    keep_features(run.cleanset)
    return run


def drawn(run: ModelRun, user: User, method: str = "pca") -> Projection:
    projection = projection_start(run=run, user=user, method=method)
    project_rows(run_id=str(projection.pk))
    projection.refresh_from_db()
    return projection


@pytest.fixture
def run(alice: User) -> ModelRun:
    return with_features(make_measured(make_reviewable(alice)))


@pytest.fixture
def projection(run: ModelRun, alice: User) -> Projection:
    found = drawn(run, alice)
    assert found.status == Status.SUCCEEDED, found.error_detail
    return found


def test_a_map_is_drawn_shown_and_kept_with_the_run(
    browser: Client, alice: User, run: ModelRun
) -> None:
    address = reverse("evaluation-map", args=[run.pk])
    assert "not drawn yet" in browser.get(address).content.decode()
    begun = browser.post(reverse("projection-start", args=[run.pk]), {"method": "pca"})
    projection = Projection.objects.get()
    assert begun.url == projection.get_absolute_url()
    assert "projection_run" in browser.get(begun.url).content.decode()
    assert projection_start(run=run, user=alice, method="pca") == projection
    project_rows(run_id=str(projection.pk))
    page = browser.get(begun.url).content.decode()
    assert f"All {len(rows_of(run).row_id) - N_WITHOUT_FEATURES} rows that have features" in page
    assert page.count("<circle") == len(rows_of(run).row_id) - N_WITHOUT_FEATURES
    assert page.count("data-cluster=") == len(
        Projection.objects.get(pk=projection.pk).summary["clusters"]
    )
    run.delete()
    assert not Projection.objects.exists()


def test_points_and_colours_come_as_bytes(browser: Client, projection: Projection) -> None:
    content = browser.get(reverse("projection-points", args=[projection.pk])).content
    n_points = projection.n_placed or 0
    positions = np.frombuffer(content, "<f4", 2 * n_points).reshape(-1, 2)
    rows = np.frombuffer(content, "<u4", n_points, offset=8 * n_points)
    plane = stored_plane(projection.plane_key)
    assert np.array_equal(positions, plane.points)
    assert rows.tolist() == plane.row_id.tolist()
    address = reverse("projection-colours", args=[projection.pk])
    codes = np.frombuffer(browser.get(f"{address}?by=verdict").content, np.uint8)
    measured = rows_of(projection.model_run)
    is_right = measured.is_right[np.searchsorted(measured.row_id, rows)]
    assert np.array_equal(codes == 0, is_right)


@pytest.mark.parametrize("task", [MLTask.MULTI_CLASS, MLTask.MULTI_LABEL, MLTask.REGRESSION])
def test_points_are_coloured_by_everything_that_is_offered(alice: User, task: MLTask) -> None:
    run = with_features(make_measured(make_reviewable(alice, task=task)))
    projection = drawn(run, alice)
    source = RunSource(run)
    plane = stored_plane(projection.plane_key)
    clusters = projection.summary["clusters"]
    for by, _ in colour_choices(source, has_split=False):
        colours = colouring(source, plane, clusters, by)
        known = {item.code: item.n_points for item in colours.items}
        found, counts = np.unique(colours.codes, return_counts=True)
        for code, n_points in zip(found.tolist(), counts.tolist(), strict=True):
            assert known.get(code, n_points) == n_points
        assert colours.ends is not None or sum(known.values()) == len(plane.row_id)
    by_label = colouring(source, plane, clusters, "given")
    assert (by_label.ends is not None) == (task is MLTask.REGRESSION)


def test_an_area_and_a_cluster_are_rows_for_the_other_pages(
    browser: Client, projection: Projection
) -> None:
    run = projection.model_run
    plane = stored_plane(projection.plane_key)
    area = among(run, "area", projection.pk, "0.0-500.0-500.9000-0.9000")
    inside = (plane.points > 0).all(axis=1) & (plane.points[:, 0] < 500)
    found = find_rows(area.removeprefix("run:"))
    assert found is not None
    assert found.row_ids.tolist() == plane.row_id[inside].tolist()
    assert 0 < len(found.row_ids) < len(plane.row_id)
    number = int(plane.members.max())
    cluster = find_rows(among(run, "cluster", projection.pk, number).removeprefix("run:"))
    assert cluster is not None
    assert len(cluster.row_ids) == projection.summary["clusters"][number]["n_rows"]
    query = QueryDict(mutable=True)
    query.update({"issue": "all", "among": area})
    gallery = browser.get(f"{reverse('evaluation-gallery', args=[run.pk])}?{query.urlencode()}")
    assert f"of {len(found.row_ids)}" in gallery.content.decode()
    other = among(run, "area", run.pk, "0.0-500.0-500.500")
    assert find_rows(other.removeprefix("run:")) is None


def test_the_row_of_a_point_is_shown_with_the_nearest(
    browser: Client, projection: Projection
) -> None:
    row_id = int(stored_plane(projection.plane_key).row_id[7])
    address = reverse("projection-row", args=[projection.pk, row_id])
    assert "Nearest rows" not in browser.get(address).content.decode()
    page = browser.get(f"{address}?near=1").content.decode()
    assert f"Row {row_id + 1}<" in page
    near = [int(row) for row in page.split('data-near="')[1].split('"')[0].split(",")]
    assert len(near) == 20
    assert all(row < N_IN_FIRST_GROUP for row in near)
    missing = reverse("projection-row", args=[projection.pk, 119])
    assert browser.get(missing).status_code == 404


def test_an_analysis_without_features_has_no_map(browser: Client, alice: User) -> None:
    projection = drawn(make_measured(make_reviewable(alice)), alice)
    assert projection.status == Status.FAILED
    assert "kept no features" in projection.error_message
    page = browser.get(projection.get_absolute_url()).content.decode()
    assert "Draw it again" in page


def test_a_program_starts_a_map_and_gets_its_coordinates(alice: User, run: ModelRun) -> None:
    _, key = api_key_create(owner=alice, name="notebook", scope="write")
    client = Client(headers={"Authorization": f"Bearer {key}"})
    address = f"/api/v1/evaluations/{run.pk}/projections"
    begun = client.post(address, {"method": "pca"}, content_type="application/json")
    assert begun.status_code == 201
    projection = f"/api/v1/projections/{begun.json()['id']}"
    assert client.get(f"{projection}/coordinates").status_code == 404
    project_rows(run_id=begun.json()["id"])
    answer = client.get(projection).json()
    assert answer["run"]["status"] == "succeeded"
    assert answer["n_placed"] == len(rows_of(run).row_id) - N_WITHOUT_FEATURES
    assert answer["clusters"][0]["n_rows"] > 0
    coordinates = client.get(f"{projection}/coordinates").json()
    assert len(coordinates["row_id"]) == len(coordinates["x"]) == answer["n_placed"]
