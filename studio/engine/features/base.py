"""What every featuriser offers, and what a matrix of features is."""

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
    """Learns from the cells of one table, without labels, how to write any table as a matrix."""

    @property
    @abstractmethod
    def signature(self) -> str:
        """Everything but the data that decides the matrix: name, version, parameters."""

    @abstractmethod
    def fit(self, table: Table) -> None:
        """Learn vocabularies, scales and categories."""

    @abstractmethod
    def transform(self, table: Table, resources: Resources) -> Matrix:
        """Write the table's rows as a matrix of float32, shape (n_rows, d); never NaN in a sparse
        one.
        """

    def fit_transform(self, table: Table, resources: Resources) -> Matrix:
        """Do both, without reading the cells twice where that can be helped."""
        self.fit(table)
        return self.transform(table, resources)
