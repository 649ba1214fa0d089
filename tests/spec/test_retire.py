"""How long an authorization is found, and a told event shown: by settings, six months at least."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from app.domain.event import EventKind
from app.domain.guide import Guide
from app.errors import BadSetting
from app.flows.retire import Retired, Visible, retire
from app.settings import Settings
from tests.spec.asking import hits, inquiry
from tests.spec.changing import Pended
from tests.spec.reading import items, number
from tests.spec.subscribing import call, subscribed, tell
from tests.subscriber_double import subscriber
from tests.world import World, example, fixed_moment

V22 = Guide.V22


def at(day: datetime, world: World, visible: Visible) -> Retired:
    moment = replace(fixed_moment(), now=day)
    return retire(world.context.store, world.caller.tenant, visible, moment)


def test_an_authorization_is_found_until_long_after_its_last_day(world: World) -> None:
    """Spec-73: the granted period counts (here to 2029-11-30), not the day of the request."""
    (item,) = items(world.answer(example("oxygen-approved", V22), V22)).values()
    visible = Visible(notices=30, inquiry=184)
    assert at(datetime(2030, 5, 1, tzinfo=UTC), world, visible).numbers == 0
    assert len(hits(world, inquiry("any-service", V22), V22)) == 1
    late = datetime(2030, 6, 15, tzinfo=UTC)
    assert at(late, world, visible).numbers > 0
    assert hits(world, inquiry("any-service", V22), V22) == []
    assert at(late, world, visible).numbers == 0
    with world.context.store.read(world.caller.tenant) as look:
        case = look.cases.by_number(number(item))
        assert case is not None
        assert look.events.of(case.id)[-1].kind is EventKind.RETIRED


def test_a_request_that_waits_is_always_found(world: World) -> None:
    world.answer(example("oxygen-clinical-review", V22), V22)
    assert at(datetime(2040, 1, 1, tzinfo=UTC), world, Visible(30, 184)).numbers == 0
    assert len(hits(world, inquiry("any-service", V22), V22)) == 1


def test_less_than_six_months_is_no_setting() -> None:
    assert Settings.from_environ({"FORTHWITH_INQUIRY_DAYS": "184"}).inquiry_days == 184
    with pytest.raises(BadSetting, match="184"):
        Settings.from_environ({"FORTHWITH_INQUIRY_DAYS": "183"})


def test_told_events_are_gone_after_their_time_and_numbers_go_on(world: World) -> None:
    with subscriber() as endpoint:
        made = subscribed(world, V22, endpoint.url)
        tell(world)
        pended = Pended(world, V22)
        assert pended.change() == 1
        later = fixed_moment().now + timedelta(days=31)
        assert at(later, world, Visible(30, 184)).notices == 0
        tell(world)
        assert at(fixed_moment().now, world, Visible(30, 184)).notices == 0
        assert at(later, world, Visible(30, 184)).notices == 1
        assert pended.change() == 1
        tell(world)
    assert endpoint.numbers() == [1, 2]
    shown = orjson.loads(call(world, "GET", V22, f"/{made['id']}/$events").data)
    told = [each for each in shown["entry"][0]["resource"]["parameter"] if "part" in each]
    assert [each["part"][0]["valueString"] for each in told] == ["2"]
