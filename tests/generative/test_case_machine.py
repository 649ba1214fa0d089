"""Random lives of cases: requests, updates, cancellations, attachments, decisions, time passing.

Whatever happens in whatever order: no item is lost, no state follows that may not, there is one
current answer, the log explains the state, and nothing is denied without a medical director.
"""

from __future__ import annotations

import copy
import itertools
import shutil
import tempfile
import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.clock import Moment
from app.domain.case import CLOCK, WAITING, CaseState, ClockState, allows
from app.domain.decision import Outcome
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.domain.principal import Role
from app.factory import build_app
from app.fhir.urls import system
from app.flows.expire import expire
from app.flows.explain_case import Story, explain_case
from app.flows.record import state_after
from tests.spec.reading import error_codes, response_of
from tests.spec.updating import add_line, certify, line, mark, update_of, withdraw
from tests.world import FHIR_JSON, NOW, World, claim_of, example, fixed_moment, new_context

Json = dict[str, Any]

PEOPLE: dict[str, Json] = {
    "reviewer": {"id": "lee"},
    "medical-director": {"id": "chen", "npi": "1234567893", "specialty": "207RP1001X"},
}
WHY = {
    "criteria": ["low-saturation-at-rest"],
    "reason": {"en": "Above the limit.", "es": "Por encima del límite."},
    "would_change": {"en": "Another test.", "es": "Otra prueba."},
}
STARTS = ("oxygen-clinical-review", "oxygen-missing-facts", "mixed-lines", "oxygen-approved")
WAYS = ("change", "add", "cancel one", "drop one", "nothing", "more information")
ACTS = ("release", "approve", "deny", "modify", "ask", "extend")


@dataclass
class Life:
    """What a sender knows of one request: its versions, and the sequences it asked for."""

    guide: Guide
    public_id: str
    versions: list[Json]
    asked: set[int] = field(default_factory=set)


