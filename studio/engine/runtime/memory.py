"""Returns freed memory to the system.

Arrow and the C library keep freed memory for later, so without this the peak of one stage would add
to that of the next (docs/decisions/threads.md).
"""

from __future__ import annotations

import ctypes

import pyarrow as pa

_LARGE_BYTES = 8 * 1024 * 1024
_M_MMAP_THRESHOLD = -3  # malloc.h
_LIBC = ctypes.CDLL(None)
# Other C libraries return memory by themselves or have no such call.
_IS_GLIBC = hasattr(_LIBC, "malloc_trim")


def keep_little() -> None:
    """Have large blocks returned as soon as they are freed.

    By default glibc raises the size from which blocks are returned, up to 32 MB, each time a larger
    block is freed, and memory freed by helper threads is not returned at all.
    """
    if _IS_GLIBC:
        _LIBC.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def give_back() -> None:
    """Return all memory that is free now."""
    pa.default_memory_pool().release_unused()
    if _IS_GLIBC:
        _LIBC.malloc_trim(0)
