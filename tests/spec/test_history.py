"""What the payer authorized before counts where a policy asks for it, and only for that member."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.determine.explain import explain_item
from app.domain.case import CaseState
from app.domain.coverage import Coverage
from app.domain.decision import Decision, Outcome
from app.domain.guide import Guide
from app.domain.roster import PaidLine
from app.fhir.read import read_request
from app.fhir.urls import system
from app.flows.decide_file import decide_file, members
from app.flows.history import StoredHistory
from app.flows.judge import judge
from app.flows.members_import import Import, import_members
from app.flows.replay import past_cases
from app.flows.submit import submit
from app.rulebook.simulate import simulate
from app.store.decisions import Decisions
from app.store.members import Members
from tests.spec.made import made_world
from tests.spec.reading import action, items, notes, number
from tests.spec.telling import answered, decided
from tests.spec.test_outcomes import Someone
from tests.spec.test_pauses import send
from tests.spec.test_predetermine import opinion
from tests.spec.test_review import story
from tests.spec.test_stays import REHABILITATION, staying
from tests.world import World, claim_of, example, fixed_moment

GUIDES = pytest.mark.parametrize("guide", list(Guide))
WALTER = Someone("FW100002", "Hughes", "Walter", "1951-11-02")
REHABILITATION_IN_NOVEMBER = {
    **REHABILITATION,
    "admission": datetime(2026, 11, 20, 20, tzinfo=UTC),
    "screening": datetime(2026, 11, 19, 20, tzinfo=UTC),
}
SCAN = """
id: made-scan
owner: Medical director
title: {en: Heart scan, es: Escaneo cardíaco}
summary: {en: One scan in 90 days., es: Un escaneo en 90 días.}
sources:
  house: {title: House list, kind: plan, url: "https://fairwater.example/x", reviewed: 2026-11-22, next_review: 2027-11-22}
versions: [{version: "1", from: 2026-01-01}]
applies:
  - {id: scan, review: prior-authorization, services: [S8092], cite: house}
facts:
  last-approval:
    label: {en: Day of the last approval, es: Fecha de la última aprobación}
    type: date
    find:
      - history: [requested]
        where: {kind: authorization, outcome: [approved, modified]}
criteria:
  - {id: some-units, fact: units, at_least: 1, cite: house}
grant: {period: 30 days}
exempt:
  - id: authorized-lately
    when:
      all:
        - {fact: last-approval, known: yes}
        - {id: in-90-days, fact: last-approval, within: {of: service-day, from: -90 days, to: 0 days}}
    text: {en: Already authorized within 90 days., es: Ya autorizado dentro de 90 días.}
    cite: house
"""


REPAIR = SCAN.replace("made-scan", "made-repair").replace(
    """        where: {kind: authorization, outcome: [approved, modified]}
""",
    """        where: {kind: claim, provider-npi: ["1900005004"]}
