"""Large pages of memory for what a worker keeps, where Linux offers them.

A submit touches some 25 MB of compiled checks, policies and code. In pages of 4 KB that is more than
the processor can find without asking memory where memory is; in pages of 2 MB it is not.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PAGE = 2 << 20
FULL = 0.75
"""A mapping less full than this is left alone, as a thread's stack: it would only grow."""
_COLLAPSE = 25
"""MADV_COLLAPSE of Linux 6.1 (madvise(2)); older systems refuse it, and nothing changes."""
_MAPPING = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) rw-p \S+ \S+ \S+ *(\[heap\])?\nSize: +(\d+) kB\n(?:[^-\n]+\n)*?Rss: +(\d+) kB",
    re.MULTILINE,
)


def settle(smaps: Path = Path("/proc/self/smaps")) -> int:
    """Have memory that is in use now kept in large pages; how many of 2 MB there are. Never raises."""
    made = 0
    with suppress(OSError, AttributeError):
        advise = ctypes.CDLL(None).madvise
        advise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
        for start in _places(smaps.read_text()):
            made += advise(start, PAGE, _COLLAPSE) == 0
    return made


def _places(smaps: str) -> Iterator[int]:
    """The addresses of whole large pages in mappings of our own that are nearly all in use."""
    for found in _MAPPING.finditer(smaps):
        first, end = (int(found[place], 16) for place in (1, 2))
        size, resident = (int(found[place]) for place in (4, 5))
        if resident >= FULL * size:
            yield from range(-(-first // PAGE) * PAGE, end // PAGE * PAGE, PAGE)
