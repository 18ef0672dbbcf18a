"""Reduces features to two dimensions."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA

from studio.engine.progress import Progress
from studio.engine.projection.plane import (
    MAX_FITTED,
    MAX_PLACED,
    SIDE,
    Floats,
    Method,
    Plane,
)
from studio.engine.stages import PROJECTING

N_COMPONENTS = 50  # that UMAP reads
N_NEIGHBOURS = 15
MIN_DISTANCE = 0.1
CHILD = "studio.engine.projection.umap_child"
_ASK_EVERY_S = 0.25  # whether the run is cancelled
_TRIM = 0.001  # of the points on each side, which may lie outside the square


def placed_rows(n_rows: int, seed: int) -> npt.NDArray[np.int64]:
    """Return the rows to place: all, or an even random sample of `MAX_PLACED`."""
    if n_rows <= MAX_PLACED:
        return np.arange(n_rows)
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(n_rows, MAX_PLACED, replace=False))


def project(
    features: npt.NDArray[np.floating],
    method: Method,
    *,
    seed: int,
    progress: Progress,
    cache: Path | None = None,
) -> Plane:
    """Place rows in two dimensions.

    Parameters
    ----------
    features
        Shape (n, d); many rows may be a memory map, of which a sample is read.
    cache
        A folder in which the compiled code of UMAP is kept between processes.
    """
    rows = placed_rows(len(features), seed)
    chosen = np.asarray(features[rows], dtype=np.float32)
    n_components = min(N_COMPONENTS, *chosen.shape)
    model = PCA(n_components, svd_solver="covariance_eigh", random_state=seed)
    components = model.fit_transform(chosen).astype(np.float32)
    if method is Method.PCA or n_components < 2:
        points = np.zeros((len(rows), 2), dtype=np.float32)
        points[:, : min(n_components, 2)] = components[:, :2]
        explained = float(model.explained_variance_ratio_[:2].sum())
        return Plane(rows, _scaled(points), len(rows), explained)
    n_fitted = min(len(rows), MAX_FITTED)
    points = _umap(components, n_fitted, seed=seed, progress=progress, cache=cache)
    return Plane(rows, _scaled(points), n_fitted, None)


def _scaled(points: Floats) -> Floats:
    """Scale both axes alike, so that the points fill the square."""
    low, high = np.quantile(points.astype(np.float64), [_TRIM, 1 - _TRIM], axis=0)
    size = float((high - low).max()) or 1.0
    centre = (low + high) / 2
    return np.asarray((points - centre) / size * SIDE + SIDE / 2, dtype=np.float32)


def _umap(
    components: Floats, n_fitted: int, *, seed: int, progress: Progress, cache: Path | None
) -> Floats:
    """Run UMAP in a process of its own, which is killed if `progress` raises.

    It cannot be interrupted otherwise, and its compiler needs memory that a worker would keep.
    """
    with tempfile.TemporaryDirectory(prefix="umap-") as folder:
        source = Path(folder) / "components.npy"
        target = Path(folder) / "points.npy"
        np.save(source, components)
        environment = {
            **os.environ,
            "NUMBA_NUM_THREADS": "1",
            "NUMBA_CACHE_DIR": str(cache or folder),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        arguments = [str(source), str(target), str(n_fitted), str(seed)]
        errors = Path(folder) / "errors.txt"
        with (
            errors.open("w") as stderr,
            subprocess.Popen(
                [sys.executable, "-P", "-m", CHILD, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
            ) as child,
        ):
            _follow(child, progress)
        if child.returncode != 0:
            raise RuntimeError(f"UMAP failed: {errors.read_text()[-2000:]}")
        return np.asarray(np.load(target), dtype=np.float32)


def _follow(child: subprocess.Popen[bytes], progress: Progress) -> None:
    """Report the progress of the child until it ends, whether it says something or not."""
    assert child.stdout is not None
    unfinished = b""
    done = 0
    total = 0
    try:
        while True:
            progress(PROJECTING, done, total)
            ready, _, _ = select.select([child.stdout], [], [], _ASK_EVERY_S)
            if not ready:
                continue
            read = os.read(child.stdout.fileno(), 4096)
            if not read:
                return
            *lines, unfinished = (unfinished + read).split(b"\n")
            for line in lines:
                done, total = (int(number) for number in line.split())
    except BaseException:
        child.kill()
        raise
