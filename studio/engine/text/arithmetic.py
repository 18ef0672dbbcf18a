"""The arithmetic in which the sentence encoder computes; a text's vector depends on it a little."""

from __future__ import annotations

from enum import StrEnum


class Arithmetic(StrEnum):
    """Kinds of arithmetic; the value stands in manifests and in keys of the cache."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    GPU = "gpu"  # in float32, as earlier versions did
    GPU_FLOAT16 = "gpu-float16"