class Clock:
    """A present that moves when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Moment:
        return replace(fixed_moment(), now=self.now)


class Cases(RuleBasedStateMachine):
    """A payer's server and everybody who deals with it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder, self.clock = Path(tempfile.mkdtemp()), Clock()
        context = replace(new_context(self.folder), moment=self.clock)
        self.world = World(context, build_app(context).test_client())
        self.lives: list[Life] = []
        self.sent: list[tuple[Guide, Json, bytes]] = []

    def teardown(self) -> None:
        self.world.context.store.close()
        shutil.rmtree(self.folder)

    # what happens -----------------------------------------------------------------------------

    @rule(name=st.sampled_from(STARTS), guide=st.sampled_from(Guide))
    def a_request_comes(self, name: str, guide: Guide) -> None:
        bundle = _renamed(example(name, guide))
        answer = self._send(guide, bundle)
        life = Life(guide, response_of(answer)["id"], [bundle])
        life.asked = {each["sequence"] for each in claim_of(bundle)["item"]}
        self.lives.append(life)

    @precondition(lambda self: self.lives)
    @rule(
        which=st.integers(0, 50),
        version=st.integers(0, 3),
        way=st.sampled_from(WAYS),
        number=st.integers(0, 5),
    )
    def an_update_comes(self, which: int, version: int, way: str, number: int) -> None:
        life = self._life(which)
        prior = life.versions[-1 - version % min(2, len(life.versions))]
        bundle = update_of(prior)
        items = claim_of(bundle)["item"]
        sequence = items[number % len(items)]["sequence"]
        if way == "change":
            mark(line(bundle, sequence), "changed")["quantity"] = {"value": 6, "unit": "months"}
        elif way == "add":
            add_line(bundle, sequence, "E0570", life.guide)
        elif way == "cancel one":
            withdraw(line(bundle, sequence))
        elif way == "drop one":
            items.remove(line(bundle, sequence))
            if not items:
                return
        elif way == "more information":
            said = {"sequence": 90 + number, "category": _message(), "valueString": "Worse now."}
            papers = claim_of(bundle).setdefault("supportingInfo", [])
            if said["sequence"] not in {each["sequence"] for each in papers}:
                papers.append(said)
        self._update(life, bundle)

    @precondition(lambda self: self.lives)
    @rule(which=st.integers(0, 50))
    def all_of_it_is_cancelled(self, which: int) -> None:
        life = self._life(which)
        bundle = update_of(life.versions[-1])
        certify(claim_of(bundle), "3")
        self._update(life, bundle)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 50))
    def something_is_sent_again(self, which: int) -> None:
        guide, bundle, first = self.sent[which % len(self.sent)]
        assert self.world.submit(bundle, guide).data == first

    @precondition(lambda self: self.lives)
    @rule(which=st.integers(0, 50))
    def a_document_arrives(self, which: int) -> None:
        life = self._life(which)
        told = self._story(life)
        response = self.world.client.post(
            f"/fhir/{life.guide.value}/$submit-attachment",
            data=orjson.dumps(_attachment(life.versions[-1], told.case.number)),
            content_type=FHIR_JSON,
        )
        assert response.status_code == 200, response.data

    @precondition(lambda self: self.lives)
    @rule(
        which=st.integers(0, 50),
        word=st.sampled_from(ACTS),
        role=st.sampled_from(sorted(PEOPLE)),
        number=st.integers(0, 5),
    )
    def a_person_acts(self, which: int, word: str, role: str, number: int) -> None:
        told = self._story(self._life(which))
        items = told.decisions[-1].decision.items
        item = items[number % len(items)].sequence
        self._act(told.case.number, "take", role, {})
        body: Json = {} if word in ("release", "approve") else {"item": item}
        if word in ("deny", "modify"):
            body["why"] = WHY
        if word == "modify":
            body["units"] = 3
        if word == "extend":
            reason = {"en": "A note is missing.", "es": "Falta una nota."}
            body = {"days": number + 1, "asked_by": "payer", "reason": reason}
        if word == "ask":
            body["needed"] = [{"loinc": "11506-3", "question": {"en": "What does the note say?"}}]
        self._act(told.case.number, word, role, body)

    @rule(hours=st.sampled_from([1, 30, 200, 1500]))
    def time_passes(self, hours: int) -> None:
        self.clock.now += timedelta(hours=hours)
        context = self.world.context
        expire(context.store, self.world.caller.tenant, self.clock(), lambda: context)

    # what always holds ------------------------------------------------------------------------

    @invariant()
    def all_of_it_holds(self) -> None:
        for life in self.lives:
            told = self._story(life)
            self.no_item_is_lost(life, told)
            self.no_state_follows_that_may_not(told)
            self.there_is_one_current_answer(life, told)
            self.the_log_explains_the_state(life, told)
            self.the_log_explains_the_clock(told)
            self.nothing_is_denied_without_a_medical_director(told)
            self.what_was_granted_stands(told)

    def no_item_is_lost(self, life: Life, told: Story) -> None:
        """What was asked for once has an outcome ever after, in the decision and in the rows."""
        decided = {each.sequence: each.outcome for each in told.decisions[-1].decision.items}
        with self.world.context.store.read(told.case.tenant) as look:
            rows = {each.sequence: each.outcome for each in look.cases.items(told.case.id)}
        assert life.asked == decided.keys()
        assert rows == decided

    def no_state_follows_that_may_not(self, told: Story) -> None:
        """Each decision leaves a state that may follow the one before; cancelled stays cancelled."""
        states = [state_after(each.decision) for each in told.decisions]
        assert states[-1] is told.case.state
        for before, after in itertools.pairwise([CaseState.RECEIVED, *states]):
            assert before is after or allows(before, after)
        gone: set[int] = set()
        for stored in told.decisions:
            items = stored.decision.items
            now = {each.sequence for each in items if each.outcome is Outcome.CANCELLED}
            assert gone <= now
            gone = now

    def there_is_one_current_answer(self, life: Life, told: Story) -> None:
        """The id of the first answer leads to the newest, which has every item of the request."""
        answered = [e.data["document"] for e in told.events if e.kind is EventKind.ANSWERED]
        with self.world.context.store.read(told.case.tenant) as look:
            newest = look.resources.get("ClaimResponse", life.public_id)
            document = look.documents.get(uuid.UUID(str(answered[-1])))
        assert newest is not None
        assert document is not None
        assert (newest.version, str(newest.document)) == (len(answered), answered[-1])
        response = response_of(orjson.loads(document.content))
        assert response["id"] == life.public_id
        shown = {each["itemSequence"] for each in response["item"]}
        assert shown == {each["sequence"] for each in claim_of(life.versions[-1])["item"]}

    def the_log_explains_the_state(self, life: Life, told: Story) -> None:
        """Every version, decision and answer is a line, and what waits has a clock."""
        kinds = [event.kind for event in told.events]
        assert kinds.count(EventKind.DECIDED) == len(told.decisions)
        assert kinds.count(EventKind.ANSWERED) == len(told.decisions)
        assert kinds.count(EventKind.RECEIVED) == len(life.versions)
        changes = kinds.count(EventKind.UPDATED) + kinds.count(EventKind.CANCELLED)
        assert changes == len(life.versions) - 1
        (*_, decided) = [e for e in told.events if e.kind is EventKind.DECIDED]
        items = told.decisions[-1].decision.items
        assert decided.data["items"] == {str(each.sequence): each.outcome.value for each in items}
        waits = told.case.state in WAITING
        assert (told.case.due is not None) is waits
        assert not waits or EventKind.CLOCK_STARTED in kinds

    def the_log_explains_the_clock(self, told: Story) -> None:
        """No event of the clock follows that may not; time is added within the law; due is the last word."""
        state, added, said = ClockState.STOPPED, 0, ""
        for event in told.events:
            if event.kind.name.startswith("CLOCK_"):
                assert event.kind in CLOCK[state], (state, event.kind)
                state = CLOCK[state][event.kind]
            if event.kind is EventKind.CLOCK_STARTED:
                added = 0
            if event.kind is EventKind.CLOCK_EXTENDED:
                added += 1
                assert added == 1  # the laws of these members let it be done once
            said = str(event.data.get("due", said)) if "CLOCK" in event.kind.name else said
        due = told.case.due
        assert (due is None) is (state is ClockState.STOPPED)
        if due is not None and state in (ClockState.RUNNING, ClockState.EXPIRED):
            assert due.isoformat() == said

    def nothing_is_denied_without_a_medical_director(self, told: Story) -> None:
        """Neither denied nor reduced, by any machine or any other person."""
        for stored in told.decisions:
            for each in stored.decision.items:
                if each.outcome is Outcome.DENIED or each.adverse is not None:
                    assert each.adverse is not None
                    assert each.adverse.by.role is Role.MEDICAL_DIRECTOR
                    assert each.adverse.by.reviewer == "chen"

    def what_was_granted_stands(self, told: Story) -> None:
        """Until its requester cancels it or a medical director reduces it; a denied change ends nothing."""
        for before, after in itertools.pairwise(told.decisions):
            now = {each.sequence: each for each in after.decision.items}
            for old in before.decision.items:
                new = now[old.sequence]
                if old.stands and new.outcome not in (Outcome.CANCELLED, Outcome.NOT_REQUIRED):
                    assert new.stands is not None
                    assert new.adverse or new.stands.number == old.stands.number or new.grant

    # by hand ----------------------------------------------------------------------------------

    def _act(self, number: str, word: str, role: str, body: Json) -> None:
        response = self.world.client.post(
            f"/desk/api/cases/{number}/{word}",
            data=orjson.dumps({"by": PEOPLE[role], **body}),
            content_type="application/json",
            headers={"Forthwith-Role": role},
        )
        assert response.status_code in (200, 403, 409, 422), response.data

    def _life(self, which: int) -> Life:
        return self.lives[which % len(self.lives)]

    def _send(self, guide: Guide, bundle: Json) -> Json:
        response = self.world.submit(bundle, guide)
        assert response.status_code == 200, response.data
        self.sent.append((guide, copy.deepcopy(bundle), response.data))
        answer: Json = orjson.loads(response.data)
        assert self.world.errors(answer, guide) == []
        return answer

    def _update(self, life: Life, bundle: Json) -> None:
        answer = self._send(life.guide, bundle)
        if error_codes(answer):
            assert response_of(answer)["id"] != life.public_id
            return
        assert response_of(answer)["id"] == life.public_id
        life.versions.append(bundle)
        life.asked |= {each["sequence"] for each in claim_of(bundle)["item"]}

    def _story(self, life: Life) -> Story:
        store, tenant = self.world.context.store, self.world.caller.tenant
        return explain_case(store, tenant, life.public_id)


