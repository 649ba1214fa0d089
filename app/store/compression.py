"""zstd for everything that is kept whole. The dictionary's number stands beside each body.

`zstandard`'s objects must not be used by two threads at once, so each thread has its own.
"""

from __future__ import annotations

import threading

import zstandard

LEVEL = 3
WITHOUT = 0
"""The dictionary number of bodies compressed without one."""


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=LEVEL)
        self.unpack = zstandard.ZstdDecompressor()


_OWN = _PerThread()


def pack(content: bytes) -> tuple[int, bytes]:
    """The number of the dictionary used, and the compressed bytes."""
    return WITHOUT, _OWN.pack.compress(content)


def unpack(dictionary: int, body: bytes) -> bytes:
    """The bytes that were packed; KeyError when this program lacks the dictionary."""
    if dictionary != WITHOUT:
        raise KeyError(dictionary)
    return _OWN.unpack.decompress(body)
