"""Bounds native thread pools to one thread: what runs side by side must not multiply."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Return the context in which OpenMP and BLAS use one thread.

    To look for their libraries takes four milliseconds, as long as a small fit, so that is done
    anew only when modules were loaded since.
    """
    bound: AbstractContextManager[object] = _controller(len(sys.modules)).limit(limits=1)
    return bound


@lru_cache(maxsize=1)
def _controller(_n_modules: int) -> ThreadpoolController:
    return ThreadpoolController()
