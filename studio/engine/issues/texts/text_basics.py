"""Length and emptiness of texts."""

from __future__ import annotations

import numpy as np

from studio.engine.issues.base import Columns, Evidence


def find_text_basics(evidence: Evidence) -> Columns:
    """Count the characters of each text, and mark texts with nothing but white space."""
    cells = evidence.texts.cells
    lengths = np.array([len(cell) for cell in cells], dtype=np.int64)
    return {"is_empty_text": cells.is_blank, "text_num_characters": lengths}
