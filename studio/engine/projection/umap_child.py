"""Runs UMAP: `python -m studio.engine.projection.umap_child COMPONENTS POINTS N_FITTED SEED`.

Writes lines `DONE TOTAL` to standard output, at least one a second, so that whoever started it can
report progress and notice that the run was cancelled.
"""

from __future__ import annotations

import sys
import threading
import time
import warnings
from pathlib import Path
from typing import TextIO

import numpy as np

EVERY_S = 1.0


class Ticker:
    """Writes the progress once a second, whatever the main thread does."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.done = 0
        self.total = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            self.say()
            time.sleep(EVERY_S)

    def say(self) -> None:
        """Write a line."""
        self._out.write(f"{self.done} {self.total}\n")
        self._out.flush()

    def write(self, text: str) -> None:
        """Take a line of tqdm, `DONE TOTAL`."""
        numbers = text.split()
        if len(numbers) == 2 and all(number.isdecimal() for number in numbers):
            self.done, self.total = map(int, numbers)

    def flush(self) -> None:
        """Do nothing; tqdm asks for it."""


def main(source: Path, target: Path, n_fitted: int, seed: int) -> None:
    """Fit UMAP on evenly drawn rows, and place the others among them."""
    ticker = Ticker(sys.stdout)
    sys.stdout = sys.stderr  # what UMAP prints itself is no progress
    from umap import UMAP

    from studio.engine.projection.reduction import MIN_DISTANCE, N_NEIGHBOURS

    components = np.load(source)
    warnings.filterwarnings("ignore", message="n_jobs value")
    model = UMAP(
        n_neighbors=min(N_NEIGHBOURS, len(components) - 1),
        min_dist=MIN_DISTANCE,
        init="pca",
        random_state=seed,
        verbose=True,
        tqdm_kwds={"file": ticker, "bar_format": "{n_fmt} {total_fmt}", "mininterval": EVERY_S},
    )
    order = np.random.default_rng(seed).permutation(len(components))
    fitted = np.sort(order[:n_fitted])
    others = np.sort(order[n_fitted:])
    points = np.empty((len(components), 2), dtype=np.float32)
    points[fitted] = model.fit_transform(components[fitted])
    if len(others):
        points[others] = model.transform(components[others])
    np.save(target, points)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
