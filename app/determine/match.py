"""Which policy speaks about a line, and which review it gets: the most specific scope line wins.

Ties fall to the newer version, then to the alphabet, so the same rulebook always gives the same match.
"""

from __future__ import annotations

from app.determine.book import Entry, Rulebook
from app.determine.codes import belongs
from app.determine.subject import Subject
from app.determine.where import fits, unknowns
from app.domain.decision import ReviewKind
from app.domain.facts import Truth
from app.domain.policy import Role, Technology
from app.sealed import sealed

_LENIENT = (ReviewKind.NONE, ReviewKind.RECOMMENDED)


@sealed(frozen=True, slots=True)
class Match:
    """What speaks about a line.

    `exemptions` and `exclusions` are asked before `entry`. `unsure` names what the request does not
    say although the match depends on it.
    """

    exemptions: tuple[Entry, ...] = ()
    exclusions: tuple[Entry, ...] = ()
    entry: Entry | None = None
    unsure: tuple[str, ...] = ()
    technology: Technology | None = None


def match(subject: Subject, rulebook: Rulebook) -> Match:
    """The scope lines that hold for this line on its day of service.

    A line that would spare the review (imaging in an emergency department) and of which nobody can
    tell whether it holds is passed over: the ordinary rule applies. Any other one makes it unsure.
    """
    exemptions: dict[str, Entry] = {}
    exclusions: dict[str, Entry] = {}
    coverage: Entry | None = None
    unsure: tuple[str, ...] = ()
    for entry in rulebook.entries(subject.service, subject.day, subject.item.guidance):
        role = entry.ready.policy.role
        truth = fits(entry.scope.where, subject)
        if role is not Role.COVERAGE:
            if truth is Truth.MET:
                first = exemptions if role is Role.EXEMPTION else exclusions
                first.setdefault(entry.ready.policy.id, entry)
        elif truth is Truth.MET:
            coverage = entry
            break
        elif truth is Truth.UNKNOWN and entry.scope.review not in _LENIENT:
            coverage, unsure = entry, unknowns(entry.scope.where, subject)
            break
    return Match(
        tuple(exemptions.values()),
        tuple(exclusions.values()),
        coverage,
        unsure,
        _technology(subject, rulebook),
    )


def _technology(subject: Subject, rulebook: Rulebook) -> Technology | None:
    for technology in rulebook.technologies:
        if belongs(subject.service, technology.codes):
            return technology
    return None
