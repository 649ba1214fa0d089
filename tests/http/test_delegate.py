"""A company that reviews for the payer decides by the rules of the desk, however often calls fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from app import clock
from app.cli import run
from app.clients.delegate import HEADER, HttpDelegateDesk, Vendor, signature
from app.domain.case import CaseState
from app.domain.delegation import Delegation, DelegationState
from app.domain.event import EventKind
from app.domain.guide import Guide
from app.factory import build_app
from app.flows.delegate import LEASE, Asking, ask_next
from app.web.desk.acts import act_of
from tests.delegate_double import SECRET, Company, listening
from tests.spec.test_pauses import of_self_funded, send
from tests.spec.test_review import read, story
from tests.world import World, actions, claim_of, fixed_moment, resource_of

Json = dict[str, Any]
NAME = "clearview-imaging"
VEGA = {"id": "cv-vega", "npi": "1234567893", "specialty": "2085R0202X"}
APPROVES = {"status": "decided", "acts": [{"do": "approve", "role": "reviewer", "by": VEGA}]}


def words(text: str) -> Json:
    return {"en": text, "es": text}


def denies(rule: str, role: str = "medical-director", **by: str) -> Json:
    why = {"criteria": [rule], "reason": words("Too early."), "would_change": words("Six weeks.")}
    act = {"do": "deny", "role": role, "by": VEGA | by, "item": 1, "why": why}
    return {"status": "decided", "acts": [act]}


def too_early() -> Json:
    """Imaging after two weeks of treatment instead of six, for a member whose plan has the company."""
    bundle = of_self_funded("mri-approved-form", "FW100003")
    form = resource_of(bundle, "QuestionnaireResponse")
    for item in form["item"][0].get("item", form["item"]):
        if item["linkId"].endswith("care-start"):
            item["answer"] = [{"valueDate": "2026-10-13"}]
    return bundle


class Shop:
    """A server that knows the company, and a case that waits for it."""

    def __init__(self, world: World, company: Company, url: str, desk: Any) -> None:
        vendors = {NAME: Vendor(url, SECRET, poll_seconds=60)}
        now = clock.moment().now if url.startswith("http:") else fixed_moment().now
        self.moment = replace(clock.moment(), now=now)
        context = replace(world.context, vendors=vendors, moment=lambda: self.moment)
        self.world = World(context, build_app(context).test_client())
        self.company, self.desk = company, desk
        bundle = too_early()
        self.answer = self.world.answer(bundle, Guide.V22)
        self.id = self.answer["entry"][0]["resource"]["id"]
        self.number = story(self.world, self.id).case.number

    def work(self, seconds: float = 0) -> int:
        """Make every call that is due some seconds later; how many there were."""
        asking = Asking(self.world.context, self.desk, act_of)
        later = replace(self.moment, now=self.moment.now + timedelta(seconds=seconds))
        made = 0
        while ask_next(asking, later):
            made += 1
        return made

    def row(self) -> Delegation:
        with self.world.context.store.read(self.world.caller.tenant) as look:
            return look.delegations.of(story(self.world, self.id).case.id)[-1]

    def call_back(self, said: Json, secret: bytes = SECRET, role: str = "delegate") -> TestResponse:
        """The company's own call with its decision."""
        path, body = f"/desk/delegates/{self.row().id}", orjson.dumps(said)
        signed = signature(secret, "POST", path, body, self.moment.now)
        headers = {HEADER: signed, "Forthwith-Role": role} if role else {HEADER: signed}
        return self.world.client.post(
            path, data=body, content_type="application/json", headers=headers
        )

    def kinds(self) -> list[EventKind]:
        return [event.kind for event in story(self.world, self.id).events]


@contextmanager
def opened(world: World, way: str) -> Iterator[Shop]:
    company = Company()
    if way == "fake":
        yield Shop(world, company, "https://clearview.example/review", company)
        return
    with listening(company) as url:
        desk = HttpDelegateDesk()
        yield Shop(world, company, url, desk)
        desk.close()
    assert company.unsigned == 0


@pytest.fixture(params=["fake", "http"])
def shop(request: pytest.FixtureRequest, worlds: World) -> Iterator[Shop]:
    with opened(worlds, request.param) as made:
        yield made


@pytest.fixture
def one(world: World) -> Iterator[Shop]:
    with opened(world, "fake") as made:
        yield made


