"""zstd for everything that is kept whole, with a dictionary of what our documents share.

Requests, answers and decisions repeat the same element names, addresses and policy texts; a
dictionary holds these once. The number of the dictionary stands beside each body, and a dictionary
is never changed or removed: `make dictionary` trains the next one from our examples.
`zstandard`'s objects must not be used by two threads at once, so each thread has its own.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

import zstandard

FOLDER = Path(__file__).resolve().parent / "dictionaries"
LEVEL = 3
WITHOUT = 0
"""The dictionary number of bodies compressed without one."""


@cache
def newest() -> int:
    """The number of the dictionary that new bodies get."""
    return max((int(path.stem) for path in FOLDER.glob("*.zdict")), default=WITHOUT)


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict | None:
    if number == WITHOUT:
        return None
    made = zstandard.ZstdCompressionDict((FOLDER / f"{number}.zdict").read_bytes())
    made.precompute_compress(level=LEVEL)
    return made


class _PerThread(threading.local):
    def __init__(self) -> None:
        self.number = newest()
        self.packer = zstandard.ZstdCompressor(level=LEVEL, dict_data=_dictionary(self.number))
        self.unpackers: dict[int, zstandard.ZstdDecompressor] = {}


@cache
def _threads() -> _PerThread:
    return _PerThread()


def pack(content: bytes) -> tuple[int, bytes]:
    """The number of the dictionary used, and the compressed bytes."""
    own = _threads()
    return own.number, own.packer.compress(content)


def unpack(dictionary: int, body: bytes) -> bytes:
    """The bytes that were packed; FileNotFoundError when this program lacks the dictionary."""
    own = _threads()
    unpacker = own.unpackers.get(dictionary)
    if unpacker is None:
        unpacker = zstandard.ZstdDecompressor(dict_data=_dictionary(dictionary))
        own.unpackers[dictionary] = unpacker
    return unpacker.decompress(body)
