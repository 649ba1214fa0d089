"""The public lists: what needs authorization, what may be reviewed, what is not covered, what changed.

Anybody may read them, so nothing here takes a caller. They come from the rulebook in force.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from app.determine.book import POLICY_PATH
from app.determine.listing import ASKED, ListChange, Listed, list_changes, listed, listed_for
from app.domain.coverage import Plan
from app.domain.decision import ReviewKind
from app.domain.values import Text
from app.errors import Malformed, NotFound
from app.flows.context import Context
from app.rulebook import Rulebook
from app.rulebook.public import public_change, public_line, public_policy
from app.sealed import sealed

Json = dict[str, Any]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@sealed(frozen=True, slots=True)
class ListKind:
    """A public list: its name, what it is about, and the reviews whose lines it holds."""

    name: str
    title: Text
    about: Text
    reviews: frozenset[ReviewKind]


KINDS: Mapping[str, ListKind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ListKind(
                "needs-authorization",
                {"en": "What needs prior authorization", "es": "Qué necesita autorización previa"},
                {
                    "en": "Ask before the service. A delegated line is asked at the company named.",
                    "es": "Pida antes del servicio. Una línea delegada se pide a la compañía nombrada.",
                },
                ASKED,
            ),
            ListKind(
                "may-be-reviewed",
                {"en": "What may be reviewed on request", "es": "Qué puede revisarse si se pide"},
                {
                    "en": "No authorization is needed. You may ask for a recommended clinical review; "
                    "it is not a guarantee of benefits.",
                    "es": "No se necesita autorización. Puede pedir una revisión clínica recomendada; "
                    "no garantiza los beneficios.",
                },
                frozenset({ReviewKind.RECOMMENDED}),
            ),
            ListKind(
                "not-covered",
                {"en": "What is not covered", "es": "Qué no está cubierto"},
                {
                    "en": "Left out by a coverage rule or by a plan. For a Medicaid member under 21 a "
                    "clinician still looks at what the child needs.",
                    "es": "Excluido por una regla de cobertura o por un plan. Para un miembro de "
                    "Medicaid menor de 21 años un profesional clínico mira lo que el menor necesita.",
                },
                frozenset({ReviewKind.NOT_COVERED}),
            ),
        )
    }
)


@sealed(frozen=True, slots=True)
class PublicList:
    """One list on one day, for one plan or for all, from the rulebook with this hash.

    `changes` are what came and went after `since`, up to `day`; empty when nobody asked.
    """

    kind: ListKind
    day: date
    plan: Plan | None
    lines: tuple[Listed, ...]
    rulebook: str
    since: date | None = None
    changes: tuple[ListChange, ...] = ()


def public_list(
    context: Context, name: str, day: str = "", plan: str = "", since: str = ""
) -> PublicList:
    """The list `name`; days as written by the caller (`2026-11-25`), empty means today.

    Raises NotFound for an unknown list or plan, Malformed for a day that is none.
    """
    if name not in KINDS:
        raise NotFound(f"There is no such list; known are {', '.join(KINDS)}.")
    rulebook = context.rulebook
    on = read_day(day, "date") or today(context, rulebook)
    start = read_day(since, "since")
    _plan(rulebook, plan)
    return _made(_Asked(rulebook.sha256, name, on, plan, start, rulebook))


@sealed(frozen=True, slots=True)
class _Asked:
    """What makes two lists the same; the rulebook stands behind its hash."""

    sha256: str
    kind: str
    day: date
    plan: str
    since: date | None
    rulebook: Rulebook = field(compare=False, repr=False)


@lru_cache(maxsize=16)
def _made(asked: _Asked) -> PublicList:
    """A rulebook of 20,000 codes takes 175 ms for a list, too long for each page of it."""
    kind, rulebook, day = KINDS[asked.kind], asked.rulebook, asked.day
    plan = _plan(rulebook, asked.plan)
    if plan:
        lines = listed_for(rulebook, day, plan, kind.reviews)
    else:
        lines = listed(rulebook, day, kind.reviews)
    since = asked.since
    changes = list_changes(rulebook, since, day, kind.reviews, plan) if since else []
    return PublicList(kind, day, plan, tuple(lines), asked.sha256, since, tuple(changes))


def overview_document(context: Context) -> Json:
    """Every list and every policy of the rulebook in force, by id."""
    rulebook = context.rulebook
    return {
        "rulebook": rulebook.sha256,
        "lists": [
            {"list": each.name, "title": each.title, "page": f"/policies/lists/{each.name}"}
            for each in KINDS.values()
        ],
        "policies": [
            {
                "id": each.id,
                "title": each.title,
                "summary": each.summary,
                "page": f"{POLICY_PATH}{each.id}",
                "unverified": sum(len(version.unverified) for version in each.versions),
            }
            for each in rulebook.policies.values()
        ],
    }


def policy_document(context: Context, name: str) -> Json:
    """A policy by its id. Raises NotFound."""
    found = context.rulebook.policies.get(name)
    if found is None:
        raise NotFound("There is no such policy; GET /policies lists them.")
    return public_policy(found)


def list_document(found: PublicList, offset: int, count: int) -> Json:
    """`count` lines of a list from `offset` on, and all that changed if that was asked for."""
    document: Json = {
        "list": found.kind.name,
        "title": found.kind.title,
        "about": found.kind.about,
        "date": found.day.isoformat(),
        "plan": found.plan.id if found.plan else None,
        "rulebook": found.rulebook,
        "total": len(found.lines),
        "offset": offset,
        "lines": [public_line(each) for each in found.lines[offset : offset + count]],
    }
    if found.since is not None:
        document["since"] = found.since.isoformat()
        document["changes"] = [public_change(each) for each in found.changes]
    return document


def read_day(written: str, name: str) -> date | None:
    """A calendar day as written, None when empty. Raises Malformed."""
    if not written:
        return None
    try:
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise Malformed(f"{name} must be a day such as 2026-11-25.", at=name)


def today(context: Context, rulebook: Rulebook) -> date:
    """The payer's calendar day."""
    return context.moment().now.astimezone(ZoneInfo(rulebook.time_zone)).date()


def _plan(rulebook: Rulebook, name: str) -> Plan | None:
    if not name:
        return None
    found = rulebook.plans.get(name)
    if found is None:
        raise NotFound(f"There is no such plan; known are {', '.join(sorted(rulebook.plans))}.")
    return found
