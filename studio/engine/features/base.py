"""The interface of featurisers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from studio.engine.runtime.resources import Resources
from studio.engine.table.cells import Table

Matrix: TypeAlias = "npt.NDArray[np.float32] | sparse.csr_array"


class Featuriser(ABC):
    """Turns tables into matrices, in a way learned from the cells of one table without labels."""

    @property
    @abstractmethod
    def signature(self) -> str:
        """Name, version and parameters: everything but the data that decides the matrix."""

    @abstractmethod
    def fit(self, table: Table) -> None:
        """Learn vocabularies, scales and categories."""

    @abstractmethod
    def transform(self, table: Table, resources: Resources) -> Matrix:
        """Return float32 features, shape (n_rows, d); sparse ones have no NaN."""

    def fit_transform(self, table: Table, resources: Resources) -> Matrix:
        """Fit and transform, reading the cells only once where possible."""
        self.fit(table)
        return self.transform(table, resources)
