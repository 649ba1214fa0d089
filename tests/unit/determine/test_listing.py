"""The public lists come from the lines that decide, so they cannot disagree with a decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from app import resources
from app.determine.listing import list_changes, listed, on_list
from app.domain.decision import ReviewKind
from app.rulebook import Rulebook, load

from .conftest import EN_ES, policy

Book = Callable[..., Rulebook]
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"


def scope(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "review": "prior-authorization", "services": [name], "cite": "rule", **more}


DATED = policy(
    applies=[
        scope("X1000", **{"from": "2026-04-13"}),
        scope("X2000", to="2026-10-27"),
        scope("X3000", states=["TX"]),
        scope("X4000", review="recommended-clinical-review"),
        scope("X5000", review="none"),
    ],
    versions=[{"version": "2", "from": "2026-07-01"}, {"version": "1", "to": "2026-06-30"}],
)


def codes(rulebook: Rulebook, day: str, **more: object) -> list[str]:
    return [line.code for line in listed(rulebook, date.fromisoformat(day), **more)]  # type: ignore[arg-type]


def test_a_list_holds_what_is_asked_for_on_its_day(book: Book) -> None:
    rulebook = book(DATED)
    assert codes(rulebook, "2026-04-12") == ["X2000", "X3000"]
    assert codes(rulebook, "2026-04-13") == ["X1000", "X2000", "X3000"]
    assert codes(rulebook, "2026-10-28") == ["X1000", "X3000"]
    assert codes(rulebook, "2026-10-28", reviews={ReviewKind.RECOMMENDED}) == ["X4000"]


def test_a_line_names_policy_page_and_citation(book: Book) -> None:
    (line,) = on_list(book(DATED), date(2026, 12, 1), HCPCS, "X3000")
    assert (line.policy, line.path, line.title) == ("made-up", "/policies/made-up", EN_ES)
    assert line.citations[0].title == "The rule" and line.where.states == {"TX"}
    assert on_list(book(DATED), date(2026, 12, 1), "HCPCS", "X9000") == []


def test_changes_name_their_first_day_and_no_new_version(book: Book) -> None:
    found = list_changes(book(DATED), date(2026, 1, 1), date(2026, 12, 31))
    assert [(each.day.isoformat(), each.added, each.line.code) for each in found] == [
        ("2026-04-13", True, "X1000"),
        ("2026-10-28", False, "X2000"),
    ]
    assert list_changes(book(DATED), date(2026, 10, 28), date(2026, 12, 31)) == []


def test_exclusions_and_lines_that_are_never_in_force_are_not_listed(book: Book) -> None:
    early = policy(
        applies=[scope("X1000", to="2024-12-31")], versions=[{"version": "1", "from": "2025-01-01"}]
    )
    rulebook = book(early, policy(id="exempt", role="exemption"))
    assert listed(rulebook, date(2026, 1, 1)) == []


def test_every_listed_service_of_the_demo_payer_is_reviewed() -> None:
    rulebook = load(resources.data("policies"))
    lines = listed(rulebook, date(2026, 11, 25))
    assert {"E1390", "E0601", "72148"} <= {line.code for line in lines}
    for line in lines:
        entries = rulebook.entries(frozenset({(line.system, line.code)}), date(2026, 11, 25))
        assert any(entry.ready.policy.id == line.policy for entry in entries)
