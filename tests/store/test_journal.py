"""What SQLite's log promises: an answer waits for the disk, others do not, and the log stays short."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from app.errors import Broken
from app.store import Store, journal, migrate
from tests.store.made import TENANT, filing


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An empty database file, migrated."""
    path = tmp_path / "forthwith.sqlite3"
    made = Store(f"sqlite:///{path}")
    migrate(made)
    made.close()
    return path


def test_a_commit_is_flushed_before_it_is_answered_and_after_others_may_write(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def flush(_descriptor: int) -> None:
        with sqlite3.connect(file, timeout=0) as other:
            other.execute("BEGIN IMMEDIATE")
            seen.append(other.execute("SELECT count(*) FROM cases").fetchone()[0])
        other.close()

    store = Store(f"sqlite:///{file}")
    monkeypatch.setattr(os, "fdatasync", flush)
    with store.write(TENANT) as work:
        filing().store(work)
    assert seen == [1]
    with store.write(TENANT) as work:
        assert work.cases.get(filing().case.id) is None  # a block that reads commits otherwise
        filing().store(work)
    assert seen == [1, 2]
    store.close()


def test_a_disk_that_fails_is_no_answer(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "input/output error")

    store = Store(f"sqlite:///{file}")
    monkeypatch.setattr(os, "fdatasync", fail)
    with pytest.raises(Broken, match="disk"), store.write(TENANT) as work:
        filing().store(work)
    store.close()


def test_a_store_that_need_not_survive_a_power_loss_flushes_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(f"sqlite:///{file}", "NORMAL")
    monkeypatch.setattr(os, "fdatasync", lambda _descriptor: pytest.fail("flushed"))
    with store.write(TENANT) as work:
        filing().store(work)
    store.close()


@pytest.mark.parametrize("reads", [False, True])
def test_the_log_does_not_grow_with_what_is_stored(
    file: Path, monkeypatch: pytest.MonkeyPatch, reads: bool
) -> None:
    """Neither with blocks that only write, nor with those that read and so hold the pool's connection."""
    monkeypatch.setattr(journal, "COMMITS", 4)
    monkeypatch.setattr(journal, "LONG", 100)
    store = Store(f"sqlite:///{file}")
    log, sizes = Path(f"{file}-wal"), []
    for _ in range(40):
        with store.write(TENANT) as work:
            if reads:
                work.cases.get(filing().case.id)
            filing().store(work)
        sizes.append(log.stat().st_size)
    assert max(sizes) < sizes[0] * 10
    store.close()


def test_a_log_that_is_another_file_now_is_opened_again(file: Path) -> None:
    held = journal.Journal(str(file))
    held.flush()  # nothing has been written: there is no log
    for _ in range(2):
        store = Store(f"sqlite:///{file}")
        with store.write(TENANT) as work:
            filing().store(work)
        held.flush()
        store.close()
    held.forget()


def test_what_was_answered_is_there_after_a_power_loss(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk as it was when the last flush began holds every case, and is sound."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def flush(_descriptor: int) -> None:
        for each in (file, Path(f"{file}-wal")):
            shutil.copy(each, disk / each.name)

    monkeypatch.setattr(journal, "COMMITS", 3)
    monkeypatch.setattr(journal, "LONG", 40)
    monkeypatch.setattr(os, "fdatasync", flush)
    store = Store(f"sqlite:///{file}")
    for answered in range(1, 11):
        with store.write(TENANT) as work:
            filing().store(work)
        with sqlite3.connect(disk / file.name) as after:
            assert after.execute("SELECT count(*) FROM cases").fetchone() == (answered,)
            assert after.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        after.close()
    store.close()
