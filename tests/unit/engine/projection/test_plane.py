"""Rows in two dimensions: where they lie, their clusters, and the names of these."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from studio.engine.progress import Cancelled
from studio.engine.projection import reduction
from studio.engine.projection.hills import find_hills
from studio.engine.projection.plane import SIDE, Method
from studio.engine.projection.reduction import project
from studio.engine.projection.typical_terms import typical_terms
from studio.engine.table.cells import Cells
from studio.engine.table.columns import ColumnKind

CHILD = """
import sys, time
import numpy as np
source, target, n_fitted, seed = sys.argv[1:]
print(0, 200, flush=True)
{body}
"""


def ignore(*_: object) -> None:
    """Take progress."""


def groups(n_rows: int = 300, n_dimensions: int = 8) -> np.ndarray:
    rng = np.random.default_rng(3)
    features = rng.normal(scale=0.3, size=(n_rows, n_dimensions))
    features[:, 0] += np.where(np.arange(n_rows) % 3 == 0, 6.0, -3.0)
    return features.astype(np.float32)


def use_child(monkeypatch: pytest.MonkeyPatch, folder: Path, body: str) -> None:
    (folder / "a_child.py").write_text(CHILD.format(body=body))
    monkeypatch.setattr(reduction, "CHILD", "a_child")
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder)])


def test_principal_components_fill_the_square_and_say_what_they_explain() -> None:
    plane = project(groups(), Method.PCA, seed=0, progress=ignore)
    assert plane.points.shape == (300, 2)
    assert np.ptp(plane.points[:, 0]) == pytest.approx(SIDE, rel=0.1)
    assert plane.explained is not None
    assert plane.explained > 0.9
    again = project(groups(), Method.PCA, seed=0, progress=ignore)
    assert np.array_equal(plane.points, again.points)


def test_of_many_rows_an_even_sample_is_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduction, "MAX_PLACED", 120)
    plane = project(groups(), Method.PCA, seed=0, progress=ignore)
    assert len(plane.rows) == len(set(plane.rows.tolist())) == 120
    assert np.all(np.diff(plane.rows) > 0)
    assert plane.points.shape == (120, 2)


def test_progress_of_the_child_is_reported_and_its_points_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_child(monkeypatch, tmp_path, "np.save(target, np.load(source)[:, :2])")
    seen: list[tuple[object, ...]] = []
    plane = project(groups(), Method.UMAP, seed=0, progress=lambda *step: seen.append(step))
    assert ("Projecting rows", 0, 200) in seen
    assert plane.points.shape == (300, 2)
    assert plane.explained is None


def test_cancelling_ends_a_child_that_says_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_child(monkeypatch, tmp_path, "time.sleep(600)")
    calls: list[str] = []

    def cancel(stage: str, done: int = 0, total: int = 0) -> None:
        calls.append(stage)
        if len(calls) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        project(groups(), Method.UMAP, seed=0, progress=cancel)


def test_a_child_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_child(monkeypatch, tmp_path, "raise SystemExit('no neighbours')")
    with pytest.raises(RuntimeError, match="no neighbours"):
        project(groups(), Method.UMAP, seed=0, progress=ignore)


def test_dense_areas_are_clusters_the_largest_first() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[200, 200], [800, 300], [500, 850]])
    sizes = [600, 300, 100]
    points = np.vstack(
        [rng.normal(centre, 25, size=(n, 2)) for centre, n in zip(centres, sizes, strict=True)]
    ).astype(np.float32)
    hills = find_hills(points)
    assert np.abs(hills.tops - centres).max() < 30
    truth = np.repeat([0, 1, 2], sizes)
    assert (hills.members == truth).mean() > 0.97
    assert hills.density.max() == 1


def test_equal_points_are_one_cluster() -> None:
    hills = find_hills(np.full((50, 2), 500, dtype=np.float32))
    assert hills.members.tolist() == [0] * 50


def test_groups_are_named_by_what_only_they_have() -> None:
    members = np.arange(300) % 3 - 1  # -1, 0, 1
    texts = [f"please {('help', 'refund money', 'parcel late')[n % 3]} {n}" for n in range(300)]
    prices = [str(5 if n % 3 == 1 else 50 + n % 40) for n in range(300)]
    columns = {"message": Cells.of(texts), "price": Cells.of(prices)}
    kinds = {"message": ColumnKind.TEXT, "price": ColumnKind.NUMBER}
    first, second = typical_terms(columns, kinds, members, 2)
    assert {"refund", "money"} <= set(first)
    assert {"parcel", "late"} <= set(second)
    assert "please" not in [*first, *second]
    alone = typical_terms({"price": columns["price"]}, kinds, members, 2)[0]
    assert alone[0].startswith("price from 5 ")


def test_without_columns_nothing_is_typical() -> None:
    assert typical_terms({}, {}, np.zeros(5, dtype=np.int16), 1) == [[]]
