"""A rulebook is checked before it comes into force, swapped without a restart, and taken back in one step."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from app.errors import BadData
from app.rulebook import load
from app.rulebook.shelf import InForce, Shelf, check, folder_in_force

TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def shelf(folder: Path, tmp_path: Path) -> Shelf:
    """A shelf with the made-up rulebook in force."""
    made = Shelf(tmp_path / "shelf")
    made.home.mkdir()
    made.activate(made.put(folder, TODAY), NOW, "ana")
    return made


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "made-up" / "policy.yaml"
    path.write_text(path.read_text().replace(old, new))


def test_a_plain_folder_is_always_in_force(folder: Path) -> None:
    running = InForce(folder)
    assert running.current().sha256 == load(folder).sha256
    assert running.of(running.current().sha256) is running.current()
    assert running.of("0" * 64) is None


def test_a_new_rulebook_comes_into_force_without_a_restart(folder: Path, shelf: Shelf) -> None:
    running = InForce(shelf.home)
    first = running.current()
    change(folder, "at_least: 50", "at_least: 55")
    sha256 = shelf.put(folder, TODAY)
    assert running.current() is first
    shelf.activate(sha256, NOW, "ana")
    assert running.current().sha256 == sha256
    assert running.current() is running.current()


def test_cases_keep_the_rulebook_of_their_intake(folder: Path, shelf: Shelf) -> None:
    running = InForce(shelf.home)
    first = running.current()
    change(folder, "at_least: 50", "at_least: 55")
    shelf.activate(shelf.put(folder, TODAY), NOW, "ana")
    running.current()
    assert running.of(first.sha256) is first
    later = InForce(shelf.home).of(first.sha256)
    assert later is not None and later.sha256 == first.sha256


def test_one_step_takes_it_back(folder: Path, shelf: Shelf) -> None:
    before = shelf.current()
    change(folder, "at_least: 50", "at_least: 55")
    shelf.activate(shelf.put(folder, TODAY), NOW, "ana")
    assert shelf.roll_back(NOW, "bo") == before == shelf.current()
    assert [each.by for each in shelf.history()] == ["ana", "ana", "bo"]
    assert InForce(shelf.home).current().sha256.startswith(before)


def test_the_folder_in_force_is_found(folder: Path, shelf: Shelf) -> None:
    assert folder_in_force(folder) == folder
    assert folder_in_force(shelf.home) == shelf.place(shelf.current())
    assert list(Shelf(folder).history()) == []
    assert InForce(shelf.home).of("0" * 64) is None


def test_there_may_be_nothing_to_go_back_to(shelf: Shelf, tmp_path: Path) -> None:
    with pytest.raises(BadData, match="no earlier rulebook"):
        shelf.roll_back(NOW, "bo")
    with pytest.raises(BadData, match="no rulebook is in force"):
        Shelf(tmp_path).current()
    with pytest.raises(BadData, match="holds no rulebook"):
        shelf.activate("f" * 64, NOW, "bo")


def test_the_same_rulebook_stands_there_once(folder: Path, shelf: Shelf) -> None:
    assert shelf.put(folder, TODAY).startswith(shelf.current())
    assert len([each for each in shelf.home.iterdir() if each.is_dir()]) == 1


def test_what_fails_its_cases_or_lint_never_reaches_the_shelf(folder: Path, shelf: Shelf) -> None:
    change(folder, "at_least: 50", "at_least: 70")
    with pytest.raises(BadData, match="ill and heavy: outcome: pended, not approved"):
        shelf.put(folder, TODAY)
    change(folder, "at_least: 70, cite: rule 3", "at_least: 50")
    with pytest.raises(BadData, match="heavy: needs `cite:`"):
        check(folder, TODAY)


def test_a_rulebook_that_cannot_be_loaded_leaves_the_running_one(
    folder: Path, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    running = InForce(shelf.home)
    first = running.current()
    change(folder, "at_least: 50", "at_least: 55")
    sha256 = shelf.put(folder, TODAY)
    (shelf.place(sha256) / "_terms.yaml").unlink()
    shelf.activate(sha256, NOW, "ana")
    assert running.current() is first
    assert "cannot be used" in caplog.text