def test_it_is_asked_once_looked_at_until_it_decides_and_the_requester_is_told(shop: Shop) -> None:
    assert actions(shop.answer) == {1: "A4"}
    assert story(shop.world, shop.id).case.state is CaseState.WITH_DELEGATE
    assert shop.work() == 1
    (sent,) = shop.company.asked
    assert sent["case"] == shop.number
    assert sent["items"][0]["policy"] == "lumbar-mri"
    assert claim_of(sent["request"])["item"]
    assert shop.work(30) == 0
    assert shop.work(60) == 1
    shop.company.answers.append(APPROVES)
    assert shop.work(120) == 1
    found = story(shop.world, shop.id)
    assert found.case.state is CaseState.DECIDED
    assert found.decisions[-1].decision.human is not None
    assert found.decisions[-1].decision.human.reviewer == "cv-vega"
    newest = read(shop.world, Guide.V22, shop.id)
    assert newest["preAuthRef"].startswith("FA-")
    assert (len(shop.company.asked), shop.company.looks) == (1, 2)
    assert shop.row().state is DelegationState.DECIDED
    assert shop.work(10_000) == 0
    assert EventKind.DELEGATED in shop.kinds()


def test_a_company_that_is_away_is_tried_again_with_the_same_id(shop: Shop) -> None:
    shop.company.answers[:] = [503, 500, APPROVES]
    assert shop.work() == 1
    assert shop.work(1) == 0
    assert shop.work(2) == 1
    assert shop.row().failures == 2
    assert shop.work(6) == 1
    assert story(shop.world, shop.id).case.state is CaseState.DECIDED
    assert len({each["id"] for each in shop.company.asked}) == 1


def test_its_own_call_decides_when_it_is_signed_and_fresh(shop: Shop) -> None:
    shop.work()
    assert (
        shop.call_back(APPROVES, secret=b"another secret of the same length...").status_code == 403
    )
    assert shop.call_back(APPROVES, role="").status_code == 403
    assert shop.call_back(APPROVES, role="reviewer").status_code == 403
    done = shop.call_back(APPROVES)
    assert (done.status_code, done.json) == (200, {"state": "decided"})
    assert shop.call_back(APPROVES).status_code == 200
    assert shop.kinds().count(EventKind.DECIDED) == 2
    path = f"/desk/delegates/{shop.row().id}"
    stale = signature(SECRET, "POST", path, orjson.dumps(APPROVES), shop.moment.now)
    shop.moment = replace(shop.moment, now=shop.moment.now + timedelta(hours=1))
    assert shop.call_back(APPROVES).status_code == 200
    old = shop.world.client.post(
        path,
        data=orjson.dumps(APPROVES),
        content_type="application/json",
        headers={HEADER: stale, "Forthwith-Role": "delegate"},
    )
    assert old.status_code == 403


REFUSED: list[tuple[Json, str]] = [
    (denies("no-such-rule"), "Not a criterion"),
    (denies("six-weeks", role="reviewer"), "case:deny"),
    (denies("six-weeks", npi="1234567890"), "NPI"),
    ({"status": "decided", "acts": []}, "lists its acts"),
    ({"status": "decided"}, "lists its acts"),
    ({"status": "decided", "acts": [{"do": "close"}]}, "An act is one of"),
    ({"status": "decided", "acts": [{"do": "approve", "by": VEGA}]}, "in which role"),
    ({"status": "decided", "acts": [{"do": "deny", "role": "reviewer", "by": VEGA}]}, "why"),
    ({"status": "thinking"}, "not reached"),
]


def test_what_a_person_may_not_decide_it_may_not_either(one: Shop) -> None:
    """Its case keeps waiting, the reason is in its row, and its own call is told so."""
    for count, (said, sentence) in enumerate(REFUSED):
        one.company.answers.append(said)
        assert one.work(1000 * count) == 1
        found = story(one.world, one.id)
        assert (found.case.state, len(found.decisions)) == (CaseState.WITH_DELEGATE, 1)
        assert sentence in one.row().error
        if said["status"] == "decided":
            assert one.call_back(said).status_code in (403, 422)


def test_a_denial_of_its_medical_director_holds_what_every_denial_holds(one: Shop) -> None:
    """It rests on a criterion of the payer's own policy, which it was sent."""
    one.work()
    (item,) = one.company.asked[0]["items"]
    assert "six-weeks" in item["failed"]
    one.company.answers.append(denies("six-weeks"))
    one.work(60)
    (decided,) = story(one.world, one.id).decisions[-1].decision.items
    assert decided.adverse is not None
    assert (decided.adverse.by.npi, decided.adverse.criteria[0].rule) == (VEGA["npi"], "six-weeks")
    assert actions({"entry": [{"resource": read(one.world, Guide.V22, one.id)}]}) == {1: "A3"}


