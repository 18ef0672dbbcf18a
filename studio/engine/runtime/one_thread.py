"""Limits native thread pools to one thread, so that parallel jobs do not multiply their threads."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager[object]:
    """Return the context in which OpenMP and BLAS use one thread.

    Searching for their libraries takes four milliseconds, as long as a small fit, so the search is
    repeated only if modules have been imported since.
    """
    limited: AbstractContextManager[object] = _controller(len(sys.modules)).limit(limits=1)
    return limited


@lru_cache(maxsize=1)
def _controller(_n_modules: int) -> ThreadpoolController:
    return ThreadpoolController()
