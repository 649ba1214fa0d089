"""What is kept of a submission: bytes as they came, the decision whole, a log, a clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import orjson
import pytest

from app.domain.case import Case, CaseState
from app.domain.coverage import Eligibility
from app.domain.decision import Decision, Outcome
from app.domain.event import Event, EventKind
from app.domain.guide import Guide
from app.domain.request import PriorAuthRequest
from app.domain.values import Identifier
from app.errors import Unavailable
from app.factory import build_app
from app.flows.decide_file import decide_file
from tests.spec.reading import items, number, response_of
from tests.world import NOW, World, example, fixed_moment

GUIDES = pytest.mark.parametrize("guide", list(Guide))


def kept(world: World, bundle: dict) -> tuple[Case, list[Event], Decision, bytes, bytes]:  # type: ignore[type-arg]
    """Case, log, decision, received bytes and sent bytes of a submission."""
    named = Identifier(bundle["identifier"]["system"], bundle["identifier"]["value"])
    with world.context.store.read(world.caller.tenant) as look:
        submission = look.submissions.find(world.caller.id, named)
        assert submission is not None
        case = look.cases.get(submission.case_id)
        received, sent = (
            look.documents.get(submission.request),
            look.documents.get(submission.answer),
        )
        (stored,) = look.decisions.of(submission.case_id)
        log = list(look.events.of(submission.case_id))
    assert case is not None
    assert received is not None
    assert sent is not None
    return case, log, stored.decision, received.content, sent.content


@GUIDES
def test_bytes_are_kept_exactly_as_received_and_sent(world: World, guide: Guide) -> None:
    bundle = example("oxygen-approved", guide)
    body = orjson.dumps(bundle, option=orjson.OPT_INDENT_2) + b"\n "
    response = world.submit(body, guide)
    _, _, _, received, sent = kept(world, bundle)
    assert received == body
    assert sent == response.data


@GUIDES
def test_the_log_tells_the_story_in_order(world: World, guide: Guide) -> None:
    bundle = example("oxygen-missing-facts", guide)
    world.answer(bundle, guide)
    case, log, decision, _, _ = kept(world, bundle)
    assert [event.kind for event in log] == [
        EventKind.RECEIVED,
        EventKind.ELIGIBILITY_CHECKED,
        EventKind.DECIDED,
        EventKind.INFORMATION_REQUESTED,
        EventKind.CLOCK_STARTED,
        EventKind.ANSWERED,
    ]
    assert {event.at for event in log} == {NOW}
    assert log[0].actor == world.caller.id
    assert {event.actor for event in log[1:]} == {"machine"}
    assert case.state is CaseState.AWAITING_INFORMATION
    assert case.due == decision.due
    assert decision.due is not None
    assert log[4].data["due"] == decision.due.isoformat()


STATES = {
    "oxygen-approved": CaseState.DECIDED,
    "not-covered": CaseState.DECIDED,
    "no-authorization-needed": CaseState.DECIDED,
    "oxygen-clinical-review": CaseState.IN_REVIEW,
    "oxygen-missing-facts": CaseState.AWAITING_INFORMATION,
    "member-not-found": CaseState.REJECTED,
}


@GUIDES
@pytest.mark.parametrize("name", STATES)
def test_the_state_follows_from_the_decision(world: World, guide: Guide, name: str) -> None:
    bundle = example(name, guide)
    world.answer(bundle, guide)
    case, *_ = kept(world, bundle)
    assert case.state is STATES[name]


@GUIDES
def test_a_decision_names_its_rulebook_policy_and_facts(world: World, guide: Guide) -> None:
    bundle = example("oxygen-approved", guide)
    answer = world.answer(bundle, guide)
    case, _, decision, _, _ = kept(world, bundle)
    (item,) = decision.items
    assert decision.rulebook == world.context.rulebook.sha256 == case.rulebook
    assert item.policy is not None
    assert item.policy.id == "home-oxygen"
    assert len(item.policy.sha256) == 64
    assert item.finding is not None
    assert item.grant is not None
    assert item.grant.number == number(items(answer)[1])
    assert case.authorization_number == decision.number


@GUIDES
def test_the_same_facts_and_rulebook_give_the_same_decision_again(
    world: World, guide: Guide
) -> None:
    """Reproducible: from the stored bytes, but for the numbers that were drawn."""
    bundle = example("oxygen-approved", guide)
    world.answer(bundle, guide)
    _, _, first, received, _ = kept(world, bundle)
    again = decide_file(
        received,
        guide,
        world.context.eligibility,
        world.context.rulebook,
        world.context.settings,
        fixed_moment(),
    ).decision
    assert [(i.sequence, i.outcome, i.reasons, i.policy, i.finding) for i in again.items] == [
        (i.sequence, i.outcome, i.reasons, i.policy, i.finding) for i in first.items
    ]


def test_a_case_is_found_by_each_of_its_numbers(world: World) -> None:
    bundle = example("oxygen-approved", Guide.V22)
    answer = world.answer(bundle, Guide.V22)
    case, *_ = kept(world, bundle)
    with world.context.store.read(world.caller.tenant) as look:
        for value in (case.number, number(items(answer)[1])):
            found = look.cases.by_number(value)
            assert found is not None
            assert found.id == case.id
    assert response_of(answer)["id"] != str(case.id)


class _Away:
    """An eligibility system that does not answer."""

    def find(self, _request: PriorAuthRequest, _on: date) -> Eligibility:
        raise Unavailable("away")


@GUIDES
def test_when_nobody_can_say_who_is_covered_a_person_must_within_72_hours(
    world: World, guide: Guide
) -> None:
    context = replace(world.context, eligibility=_Away())
    alone = World(context, build_app(context).test_client())
    bundle = example("oxygen-approved", guide)
    alone.answer(bundle, guide)
    case, log, decision, _, _ = kept(alone, bundle)
    assert case.state is CaseState.IN_REVIEW
    assert case.due is not None
    assert NOW < case.due <= NOW + timedelta(hours=72)
    assert {item.outcome for item in decision.items} == {Outcome.PENDED}
    assert log[1].data == {"found": False, "problem": "not-reached"}
