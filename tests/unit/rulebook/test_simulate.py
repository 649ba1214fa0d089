"""The same requests under two rulebooks: what changes, why, and by how much."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import StringIO
from itertools import islice
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from app import resources
from app.domain.decision import Decision, Outcome
from app.rulebook import Rulebook, load
from app.rulebook.cases import cases
from app.rulebook.chart import svg, write_csv
from app.rulebook.simulate import Situation, Verdict, simulate, tally
from app.rulebook.stats import ENOUGH, stats
from app.rulebook.synthetic import synthetic
from app.rulebook.trial import decided

Changed = Callable[..., Rulebook]
TODAY = date(2026, 11, 25)


@pytest.fixture
def situations(folder: Path) -> Callable[[Rulebook], list[Situation]]:
    def found(book: Rulebook) -> list[Situation]:
        return [
            Situation(each.name, each.request, each.coverage, each.received)
            for each in cases(folder / "made-up", book.policy("made-up"), book.terms, book.plans)
        ]

    return found


def one(
    folder: Path, situations: Callable[[Rulebook], list[Situation]], after: Callable[[], Rulebook]
) -> Verdict:
    before = load(folder)
    given = situations(before)
    return next(simulate(before, after(), given))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("at_least: 50", "at_least: 70", "approved becomes pended (clinical-review)"),
        ("at_least: 50", "at_least: 70", "criterion heavy was met, is unmet (kilos known)"),
        ("units: 2", "units: 3", "grants 3 instead of 2"),
        ("units: 2, ", "", "grants what was asked instead of 2"),
        ("90 days", "30 days", "granted to 2026-12-30 instead of 2027-02-28"),
        (
            "cite: rule 3}",
            "cite: rule 3}\n  - {id: more, fact: ill, is: no, cite: rule}",
            "new criterion more is unmet (ill known)",
        ),
        (
            "  - {id: heavy, fact: kilos, at_least: 50, cite: rule 3}",
            "  - {id: pathological, fact: ill, is: no, cite: rule}",
            "criterion heavy is gone",
        ),
        ('version: "1"', 'version: "2"', ""),
        ("services: [X1000]", "services: [X2000]", "judged by none instead of made-up"),
        ("prior-authorization", "none", "because of not-required"),
    ],
)
def test_a_changed_answer_says_why(
    folder: Path,
    situations: Callable[[Rulebook], list[Situation]],
    changed: Changed,
    old: str,
    new: str,
    why: str,
) -> None:
    verdict = one(folder, situations, lambda: changed(old, new))
    assert (why in verdict.why) if why else not verdict.why, verdict.why


def test_a_new_version_is_named_when_the_answer_changes(
    folder: Path, situations: Callable[[Rulebook], list[Situation]], changed: Changed
) -> None:
    changed("at_least: 50", "at_least: 50")

    def after() -> Rulebook:
        changed('version: "1"', 'version: "2"')
        return changed("at_least: 50", "at_least: 70")

    assert "version 2 instead of 1" in one(folder, situations, after).why


def test_what_is_asked_for_is_compared(
    folder: Path, situations: Callable[[Rulebook], list[Situation]], changed: Changed
) -> None:
    path = folder / "made-up" / "cases.yaml"
    path.write_text(path.read_text().replace("facts: {ill: yes, kilos: 60}", "facts: {kilos: 60}"))
    verdict = one(folder, situations, lambda: changed("    ask: {en: Ill?, es: ¿Enfermo?}\n", ""))
    assert "asked for or no longer asked for: ill" in verdict.why


def test_the_tally_counts_by_policy(
    folder: Path, situations: Callable[[Rulebook], list[Situation]], changed: Changed
) -> None:
    before = load(folder)
    given = situations(before) * 3
    found = list(simulate(before, changed("at_least: 50", "at_least: 70"), given))
    (counted,) = tally(found)
    assert (counted.policy, counted.lines, counted.changed) == ("made-up", 3, 3)
    assert (counted.before, counted.after) == ({"approved": 3}, {"pended": 3})


def test_rows_and_chart_hold_what_was_found(
    folder: Path, situations: Callable[[Rulebook], list[Situation]], changed: Changed
) -> None:
    before = load(folder)
    found = list(simulate(before, changed("at_least: 50", "at_least: 70"), situations(before)))
    out = StringIO()
    write_csv(found, out)
    header, row, *_ = out.getvalue().splitlines()
    assert header == "request,line,policy,before,after,changed,why"
    assert row.startswith("ill and heavy,1,made-up,approved,pended,yes,")
    picture = ElementTree.fromstring(svg(tally(found)))
    titles = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert titles == ["approved: 1", "pended: 1"]


def test_made_up_requests_come_from_a_seed_and_reach_every_outcome() -> None:
    book = load(resources.data("policies"))
    policies = [
        book.policy(name) for name in ("home-oxygen", "cpap", "lumbar-mri", "no-authorization")
    ]

    def made(seed: int) -> list[Situation]:
        return list(islice(synthetic(book, policies, TODAY, Random(seed)), 200))

    first = made(7)
    assert first == made(7)
    assert first != made(8)
    outcomes = {verdict.after.outcome for verdict in simulate(book, book, first)}
    assert {Outcome.APPROVED, Outcome.PENDED, Outcome.NOT_REQUIRED} <= outcomes
    assert not any(verdict.why for verdict in simulate(book, book, first))


def test_a_policy_without_codes_makes_no_requests(folder: Path, changed: Changed) -> None:
    book = changed("services: [X1000]", "services: any")
    assert list(synthetic(book, [book.policy("made-up")], TODAY, Random(1))) == []


def test_made_up_requests_know_every_type_of_fact(changed: Changed) -> None:
    more = (
        "  size:\n    label: {en: S, es: S}\n    type: choice\n    options: [{code: a, label: A}]\n"
        "  start:\n    label: {en: S, es: S}\n    type: date\n"
        "  words:\n    label: {en: S, es: S}\n    type: text\n  kilos:"
    )
    changed("  kilos:", more)
    book = changed(
        "cite: rule 2}",
        "cite: rule 2}\n  - {fact: size, is: a, cite: rule}\n  - {fact: start, within: {of: service-day, to: 0 days}, cite: rule}\n"
        "  - {fact: words, one_of: [x, y], cite: rule}",
    )
    made = list(islice(synthetic(book, [book.policy("made-up")], TODAY, Random(1)), 30))
    answered = {each.source.element for situation in made for each in situation.request.evidence}
    assert answered == {"ill", "kilos", "size", "start"}


@pytest.fixture
def decision(folder: Path) -> Decision:
    book = load(folder)
    case = cases(folder / "made-up", book.policy("made-up"), book.terms, book.plans)[0]
    return decided(case, book)


def test_a_policy_that_almost_always_grants_is_a_candidate(decision: Decision) -> None:
    (share,) = stats([decision] * ENOUGH)
    assert (share.policy, share.lines, share.granted, share.granted_share) == (
        "made-up",
        20,
        20,
        1.0,
    )
    assert share.may_be_dropped
    (few,) = stats([decision] * (ENOUGH - 1))
    assert not few.may_be_dropped


def test_lines_without_review_are_not_counted_and_pended_ones_not_as_decided(
    folder: Path, changed: Changed, decision: Decision
) -> None:
    path = folder / "made-up" / "cases.yaml"
    path.write_text(path.read_text().replace("ill: yes, ", ""))
    book = load(folder)
    case = cases(folder / "made-up", book.policy("made-up"), book.terms, book.plans)[0]
    pended = decided(case, book)
    (share,) = stats([pended])
    assert (share.asked, share.with_a_person, share.granted_share) == (1, 0, 0.0)
    book = changed("prior-authorization", "none")
    assert stats([decided(case, book)]) == []
