"""Memory that was freed and not yet returned to the system.

Arrow and the C library keep it for later, so that what one stage needed for a moment is still taken
while the next one takes its own (docs/decisions/threads.md).
"""

from __future__ import annotations

import ctypes

import pyarrow as pa

_LARGE_BYTES = 8 * 1024 * 1024
_M_MMAP_THRESHOLD = -3  # malloc.h
_LIBC = ctypes.CDLL(None)
_IS_GLIBC = hasattr(
    _LIBC, "malloc_trim"
)  # other C libraries return memory by themselves, or have no such call


def keep_little() -> None:
    """Have large blocks returned as soon as they are freed.

    By itself the C library puts those of up to 32 MB among the small ones once it has seen such a
    size, and those of helper threads do not come back.
    """
    if _IS_GLIBC:
        _LIBC.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def give_back() -> None:
    """Return what is free now."""
    pa.default_memory_pool().release_unused()
    if _IS_GLIBC:
        _LIBC.malloc_trim(0)
