"""What is kept whole comes back byte for byte, whichever dictionary it was packed with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app import resources
from app.store import Store
from app.store.compression import FOLDER, WITHOUT, newest, pack, unpack
from tests.store.made import TENANT, filing


@given(st.binary(max_size=5_000))
def test_any_bytes_come_back(content: bytes) -> None:
    assert unpack(*pack(content)) == content


def test_a_body_without_a_dictionary_stays_readable() -> None:
    assert unpack(WITHOUT, zstandard.ZstdCompressor().compress(b"older")) == b"older"


def test_each_dictionary_carries_its_own_number() -> None:
    numbers = sorted(int(path.stem) for path in FOLDER.glob("*.zdict"))
    assert numbers == list(range(1, newest() + 1))
    for number in numbers:
        content = (FOLDER / f"{number}.zdict").read_bytes()
        assert zstandard.ZstdCompressionDict(content).dict_id() == number
        assert len(content) <= 64 * 1024


def test_a_dictionary_that_this_program_lacks_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        unpack(newest() + 1, b"")


def test_a_new_body_names_the_newest_dictionary(store: Store) -> None:
    with store.write(TENANT) as work:
        filing().store(work)
    with store.engines.read.connect() as connection:
        used = connection.execute(text("SELECT DISTINCT dictionary FROM documents")).scalars()
        assert used.all() == [newest()]


def test_the_dictionary_saves_a_third_of_what_zstd_alone_needs_for_our_examples() -> None:
    path = resources.data("examples") / "pas" / "2.2" / "oxygen-approved.json"
    content = orjson.dumps(orjson.loads(path.read_bytes()))
    alone = len(zstandard.ZstdCompressor(level=3).compress(content))
    assert len(pack(content)[1]) < alone * 2 / 3


def test_threads_pack_and_unpack_at_once() -> None:
    contents = [str(n).encode() * 2_000 for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda content: unpack(*pack(content)), contents)) == contents