def test_without_a_decision_in_its_hours_the_case_comes_back(one: Shop) -> None:
    hours = one.world.context.rulebook.delegates[NAME].hours
    assert one.work() == 1
    assert one.work(hours * 3600) == 1
    found = story(one.world, one.id)
    assert found.case.state is CaseState.IN_REVIEW
    assert EventKind.GIVEN_BACK in one.kinds()
    assert one.row().state is DelegationState.GIVEN_BACK
    assert one.work(10**7) == 0
    late = one.call_back(APPROVES)
    assert (late.status_code, late.json) == (200, {"state": "in-review"})


def test_what_it_asked_for_is_sent_to_it_when_it_arrives(one: Shop) -> None:
    """It asks as a reviewer does; the requester sends it here, and the company decides with it."""
    note = {"loinc": "11506-3", "question": words("The note of the visit.")}
    asks = {"do": "ask", "role": "reviewer", "by": VEGA, "item": 1, "needed": [note]}
    one.company.answers.append({"status": "decided", "acts": [asks]})
    one.work()
    assert story(one.world, one.id).case.state is CaseState.AWAITING_INFORMATION
    assert one.work(600) == 0
    send(one.world, too_early(), one.number)
    assert story(one.world, one.id).case.state is CaseState.WITH_DELEGATE
    one.company.answers.append(APPROVES)
    assert one.work(600) == 1
    first, second = one.company.asked
    assert (len(first["attachments"]), len(second["attachments"])) == (0, 1)
    assert story(one.world, one.id).case.state is CaseState.DECIDED


def test_what_a_dead_worker_was_asking_is_asked_by_another_within_a_minute(shop: Shop) -> None:
    assert timedelta(minutes=1) > LEASE
    world, moment = shop.world, shop.moment
    with world.context.store.write(world.caller.tenant) as work:
        assert work.delegations.take([NAME], moment.now, moment.now + LEASE, moment.new_id())
    assert shop.work(44) == 0
    assert shop.work(45) == 1


def test_what_a_person_of_the_payer_decided_is_asked_of_nobody(one: Shop) -> None:
    for word in ("take", "approve"):
        done = one.world.client.post(
            f"/desk/api/cases/{one.number}/{word}",
            json={"by": {"id": "lee"}},
            headers={"Forthwith-Role": "reviewer"},
        )
        assert done.status_code == 200
    assert one.work() == 1
    assert one.company.asked == []
    assert one.row().state is DelegationState.DECIDED


def test_a_person_cut_short_goes_on_where_it_stood(one: Shop) -> None:
    """A worker died after it had taken the case for the company."""
    one.world.client.post(
        f"/desk/api/cases/{one.number}/take",
        json={"by": VEGA},
        headers={"Forthwith-Role": "reviewer"},
    )
    one.company.answers.append(APPROVES)
    one.work()
    assert story(one.world, one.id).case.state is CaseState.DECIDED


@pytest.mark.parametrize("text", ["no json", "[]", '{"x": {"url": "http://10.0.0.1"}}',
    '{"x": {"url": "https://x.example", "secret": "short"}}'])  # fmt: skip
def test_a_file_of_delegates_that_cannot_be_used_is_one_sentence(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "delegates.json"
    place.write_text(text)
    environ = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'new.sqlite3'}",
        "FORTHWITH_DELEGATES": str(place),
    }
    assert run(["migrate"], environ) == 0
    capsys.readouterr()
    assert run(["work", "--once"], environ) == 2
    assert "FORTHWITH_DELEGATES" in capsys.readouterr().err


def test_work_asks_the_companies_of_its_setting(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    company = Company()
    with listening(company) as url:
        shop = Shop(world, company, url, None)
        place = tmp_path / "delegates.json"
        place.write_bytes(orjson.dumps({NAME: {"url": url, "secret": SECRET.decode()}}))
        environ = {
            "DATABASE_URL": shop.world.context.settings.database_url,
            "FORTHWITH_DELEGATES": str(place),
        }
        assert run(["work", "--once"], environ) == 0
    assert "1 calls made to delegates." in capsys.readouterr().out
    assert (len(company.asked), company.unsigned) == (1, 0)
