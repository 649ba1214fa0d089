"""Import a member file: all of it, or nothing.

The file is read into a private stage first; every row that cannot be used is named with its line and
reason. Only when the whole file is good (or the operator said to skip what is not) the entries go
into the store, in one transaction: a reader sees the members of before or of after. The same file
twice changes nothing and says so. Persons and coverages that a file does not mention stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

from app.domain.roster import (
    CoverageEntry,
    Entry,
    PaidEntry,
    PayerEntry,
    PersonEntry,
    Placed,
    Rejection,
    Unusable,
)
from app.flows.member_file import MemberFile, RawRow, open_members
from app.sealed import sealed
from app.store import Store
from app.store.member_rows import prepare
from app.store.member_stage import MemberStage
from app.store.members import BATCH, Change, Members, PlanOf

T = TypeVar("T")

KINDS: tuple[type[Entry], ...] = (PayerEntry, PersonEntry, CoverageEntry, PaidEntry)
NAMES = {
    PayerEntry: "payers",
    PersonEntry: "persons",
    CoverageEntry: "coverages",
    PaidEntry: "paid claims",
}
_TYPES = {
    PayerEntry: "Organization",
    PersonEntry: "Patient",
    CoverageEntry: "Coverage",
    PaidEntry: "ExplanationOfBenefit",
}
_EVERY = 2000
_NO_PERSON = "its person is neither in the file nor in the store"

Progress = Callable[[str, int, int], None]
"""Told now and then: the step (`read`, `check`, `store`), how much is done, and of how much."""


@dataclass(slots=True)
class Report:
    """What an import did. `changes` counts by kind; `written` is False when nothing was stored."""

    format: str = ""
    rows: int = 0
    ignored: int = 0
    rejected: int = 0
    written: bool = False
    changes: dict[str, Counter[Change]] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """How many entries the store has now that it did not have before, or has no more."""
        total = sum(self.changes.values(), Counter[Change]())
        return total.total() - total[Change.UNCHANGED]


@sealed(frozen=True, slots=True)
class Import:
    """How to import: `dry_run` stores nothing, `skip_rejected` stores the good rows of a bad file."""

    store: Store
    tenant: str
    plan_of: PlanOf
    dry_run: bool = False
    skip_rejected: bool = False
    progress: Progress = lambda _step, _done, _of: None
    reject: Callable[[Rejection], None] = lambda _rejection: None


def import_members(how: Import, path: Path, format: str = "") -> Report:
    """Take in a member file.

    Raises BadData when the file as a whole cannot be read, Unavailable when the database does not
    answer; in both cases nothing is stored.
    """
    with open_members(path, format) as file, MemberStage() as stage:
        report = Report(file.format)
        _read(how, file, stage, report)
        _check(how, stage, report)
        if report.rejected and not how.skip_rejected:
            report.changes.clear()
        elif not how.dry_run:
            _store(how, stage, report)
        return report


def _read(how: Import, file: MemberFile, stage: MemberStage, report: Report) -> None:
    """Every row into the stage, or rejected. A row of CSV is two entries, and counts once."""
    seen = 0
    for row in file.rows():
        if file.format != "csv" or row.line != seen:
            report.rows += 1
            seen = row.line
        if report.rows % _EVERY == 0:
            how.progress("read", file.done, file.size)
        try:
            placed = row.entry()
            if placed is None:
                report.ignored += 1
            elif line := stage.put(placed):
                raise Unusable(f"the same entry stands in line {line} with other content")
        except Unusable as reason:
            _reject(how, report, row, str(reason))
    how.progress("read", file.size, file.size)


def _reject(how: Import, report: Report, row: RawRow | Placed, reason: str) -> None:
    report.rejected += 1
    kind = row.kind if isinstance(row, RawRow) else _kind(row.entry)
    how.reject(Rejection(row.line, kind, reason))


def _kind(entry: Entry) -> str:
    return _TYPES[type(entry)]


def _check(how: Import, stage: MemberStage, report: Report) -> None:
    """What each entry would change; what names a person, payer or plan that is nowhere is rejected.

    Rows are made and compared here, so that the transaction has only to send them.
    """
    done = 0
    with how.store.read(how.tenant) as look:
        for kind in KINDS:
            tally = report.changes.setdefault(NAMES[kind], Counter())
            for part in _parts(stage.entries(kind)):
                faults = dict(_faults(part, stage, look.members, how.plan_of))
                for placed in part:
                    if placed.entry.ref in faults:
                        _reject(how, report, placed, faults[placed.entry.ref])
                good = [each.entry for each in part if each.entry.ref not in faults]
                rows = [prepare(_named(entry, stage, look.members)) for entry in good]
                changes = look.members.compare(kind, rows)
                fresh = [row for row in rows if changes[row.ref] is not Change.UNCHANGED]
                stage.store_later(kind, fresh)
                tally.update(changes.values())
                done += len(part)
                how.progress("check", done, stage.count)


def _faults(
    part: list[Placed], stage: MemberStage, members: Members, plan_of: PlanOf
) -> Iterator[tuple[str, str]]:
    """The ref of each coverage or paid claim that cannot be joined, with the reason."""
    strange = _strangers(part, stage, members)
    for placed in part:
        paid = placed.entry
        if isinstance(paid, PaidEntry) and not paid.withdrawn and paid.person in strange:
            yield paid.ref, _NO_PERSON
    rows = [each.entry for each in part if isinstance(each.entry, CoverageEntry)]
    live = [entry for entry in rows if not entry.withdrawn]
    foreign = {e.payer for e in live if e.payer and not stage.has(PayerEntry, e.payer)}
    foreign -= members.known(PayerEntry, sorted(foreign)).keys()
    for entry in live:
        if plan_of(entry.plan) is None:
            yield entry.ref, f"the rulebook has no plan {entry.plan}"
        elif entry.person in strange:
            yield entry.ref, _NO_PERSON
        elif entry.payer in foreign:
            yield entry.ref, "its payer is neither in the file nor in the store"
        elif not (entry.numbers or entry.subscriber_id or _own_number(entry, stage, members)):
            yield (
                entry.ref,
                "no member number (type MB) on Coverage.identifier or Patient.identifier",
            )


def _strangers(part: list[Placed], stage: MemberStage, members: Members) -> set[str]:
    """The persons whom `part` names and who are neither in the file nor in the store."""
    rows = [each.entry for each in part]
    joined = [e for e in rows if isinstance(e, CoverageEntry | PaidEntry) and not e.withdrawn]
    strange = {e.person for e in joined if not stage.has(PersonEntry, e.person)}
    return strange - members.known(PersonEntry, sorted(strange)).keys()


def _own_number(entry: CoverageEntry, stage: MemberStage, members: Members) -> str:
    """The person's own number where the coverage has none."""
    person = stage.get(PersonEntry, entry.person)
    if isinstance(person, PersonEntry):
        return person.numbers[0].value if person.numbers else ""
    return members.own_number(entry.person)


def _named(entry: Entry, stage: MemberStage, members: Members) -> Entry:
    """A coverage always says by which number its member is known."""
    if not isinstance(entry, CoverageEntry) or entry.member_id or entry.withdrawn:
        return entry
    own = _own_number(entry, stage, members) or entry.subscriber_id
    return replace(entry, member_id=own)


def _store(how: Import, stage: MemberStage, report: Report) -> None:
    """Everything that is new, in one transaction."""
    done = 0
    with how.store.write(how.tenant) as work:
        for kind in KINDS:
            for part in _parts(stage.fresh(kind)):
                work.members.put(kind, part)
                done += len(part)
                how.progress("store", done, report.changed)
    report.written = True


def _parts(all_of_them: Iterator[T]) -> Iterator[list[T]]:
    """In batches."""
    while part := list(islice(all_of_them, BATCH)):
        yield part