""",
)


@pytest.fixture
def made(tmp_path: Path) -> World:
    return made_world(tmp_path, {"made-scan": SCAN})


def asking(
    guide: Guide, code: str = "S8092", diagnosis: str = "J44.9", day: str = "2026-12-01"
) -> Any:
    """The oxygen example with another service, diagnosis and day."""
    bundle = example("oxygen-approved", guide)
    claim = claim_of(bundle)
    (item,) = claim["item"]
    item["productOrService"] = {"coding": [{"system": system.HCPCS, "code": code}]}
    item.pop("modifier", None)
    item["locationCodeableConcept"]["coding"][0]["code"] = "22"
    item.pop("servicedPeriod", None)
    item["servicedDate"] = day
    (first,) = claim["diagnosis"]
    first["diagnosisCodeableConcept"]["coding"][0]["code"] = diagnosis
    return bundle


@GUIDES
def test_a_second_request_within_the_window_needs_no_authorization(
    made: World, guide: Guide
) -> None:
    """The decision names the earlier authorization as the source of its fact."""
    first = made.answer(asking(guide), guide)
    (line,) = items(first).values()
    assert (action(line), bool(number(line))) == ("A1", True)
    second = made.answer(asking(guide), guide)
    (again,) = items(second).values()
    assert number(again) == ""
    assert any("Already authorized within 90 days" in note for note in notes(second, again))
    (item,) = decided(made, second).items
    told = "\n".join(explain_item(item))
    assert f"last-approval = 2026-11-25 (2026-11-25, Authorization {number(line)})" in told


@GUIDES
@pytest.mark.parametrize(("day", "exempt"), [("2027-02-23", True), ("2027-02-24", False)])
def test_the_window_ends_after_its_last_day(
    made: World, guide: Guide, day: str, exempt: bool
) -> None:
    """Authorized on 25 November 2026; the 90th day is 23 February 2027."""
    made.answer(asking(guide), guide)
    (line,) = items(made.answer(asking(guide, day=day), guide)).values()
    assert (number(line) == "") is exempt


@GUIDES
def test_the_authorizations_of_another_member_are_never_seen(made: World, guide: Guide) -> None:
    made.answer(asking(guide), guide)
    (line,) = items(made.answer(WALTER.asks(asking(guide)), guide)).values()
    assert (action(line), bool(number(line))) == ("A1", True)


@GUIDES
def test_a_continued_course_is_asked_about_the_last_evaluation(world: World, guide: Guide) -> None:
    """Hyperbaric oxygen of the demo payer, whose first course it granted itself."""
    wound = asking(guide, "G0277", "E11.621", "2026-12-20")
    (before,) = decided(world, world.answer(wound, guide)).items
    (course,) = decided(world, world.answer(asking(guide, "G0277", "T58.01XA"), guide)).items
    assert course.grant is not None
    wound = asking(guide, "G0277", "E11.621", "2026-12-20")
    (after,) = decided(world, world.answer(wound, guide)).items
    asked = [{need.fact for need in item.needed} for item in (before, after)]
    assert "wagner-grade" in asked[0]
    assert asked[1] == {"evaluation-day", "area-before", "area-now"}


@GUIDES
@pytest.mark.parametrize(("revenue", "missed"), [("0128", False), ("0118", True)])
def test_a_stay_is_recognised_by_its_revenue_code(
    world: World, guide: Guide, revenue: str, missed: bool
) -> None:
    """Both say "not applicable" as service, which makes them no two of a kind."""
    stay = staying(guide, revenue, "I63.511", "61")
    claim_of(stay)["item"][0]["servicedDate"] = "2026-11-20"
    answered(stay, "inpatient-rehabilitation", REHABILITATION_IN_NOVEMBER)
    earlier = replace(fixed_moment(), now=datetime(2026, 11, 19, 15, tzinfo=UTC))
    submit(world.context, world.caller, orjson.dumps(stay), guide, earlier)
    later = staying(guide, "0128", "I63.511", "61")
    claim_of(later)["item"][0]["servicedDate"] = "2026-11-22"
    (item,) = decided(world, world.answer(later, guide)).items
    assert item.review_kind == "post-service"
    assert (item.penalty is not None) is missed


@GUIDES
def test_a_predetermination_authorizes_nothing(made: World, guide: Guide) -> None:
    """An opinion before the request is not an earlier authorization."""
    bundle = asking(guide)
    claim_of(bundle)["use"] = "predetermination"
    opinion(made, bundle, guide)
    (line,) = items(made.answer(asking(guide), guide)).values()
    assert number(line) != ""


@dataclass
class _Asked:
    """A history that counts how often it is asked."""

    granted_asked: int = 0
    paid_asked: int = 0

    def granted(self, member_id: str, by: datetime) -> tuple[Decision, ...]:
        self.granted_asked += 1
        return ()

    def paid(self, coverage: Coverage) -> tuple[tuple[str, PaidLine], ...]:
        self.paid_asked += 1
        return ()


@pytest.mark.parametrize(
    ("code", "times"), [("E1390", (0, 0)), ("E0277", (1, 0)), ("J1745", (0, 1))]
)
def test_the_store_is_asked_only_when_a_policy_wants_to_know(
    world: World, code: str, times: tuple[int, int]
) -> None:
    """Oxygen asks nothing, and infliximab only for paid claims."""
    asked, context = _Asked(), world.context
    bundle = asking(Guide.V22, code)
    request = read_request(bundle, Guide.V22)
    judge(request, bundle, context.eligibility, context.rulebook, "urn:x", fixed_moment(), asked)
    assert (asked.granted_asked, asked.paid_asked) == times


def test_what_arrives_and_what_is_replayed_asks_no_more_than_that(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks through a member's past for oxygen, when the case is judged again either."""

    def never(*_: object) -> Any:
        raise AssertionError("asked")

    for kind in (Decisions, Members):
        monkeypatch.setattr(kind, "granted" if kind is Decisions else "paid", never)
    bundle = example("oxygen-missing-facts", Guide.V22)
    number = world.answer(bundle, Guide.V22)["entry"][0]["resource"]["id"]
    send(world, bundle, story(world, number).case.number)
    assert story(world, number).case.state is CaseState.IN_REVIEW
    context = world.context
    (past,) = past_cases(context.store, "demo", context.limits, [context.rulebook])
    assert past.situation is not None


