"""Rulebooks that were in force, are in force, or may be: checked before use, swapped without a restart.

A shelf is a folder with one folder per rulebook (named by the beginning of its hash), the file
`current` that names the one in force, and `history.csv` with every change. The folder of settings is
either such a shelf or a plain rulebook, which then is always in force.
"""

from __future__ import annotations

import csv
import logging
import os
import shutil
import threading
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from app.determine.book import Rulebook
from app.errors import BadData
from app.rulebook.lint import lint
from app.rulebook.load import load
from app.rulebook.trial import run
from app.sealed import sealed

_log = logging.getLogger(__name__)
_CURRENT, _HISTORY = "current", "history.csv"
_SHORT = 16


@sealed(frozen=True, slots=True)
class Activation:
    """A line of the history: which rulebook came into force when, by whom."""

    at: datetime
    rulebook: str
    by: str


def check(folder: Path, today: date) -> Rulebook:
    """Load a rulebook, lint it and run every case; BadData lists all that is wrong, a line each."""
    rulebook = load(folder)
    wrong = [
        f"{policy.file}: {advice.where}: {advice.message}"
        for policy in rulebook.policies.values()
        for advice in lint(policy, today)
        if advice.severity == "error"
    ]
    for result in run(folder, rulebook, rulebook.policies.values()):
        wrong += [
            f"{result.case.file}:{result.case.line}: {result.case.name}: {each}"
            for each in result.wrong
        ]
    if wrong:
        raise BadData("\n".join(wrong))
    return rulebook


class Shelf:
    """The rulebooks of a payer on disk."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @staticmethod
    def stands_at(folder: Path) -> bool:
        """Whether the folder is a shelf, not a plain rulebook."""
        return (folder / _CURRENT).is_file()

    def put(self, folder: Path, today: date) -> str:
        """Check a rulebook and copy it to the shelf; its hash. Nothing comes into force."""
        sha256 = check(folder, today).sha256
        place = self.place(sha256)
        if not place.is_dir():
            half = self.home / f".{sha256[:_SHORT]}"
            shutil.rmtree(half, ignore_errors=True)
            shutil.copytree(folder, half)
            half.rename(place)
        return sha256

    def place(self, sha256: str) -> Path:
        """The folder of one rulebook."""
        return self.home / sha256[:_SHORT]

    def current(self) -> str:
        """The short hash of the rulebook in force; BadData when there is none."""
        try:
            return (self.home / _CURRENT).read_text(encoding="utf-8").strip()
        except OSError:
            raise BadData(f"{self.home}: no rulebook is in force: activate one first") from None

    def activate(self, sha256: str, at: datetime, by: str) -> None:
        """Bring a rulebook of the shelf into force, at once and for every process."""
        if not self.place(sha256).is_dir():
            raise BadData(f"{self.home}: holds no rulebook {sha256[:_SHORT]}")
        with (self.home / _HISTORY).open("a", encoding="utf-8", newline="") as out:
            csv.writer(out).writerow([at.isoformat(), sha256[:_SHORT], by])
        new = self.home / f".{_CURRENT}"
        with new.open("w", encoding="utf-8") as out:
            out.write(f"{sha256[:_SHORT]}\n")
            out.flush()
            os.fsync(out.fileno())
        new.replace(self.home / _CURRENT)

    def history(self) -> Iterator[Activation]:
        """Every change, oldest first."""
        path = self.home / _HISTORY
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        for at, rulebook, by in csv.reader(text.splitlines()):
            yield Activation(datetime.fromisoformat(at), rulebook, by)

    def roll_back(self, at: datetime, by: str) -> str:
        """Bring back the rulebook that was in force before the present one; its short hash."""
        now = self.current()
        before = [each.rulebook for each in self.history() if each.rulebook != now]
        if not before:
            raise BadData(f"{self.home}: no earlier rulebook to go back to")
        self.activate(before[-1], at, by)
        return before[-1]


def folder_in_force(folder: Path) -> Path:
    """The folder of the rulebook in force: the folder itself, or the current one of a shelf."""
    if not Shelf.stands_at(folder):
        return folder
    shelf = Shelf(folder)
    return shelf.place(shelf.current())


class InForce:
    """The rulebook in force for a running process: looks at the shelf each time, loads on a change.

    A rulebook that cannot be loaded any more is reported and the running one stays.
    """

    def __init__(self, folder: Path) -> None:
        self._shelf = Shelf(folder) if Shelf.stands_at(folder) else None
        self._lock = threading.Lock()
        self._name = self._shelf.current() if self._shelf else ""
        self._kept: dict[str, Rulebook] = {}
        self._now = load(self._shelf.place(self._name) if self._shelf else folder)

    def current(self) -> Rulebook:
        """The rulebook for a request that arrives now."""
        if self._shelf is not None:
            name = self._shelf.current()
            if name != self._name:
                self._change(self._shelf, name)
        return self._now

    def of(self, sha256: str) -> Rulebook | None:
        """A rulebook by its hash, also one that is no longer in force; None when it is gone."""
        if sha256 == self._now.sha256:
            return self._now
        if sha256 not in self._kept and self._shelf is not None:
            place = self._shelf.place(sha256)
            if place.is_dir():
                self._kept[sha256] = load(place)
        return self._kept.get(sha256)

    def _change(self, shelf: Shelf, name: str) -> None:
        with self._lock:
            if name == self._name:
                return
            self._name = name
            try:
                fresh = load(shelf.place(name))
            except BadData as bad_data:
                _log.error(
                    "rulebook %s cannot be used, %s stays: %s", name, self._now.sha256, bad_data
                )
                return
            self._kept[self._now.sha256] = self._now
            self._now = fresh
            _log.info("rulebook %s is in force", fresh.sha256)
