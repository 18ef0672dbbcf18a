"""Predictions of a model that was trained elsewhere, as input of an analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class ProvidedPredictions:
    """What a model says of rows that it was not trained on.

    Attributes
    ----------
    name
        By which the model is listed.
    classes
        The classes that have a column; none for regression.
    values
        Probabilities, shape (n, K), or numbers, shape (n, 1), of the analysed rows in their order.
    """

    name: str
    classes: tuple[str, ...]
    values: npt.NDArray[np.float32]
