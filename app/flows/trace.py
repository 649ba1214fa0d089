"""The story of one order, from the stored trail: hook call → order → assertion → case → answer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from app.domain.case import Case
from app.domain.event import Event
from app.errors import NotFound
from app.sealed import sealed
from app.store import Disclosure, HookCall, Read, Store


@sealed(frozen=True, slots=True)
class Told:
    """One coverage-information of one order in one call: codes as they were sent."""

    order: str
    code: str
    covered: str
    needed: str
    forms: tuple[str, ...]
    assertion: str
    number: str


@sealed(frozen=True, slots=True)
class Step:
    """A hook call and what it told about the order; nothing when the order got no answer."""

    call: HookCall
    told: tuple[Told, ...]


@sealed(frozen=True, slots=True)
class Opened:
    """A case that came of the order, its log, and who was told about it by an inquiry."""

    case: Case
    events: tuple[Event, ...]
    disclosures: tuple[Disclosure, ...] = ()


@sealed(frozen=True, slots=True)
class Trace:
    """Calls and cases, each in the order of their time."""

    steps: tuple[Step, ...]
    cases: tuple[Opened, ...]


def trace(store: Store, tenant: str, name: str) -> Trace:
    """What happened to an order (`DeviceRequest/o1`), an assertion id or an authorization number.

    Raises NotFound.
    """
    with store.read(tenant) as look:
        steps = tuple(Step(call, tuple(_told(call, name))) for call in look.hooks.named(name))
        numbers = {each.number for step in steps for each in step.told}
        assertions = {each.assertion for step in steps for each in step.told}
        found = dict(_cases(look, [name, *assertions, *numbers]))
        opened = tuple(
            Opened(found[key], look.events.of(key), look.inquiries.of_case(key))
            for key in sorted(found, key=lambda key: found[key].received_at)
        )
    if not steps and not opened:
        raise NotFound(
            "Nothing was recorded about it. Name an order as the EHR does (DeviceRequest/o1), a "
            "coverage assertion id or an authorization number."
        )
    return Trace(steps, opened)


def _told(call: HookCall, name: str) -> Iterator[Told]:
    for asked in call.record.get("request", ()):
        for said in asked.get("coverageInfo", ()):
            told = Told(
                order=asked.get("focus", ""),
                code=asked.get("orderDetail", "").rpartition("|")[2],
                covered=said.get("covered", ""),
                needed=said.get("paNeeded", ""),
                forms=tuple(each["reference"] for each in said.get("questionnaire", ())),
                assertion=said.get("assertionId", ""),
                number=said.get("satisfiedId", ""),
            )
            if name in (told.order, told.assertion, told.number, call.record.get("hookInstance")):
                yield told


def _cases(look: Read, names: Iterable[str]) -> Iterator[tuple[uuid.UUID, Case]]:
    for name in names:
        direct = look.cases.by_number(name) if name else None
        if direct is not None:
            yield direct.id, direct
        for case_id in look.hooks.cases(name) if name else ():
            case = look.cases.get(case_id)
            if case is not None:
                yield case_id, case
