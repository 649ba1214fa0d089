"""The demo reviewer: plays the person who decides what waits, so that a trial needs nobody at the desk.

It does only what a person can do, through the same interface, and signs as two invented clinicians.
What it decides is data, `examples/demo/reviewer.json`: the first rule that fits an item counts, and
without one the item is approved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from app import resources
from app.clients.policy import CallFailed, Reason
from app.domain.case import CaseState
from app.domain.decision import Outcome
from app.domain.principal import Role
from app.errors import BadData, Unavailable
from app.sealed import sealed

FILE = "demo/reviewer.json"
_BY_DIRECTOR = frozenset({"deny", "modify"})
_WORDS = frozenset({"approve", "ask", "leave", *_BY_DIRECTOR})
_DONE, _CHANGED = 200, 409
"""Statuses of the desk: carried out, and somebody was faster, so look again later."""
_AS_ASKED: Mapping[str, Any] = {"do": "approve"}


class Desk(Protocol):
    """The desk as its callers see it; `app.clients.desk.DeskClient` over HTTP."""

    def waiting(self) -> list[dict[str, Any]]:
        """The cases that wait."""
        ...

    def sheet(self, number: str) -> dict[str, Any]:
        """One case in full."""
        ...

    def act(self, number: str, word: str, role: str, body: Mapping[str, Any]) -> int:
        """Do one thing; the status of the answer."""
        ...


@sealed(frozen=True, slots=True)
class Script:
    """What is played: who reviews, who denies, and the rules, the first that fits first."""

    reviewer: Mapping[str, Any]
    director: Mapping[str, Any]
    rules: Sequence[Mapping[str, Any]]

    def rule(self, item: Mapping[str, Any], asked: bool) -> Mapping[str, Any]:
        """What to do with an item that waits; `asked`: documents were asked for before."""
        for rule in self.rules:
            policy, failed = rule.get("policy"), rule.get("failed", False)
            fits = policy in (None, item["policy"]) and (item["failed"] or not failed)
            if fits and not (asked and rule["do"] == "ask"):
                return rule
        return _AS_ASKED


def read_script() -> Script:
    """The demo data. Raises BadData that says what is wrong."""
    path = resources.data("examples") / FILE
    try:
        told = orjson.loads(path.read_bytes())
        script = Script(told["reviewer"], told["medical_director"], told["rules"])
        words = {rule["do"] for rule in script.rules}
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
        raise BadData(f"{path} does not hold reviewer, medical_director and rules.") from None
    if words - _WORDS:
        raise BadData(f"{path} names {', '.join(sorted(words - _WORDS))}, which cannot be done.")
    return script


@dataclass(slots=True)
class Player:
    """The demo reviewer at one desk. `delay` counts from the last change of a case; a case that waits
    for documents is given `patience` instead.
    """

    desk: Desk
    script: Script
    delay: timedelta
    patience: timedelta
    left: set[str] = field(default_factory=set)

    def round(self, now: datetime) -> int:
        """Look once at all that waits; how many cases were decided or asked about.

        Raises Unavailable when the server cannot be reached.
        """
        try:
            return sum(self._one(head["number"], now) for head in self._ready(now))
        except CallFailed as failed:
            what = "answers something else" if failed.reason is Reason.UNREADABLE else "is away"
            raise Unavailable(f"The server of the desk {what}: {failed.reason}.") from None

    def _ready(self, now: datetime) -> list[dict[str, Any]]:
        ours = ("", self.script.reviewer["id"], self.script.director["id"])
        return [
            head
            for head in self.desk.waiting()
            if head["holder"] in ours
            and head["number"] not in self.left
            and datetime.fromisoformat(head["received"]) + self.delay <= now
        ]

    def _one(self, number: str, now: datetime) -> int:
        sheet = self.desk.sheet(number)
        waits = sheet["state"] == CaseState.AWAITING_INFORMATION
        changed = datetime.fromisoformat(sheet["log"][-1]["at"])
        if changed + (self.patience if waits else self.delay) > now:
            return 0
        ours = {self.script.reviewer["id"], self.script.director["id"]}
        asked = any(
            e["kind"] == "information-requested" and e["actor"] in ours for e in sheet["log"]
        )
        rules = {
            item["item"]: self.script.rule(item, asked)
            for item in sheet["items"]
            if item["outcome"] == Outcome.PENDED
        }
        if any(rule["do"] == "leave" for rule in rules.values()):
            self.left.add(number)
            return 0
        status = self._act(sheet, rules)
        if status not in (_DONE, _CHANGED):
            self.left.add(number)
        return int(status == _DONE)

    def _act(self, sheet: Mapping[str, Any], rules: Mapping[int, Mapping[str, Any]]) -> int:
        """Take the case if nobody has it, and decide each item; the first status that is not 200."""
        adverse = any(rule["do"] in _BY_DIRECTOR for rule in rules.values())
        director = adverse or sheet["holder"] == self.script.director["id"]
        role = (Role.MEDICAL_DIRECTOR if director else Role.REVIEWER).value
        by = self.script.director if director else self.script.reviewer
        number, failed = sheet["number"], {e["item"]: e["failed"] for e in sheet["items"]}
        if sheet["holder"] != by["id"]:
            if sheet["holder"]:
                self.desk.act(number, "release", role, {"by": {"id": sheet["holder"]}})
            status = self.desk.act(number, "take", role, {"by": by})
            if status != _DONE:
                return status
        for item, rule in rules.items():
            body = {"by": by, **rule.get("body", {})}
            if rule["do"] == "approve":
                body["items"] = [item]
            else:
                body["item"] = item
            if "why" in body:
                body["why"] = {"criteria": failed[item], **body["why"]}
            status = self.desk.act(number, rule["do"], role, body)
            if status != _DONE:
                self.desk.act(number, "release", role, {"by": by})
                return status
        return _DONE
