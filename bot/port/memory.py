"""Returns freed memory to the operating system, if the C library supports it."""

import ctypes
from contextlib import suppress


def trim() -> None:
    """Return free pages of the heap. glibc keeps them otherwise, for hours after a flood of large bodies."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
