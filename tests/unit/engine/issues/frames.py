"""What detectors of text issues find in a few texts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from studio.engine.issues.base import Columns, Evidence
from studio.engine.labels.encoding import encode_labels
from studio.engine.ml_task import Mode
from studio.engine.runtime.resources import Resources
from studio.engine.study.study import make_study
from studio.engine.table.cells import Table
from tests.unit.engine.frames import text_spec


def found_in(texts: list[str], find: Callable[[Evidence], Columns]) -> pd.DataFrame:
    """Return the detector's columns, one row per text in the order given."""
    frame = pd.DataFrame({"text": texts}, dtype=object)
    labels = [("a", "b")[row % 2] for row in range(len(texts))]
    spec = text_spec(mode=Mode.REGULAR)
    study = make_study(Table.of(frame, ["text"]), encode_labels(labels), spec, Resources())
    nothing = np.empty((len(texts), 0), dtype=np.float32)
    columns = pd.DataFrame(dict(find(Evidence(study, nothing, nothing))))
    return columns.iloc[np.argsort(study.order)].reset_index(drop=True)
