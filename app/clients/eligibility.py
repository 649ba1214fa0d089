"""The payer's own eligibility system, asked over HTTP. The contract is docs/members.md.

It only finds: the choice is `app.determine.eligibility`'s, as for the embedded store. Whatever is
not a clear answer (no connection, another status than 200, a body that breaks the contract, a plan
that the rulebook does not have) is Unavailable, never "no such member".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

import orjson

from app.clients.guard import GuardedClient, Timeout
from app.clients.policy import CallFailed, Reason
from app.determine.eligibility import Candidate, Payer, numbers, service_days
from app.domain.coverage import Coverage, Plan, Used
from app.domain.request import PriorAuthRequest
from app.domain.values import Identifier, Period
from app.errors import Unavailable
from app.sealed import sealed

MOST_BYTES = 1024 * 1024
TRIES = 2
_HEADERS = MappingProxyType({"Content-Type": "application/json", "Accept": "application/json"})
_AGAIN = frozenset({Reason.UNREACHABLE, Reason.UNREADABLE})


class _Unclear(ValueError):
    """The body breaks the contract; its text names the member, never the value."""


@sealed(frozen=True, slots=True)
class Found:
    """What the system answered: rows of the member, and who the payer is."""

    candidates: tuple[Candidate, ...]
    payers: tuple[Payer, ...]


@sealed(frozen=True, slots=True)
class EligibilitySystem:
    """One address. `timeout` is the time for everything, the second try included."""

    client: GuardedClient
    url: str
    timeout: float
    plan_of: Callable[[str], Plan | None]

    def ask(self, request: PriorAuthRequest, on: date) -> Found:
        """The rows that the request's numbers name. Raises Unavailable."""
        body = orjson.dumps(question(request, on))
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            try:
                answer = self.client.request(
                    "POST",
                    self.url,
                    headers=_HEADERS,
                    body=body,
                    timeout=Timeout(self.timeout / TRIES),
                    max_bytes=MOST_BYTES,
                )
            except CallFailed as failed:
                if last or failed.reason not in _AGAIN | {Reason.TIMEOUT}:
                    raise _unavailable(failed.reason) from None
                continue
            if answer.status == 200:
                return self._read(answer.body)
            if last or answer.status < 500:
                raise Unavailable(f"The eligibility system answered {answer.status}.")
        raise _unavailable(Reason.UNREACHABLE)

    def _read(self, body: bytes) -> Found:
        try:
            content = orjson.loads(body)
            rows = _list(_object(content), "coverages")
            payers = _list(content, "payers") if "payers" in content else []
            return Found(
                tuple([_candidate(_object(row), self.plan_of) for row in rows]),
                tuple([_payer(_object(each)) for each in payers]),
            )
        except orjson.JSONDecodeError:
            raise Unavailable("The eligibility system's answer is not JSON.") from None
        except _Unclear as unclear:
            raise Unavailable(f"The eligibility system's answer: {unclear}.") from None


def question(request: PriorAuthRequest, on: date) -> dict[str, Any]:
    """What is sent: the numbers, the person as far as needed to find one, the days of service."""
    person = request.member
    return {
        "numbers": [
            {
                "system": number.system,
                "value": number.value,
                "memberNumber": number.is_member_number,
            }
            for number in numbers(request)
        ],
        "family": person.family,
        "given": person.given,
        "birthDate": person.birth_date,
        "serviceDays": list(service_days(request, on)),
    }


def _unavailable(reason: Reason) -> Unavailable:
    return Unavailable(f"The eligibility system did not answer ({reason}).")


def _candidate(row: Mapping[str, Any], plan_of: Callable[[str], Plan | None]) -> Candidate:
    plan_id = _text(row, "plan", needed=True)
    plan = plan_of(plan_id)
    if plan is None:
        raise _Unclear("plan is none that the rulebook has")
    member_id = _text(row, "memberId", needed=True)
    born = _day(row, "birthDate")
    if born is None:
        raise _Unclear("birthDate is missing")
    group = _text(row, "group")
    coverage = Coverage(
        member_id=member_id,
        plan=plan,
        period=Period(_day(row, "start"), _day(row, "end")),
        birth_date=born,
        gender=_text(row, "gender"),
        family=_text(row, "family", needed=True),
        given=_text(row, "given"),
        state=_text(row, "state"),
        language=_text(row, "language") or "en",
        subscriber_id=_text(row, "subscriberId"),
        dependent=row.get("dependent") is True,
        used=tuple([_used(_object(each)) for each in _list(row, "used", ())]),
        tags=frozenset([str(tag) for tag in _list(row, "tags", ())]),
        details=MappingProxyType({"group": group} if group else {}),
    )
    own = Identifier(_text(row, "memberSystem"), member_id)
    others = [_identifier(_object(each)) for each in _list(row, "otherNumbers", ())]
    order = row.get("order", 0)
    if type(order) is not int:
        raise _Unclear("order is not a whole number")
    return Candidate(coverage, _text(row, "person") or member_id, (own, *others), group, order)


def _payer(row: Mapping[str, Any]) -> Payer:
    named = _list(row, "identifiers")
    return Payer(_text(row, "name"), tuple([_identifier(_object(each)) for each in named]))


def _identifier(row: Mapping[str, Any]) -> Identifier:
    return Identifier(_text(row, "system"), _text(row, "value", needed=True))


def _used(row: Mapping[str, Any]) -> Used:
    year = row.get("year")
    try:
        amount = Decimal(str(row.get("amount")))
    except InvalidOperation:
        amount = Decimal(-1)
    if type(year) is not int or not amount.is_finite() or amount < 0:
        raise _Unclear("used needs limit, amount (not negative) and year")
    return Used(_text(row, "limit", needed=True), amount, year)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Unclear("something is not an object that should be one")
    return value


def _list(row: Mapping[str, Any], name: str, default: Sequence[Any] | None = None) -> Sequence[Any]:
    value = row.get(name, default)
    if not isinstance(value, list | tuple):
        raise _Unclear(f"{name} is not a list")
    return value


def _text(row: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = row.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value.strip()):
        raise _Unclear(f"{name} is missing or no text")
    return value


def _day(row: Mapping[str, Any], name: str) -> date | None:
    value = _text(row, name)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise _Unclear(f"{name} is not a day such as 2026-01-31") from None
