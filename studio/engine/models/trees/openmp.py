"""LightGBM, also on machines without an OpenMP runtime of their own: torch's copy is loaded
then.
"""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path

try:
    import lightgbm
except OSError:  # slim containers lack libgomp
    _torch = importlib.util.find_spec("torch")
    if _torch is None or _torch.origin is None:
        raise
    ctypes.CDLL(str(Path(_torch.origin).with_name("lib") / "libgomp.so.1"), mode=ctypes.RTLD_GLOBAL)
    import lightgbm

__all__ = ["lightgbm"]