def _renamed(bundle: Json) -> Json:
    """The request with a Claim of its own, so that no two lives share their names."""
    name = uuid.uuid4()
    first = bundle["entry"][0]
    first["resource"]["identifier"][0]["value"] = name.hex
    if first["fullUrl"].startswith("urn:"):
        first["fullUrl"] = name.urn
    else:
        first["resource"]["id"] = name.hex
        first["fullUrl"] = f"{first['fullUrl'].rpartition('/')[0]}/{name.hex}"
    return bundle


def _message() -> Json:
    """The category of a free-form message."""
    return {"coding": [{"system": system.TEMP, "code": "freeFormMessage"}]}


def _attachment(bundle: Json, number: str) -> Json:
    """A note for the member of a request, under the number of its case."""
    member = next(
        each["resource"]["identifier"][0]
        for each in bundle["entry"]
        if each["resource"]["resourceType"] == "Patient"
    )
    note = {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": {"coding": [{"system": system.LOINC, "code": "11506-3"}]},
        "content": [{"attachment": {"contentType": "text/plain", "data": "bm90ZQ=="}}],
    }
    npi = {"system": system.NPI, "value": "1234567893"}
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "TrackingId", "valueIdentifier": {"value": number}},
            {"name": "AttachTo", "valueCode": "preauthorization"},
            {"name": "OrganizationId", "valueIdentifier": npi},
            {"name": "MemberId", "valueIdentifier": {"value": member["value"]}},
            {"name": "Attachment", "part": [{"name": "Content", "resource": note}]},
            {"name": "Final", "valueBoolean": True},
        ],
    }


Cases.TestCase.settings = settings(
    max_examples=20,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestCases = Cases.TestCase