def test_stored_cases_are_judged_again_with_what_came_before_them(made: World) -> None:
    """The first case does not see the second one, so no line changes."""
    made.answer(asking(Guide.V22), Guide.V22)
    made.answer(asking(Guide.V22), Guide.V22)
    context = made.context
    past = list(past_cases(context.store, made.caller.tenant, context.limits, [context.rulebook]))
    situations = [each.situation for each in past if each.situation]
    again = list(simulate(context.rulebook, context.rulebook, situations))
    assert [each.after.outcome for each in again] == ["approved", "not-required"]
    assert [each.after.outcome for each in again] == [
        each.decision.items[0].outcome for each in past
    ]


def test_a_decision_made_later_was_not_known_then(made: World) -> None:
    made.answer(asking(Guide.V22), Guide.V22)
    source = StoredHistory(made.context.store, made.caller.tenant)
    now = fixed_moment().now
    assert len(tuple(source.granted("FW100001", now))) == 1
    assert tuple(source.granted("FW100001", now.replace(hour=14))) == ()
    assert tuple(StoredHistory(made.context.store, "other").granted("FW100001", now)) == ()


def test_deciding_a_file_sees_the_authorizations_of_the_database(made: World) -> None:
    made.answer(asking(Guide.V22), Guide.V22)
    context = made.context
    with members(context.settings, context.rulebook, None) as (source, history):
        judged = decide_file(
            orjson.dumps(asking(Guide.V22)),
            Guide.V22,
            source,
            context.rulebook,
            context.settings,
            fixed_moment(),
            history,
        )
    (item,) = judged.decision.items
    assert item.outcome is Outcome.NOT_REQUIRED


@GUIDES
@pytest.mark.parametrize(("served", "exempt"), [("2026-10-01", True), ("2026-08-01", False)])
def test_what_the_payer_paid_before_counts(
    tmp_path: Path, guide: Guide, served: str, exempt: bool
) -> None:
    """From an ExplanationOfBenefit of the member file; the decision names it as its source."""
    world = made_world(tmp_path, {"made-repair": REPAIR})
    line = {"servicedDate": served, "productOrService": {"coding": [{"code": "S8092"}]}}
    place = tmp_path / "paid.ndjson"
    benefit = {
        "resourceType": "ExplanationOfBenefit",
        "id": "paid-1",
        "status": "active",
        "patient": {"reference": "Patient/fw100001"},
        "provider": {"identifier": {"system": system.NPI, "value": "1900005004"}},
        "item": [line],
    }
    place.write_bytes(orjson.dumps(benefit))
    plans = world.context.rulebook.plans.get
    assert import_members(Import(world.context.store, "demo", plans), place).written
    (item,) = decided(world, world.answer(asking(guide), guide)).items
    told = "\n".join(explain_item(item))
    assert f"last-approval = {served} ({served}, ExplanationOfBenefit" in told
    assert (item.outcome is Outcome.NOT_REQUIRED) is exempt
    context = world.context
    (past,) = past_cases(context.store, "demo", context.limits, [context.rulebook])
    assert past.situation is not None
    kinds = [each.source.kind for each in past.situation.request.evidence]
    assert "ExplanationOfBenefit" in kinds
    other = decided(world, world.answer(WALTER.asks(asking(guide)), guide))
    assert "ExplanationOfBenefit" not in "\n".join(explain_item(other.items[0]))
