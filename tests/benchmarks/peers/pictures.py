"""Describes pictures by numbers: `python -m tests.benchmarks.peers.pictures PARQUET OUT`."""

from __future__ import annotations

import io
import sys

import numpy as np
import numpy.typing as npt
import pandas as pd

N_ROWS = 10_000
_SEED = 0
_CELLS = 4  # per side, whose mean colours are taken
_QUADRANTS = 2  # per side, in which directions of edges are counted
_DIRECTIONS = 8


def main() -> None:
    """Write a CSV file with the statistics, the given and the true labels of some pictures."""
    from PIL import Image  # in the environment of the other programs only

    source, out = sys.argv[1:]
    data = pd.read_parquet(source).sample(N_ROWS, random_state=_SEED)
    pictures = [np.asarray(Image.open(io.BytesIO(cell))) for cell in data["image_jpeg"]]
    table = pd.DataFrame([statistics(picture) for picture in pictures]).round(4)
    labels = data[["given_label_aggregate", "true_label"]].reset_index(drop=True)
    labels.columns = ["given_label", "true_label"]
    pd.concat([table, labels], axis=1).to_csv(out, index=False)


def statistics(picture: npt.NDArray[np.uint8]) -> dict[str, float]:
    """Return mean colours by cell, the spread of each colour, and edges by direction.

    Parameters
    ----------
    picture
        Shape (height, width, 3), sides divisible by four.
    """
    colours = picture.astype(np.float64) / 255
    found = {}
    cells = _means_of_cells(colours, _CELLS)
    for place in np.ndindex(cells.shape):
        row, column, colour = place
        found[f"mean_{'rgb'[colour]}_{row}_{column}"] = float(cells[place])
    for colour, spread in zip("rgb", colours.std(axis=(0, 1)), strict=True):
        found[f"spread_{colour}"] = float(spread)
    down, right = np.gradient(colours.mean(axis=2))
    direction = np.floor((np.arctan2(down, right) / np.pi % 1) * _DIRECTIONS)
    strength = np.hypot(down, right)
    for number in range(_DIRECTIONS):
        edges = _means_of_cells((strength * (direction == number))[:, :, None], _QUADRANTS)
        for row, column in np.ndindex(edges.shape[:2]):
            found[f"edges_{number}_{row}_{column}"] = float(edges[row, column, 0])
    return found


def _means_of_cells(values: npt.NDArray[np.float64], n_cells: int) -> npt.NDArray[np.float64]:
    height, width, depth = values.shape
    by_cell = values.reshape(n_cells, height // n_cells, n_cells, width // n_cells, depth)
    return np.asarray(by_cell.mean(axis=(1, 3)))


if __name__ == "__main__":
    main()
