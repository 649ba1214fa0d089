"""Reads the shared tables of a rulebook: `_terms`, `_lists`, `_plans`, `_deadlines`, and the registers."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.domain.coverage import Funding, LineOfBusiness, Plan
from app.domain.decision import AskedBy, Citation, Penalty, ReviewKind
from app.domain.disclosure import Sensitive, SensitiveCategory
from app.domain.policy import (
    AppTopic,
    Benefits,
    ClockExtension,
    ClockPause,
    CodeSet,
    DeadlineRule,
    Delegate,
    EvidenceSlot,
    Exclusion,
    GoldCard,
    Lapse,
    LapseEffect,
    Limit,
    PayerApp,
    PolicySource,
    Reading,
    Technology,
    Terms,
    Waiting,
    Where,
)
from app.domain.values import Period, Text
from app.errors import BadData
from app.rulebook.codes import code_set
from app.rulebook.tree import Fields, Node, parse
from app.rulebook.words import (
    FileState,
    ListRow,
    citations,
    period,
    text,
    verified,
    where,
)

UNITS = ("hours", "days", "business-days")
SLOTS = ("government-rule", "technology-assessment", "fda", "literature")
STATUSES = ("supports", "does-not-support", "developing", "missing")
URGENCIES = ("standard", "expedited", "drug-standard", "drug-expedited")
_LIST_COLUMNS = ("code", "category", "from", "to", "states", "beside", "source", "read_on")


def terms(content: str, file: str) -> Terms:
    """Code systems by URL and the named qualifiers."""
    fields = Fields(parse(content, file), "the terms")
    systems = {
        url: name for name, node in fields.need("systems").mapped().items() for url in node.words()
    }
    qualifiers = {
        name: tuple(_reading(item) for item in node.listed())
        for name, node in fields.need("qualifiers").mapped().items()
    }
    fields.done()
    return Terms(MappingProxyType(systems), MappingProxyType(qualifiers))


def _reading(node: Node) -> Reading:
    fields = Fields(node, "a reading of a qualifier")
    means, number, value, other = (
        fields.get(name) for name in ("means", "number", "value", "other")
    )
    made = Reading(
        attribute=fields.need("attribute").word(),
        means=MappingProxyType(
            {
                code.word(): word
                for word, codes in (means.mapped().items() if means else ())
                for code in codes.listed()
            }
        ),
        number=number.number() if number else None,
        value=value.word() if value else "",
        other=other.word() if other else "",
    )
    fields.done()
    return made


def public_list(content: str, file: str) -> tuple[ListRow, ...]:
    """Rows of a public list; a row is closed by its `to`, never deleted."""
    reader = csv.DictReader(content.splitlines())
    if tuple(reader.fieldnames or ()) != _LIST_COLUMNS:
        raise BadData(f"{file}:1: the columns must be {','.join(_LIST_COLUMNS)}")
    rows = []
    for row in reader:
        if None in row or None in row.values():
            raise BadData(f"{file}:{reader.line_num}: expected {len(_LIST_COLUMNS)} columns")
        where = f"{file}:{reader.line_num}"
        rows.append(
            ListRow(
                code=row["code"],
                category=row["category"],
                period=Period(_day(row["from"], where), _day(row["to"], where)),
                states=frozenset(row["states"].split()),
                beside=frozenset(row["beside"].split()),
            )
        )
        if not row["code"] or not row["source"] or _day(row["read_on"], where) is None:
            raise BadData(f"{where}: a row needs its code, its source and the day it was read")
    return tuple(rows)


def _day(word: str, where: str) -> date | None:
    try:
        return date.fromisoformat(word) if word else None
    except ValueError:
        raise BadData(f"{where}: expected a day like 2026-11-22, found {word!r}") from None


def _sources(fields: Fields, state: FileState) -> None:
    node = fields.get("sources")
    for name, item in node.mapped().items() if node else ():
        each = Fields(item, f"the source {name}")
        section, kind = each.get("section"), each.get("kind")
        reviewed, again = each.get("reviewed"), each.get("next_review")
        verified(each, f"sources.{name}", state)
        state.sources[name] = PolicySource(
            id=name,
            title=each.need("title").word(),
            kind=kind.word() if kind else "plan",
            url=each.need("url").word(),
            section=section.word() if section else "",
            reviewed=reviewed.day() if reviewed else None,
            next_review=again.day() if again else None,
        )
        each.done()


def plan(content: str, file: str, terms_: Terms) -> tuple[Plan, Benefits]:
    """One plan and what its certificate says."""
    fields = Fields(parse(content, file), "a plan")
    state = FileState(terms_, {})
    _sources(fields, state)
    name = fields.need("id").word()
    product, issued, funding = fields.get("product"), fields.get("state"), fields.get("funding")
    made = Plan(
        id=name,
        name=fields.need("name").word(),
        payer=fields.need("payer").word(),
        line=LineOfBusiness(fields.need("line").one_of(tuple(LineOfBusiness))),
        funding=Funding(funding.one_of(tuple(Funding))) if funding else Funding.UNKNOWN,
        state=issued.word() if issued else "",
        product=product.word() if product else "",
    )
    networks, other = fields.get("networks"), fields.get("other_network")
    benefits = Benefits(
        plan=name,
        unlisted=fields.need("unlisted").one_of(("none", "review")),
        exclusions=tuple(_exclusion(each, state) for each in _items(fields, "exclusions")),
        limits=tuple(_limit(each, state) for each in _items(fields, "limits")),
        waiting=tuple(_waiting(each, state) for each in _items(fields, "waiting")),
        networks=MappingProxyType(
            {
                npi: tier
                for tier, npis in (networks.mapped().items() if networks else ())
                for npi in npis.words()
            }
        ),
        other_network=other.word() if other else "",
        missed=_missed(missed, state) if (missed := fields.get("missed")) else None,
        citations=citations(fields, state),
    )
    fields.done()
    return made, benefits


def _items(fields: Fields, name: str) -> list[Node]:
    node = fields.get(name)
    return node.listed() if node else []


def _exclusion(node: Node, state: FileState) -> Exclusion:
    fields = Fields(node, "an exclusion")
    made = Exclusion(
        fields.need("id").word(),
        text(fields.need("text")),
        code_set(fields.need("services"), "HCPCS", state.terms),
        period(fields),
        _cited(fields, state),
    )
    fields.done()
    return made


def _limit(node: Node, state: FileState) -> Limit:
    fields = Fields(node, "a limit")
    made = Limit(
        fields.need("id").word(),
        text(fields.need("label")),
        code_set(fields.need("services"), "HCPCS", state.terms),
        fields.need("amount").number(),
        fields.need("unit").word(),
        period(fields),
        _cited(fields, state),
    )
    fields.done()
    return made


def _waiting(node: Node, state: FileState) -> Waiting:
    fields = Fields(node, "a waiting period")
    made = Waiting(
        fields.need("id").word(),
        text(fields.need("text")),
        code_set(fields.need("services"), "HCPCS", state.terms),
        fields.need("months").whole(),
        _cited(fields, state),
    )
    fields.done()
    return made


def _missed(node: Node, state: FileState) -> Penalty:
    fields = Fields(node, "the penalty for a missed request")
    percent = fields.get("reduction")
    reduction = percent.number() if percent else None
    if percent is not None and reduction is not None and not 0 <= reduction <= 100:
        raise percent.wrong("a reduction is a share of the payment in percent, 0 to 100")
    made = Penalty(text(fields.need("text")), reduction, _cited(fields, state))
    fields.done()
    return made


def _cited(fields: Fields, state: FileState) -> tuple[Citation, ...]:
    found = citations(fields, state)
    if not found:
        raise fields.node.wrong(f"{fields.what} is a benefit fact: it needs `cite:`")
    return found


def deadlines(content: str, file: str) -> tuple[str, tuple[DeadlineRule, ...], int]:
    """The payer's time zone, its deadline rules, and the days for which early attachments are held."""
    fields = Fields(parse(content, file), "the deadlines")
    state = FileState(Terms({}, {}), {})
    _sources(fields, state)
    zone = _zone(fields.need("time_zone"))
    told = fields.get("notices")
    notices = {name: text(node) for name, node in told.mapped().items()} if told else {}
    rules = tuple(_deadline(node, state, notices) for node in fields.need("rules").listed())
    held = fields.get("held_attachments")
    days = _held_days(held, state) if held else 0
    fields.done()
    return zone, rules, days


def _held_days(node: Node, state: FileState) -> int:
    fields = Fields(node, "the time for held attachments")
    days = fields.need("days").whole()
    _cited(fields, state)
    fields.done()
    return days


def _zone(node: Node) -> str:
    try:
        return ZoneInfo(node.word()).key
    except (ZoneInfoNotFoundError, ValueError):
        raise node.wrong(f"{node.text!r} is no time zone like America/New_York") from None


def _deadline(node: Node, state: FileState, notices: Mapping[str, Text]) -> DeadlineRule:
    fields = Fields(node, "a deadline")

    def some(name: str, allowed: tuple[str, ...] = ()) -> frozenset[str]:
        found = fields.get(name)
        items = found.listed() if found else []
        return frozenset(item.one_of(allowed) if allowed else item.word() for item in items)

    name = fields.need("id").word()
    verified(fields, name, state)
    made = DeadlineRule(
        id=name,
        amount=fields.need("amount").whole(),
        unit=fields.need("unit").one_of(UNITS),
        citation=_cited(fields, state)[0],
        lines=some("lines", tuple(LineOfBusiness)),
        funding=some("funding", tuple(Funding)),
        states=some("states"),
        reviews=some("reviews", tuple(ReviewKind)),
        urgencies=some("urgencies", URGENCIES),
        policies=some("policies"),
        period=period(fields),
        pause=_pause(paused, name, state) if (paused := fields.get("pause")) else None,
        extension=_extension(more, name, state, notices)
        if (more := fields.get("extension"))
        else None,
        restarts=_restarts(fields.get("after_update")),
        lapse=_lapse(lapsed, name, state) if (lapsed := fields.get("lapse")) else None,
    )
    fields.done()
    return made


def _restarts(node: Node | None) -> bool:
    """Whether an update gives the whole time again; where nothing is said it does not."""
    return node is not None and node.one_of(("keep", "restart")) == "restart"


def _pause(node: Node, rule: str, state: FileState) -> ClockPause:
    fields = Fields(node, "a pause")
    then = fields.get("then")
    verified(fields, f"{rule} pause", state)
    made = ClockPause(
        most=fields.need("most").whole(),
        unit=fields.need("unit").one_of(("hours", "days")),
        citations=_cited(fields, state),
        then=then.whole() if then else 0,
    )
    fields.done()
    return made


def _extension(
    node: Node, rule: str, state: FileState, notices: Mapping[str, Text]
) -> ClockExtension:
    fields = Fields(node, "an extension")
    verified(fields, f"{rule} extension", state)
    times, notice = fields.get("times"), fields.get("notice")
    made = ClockExtension(
        days=fields.need("days").whole(),
        times=times.whole() if times else 1,
        asked_by=frozenset(
            each.one_of(tuple(AskedBy)) for each in fields.need("asked_by").listed()
        ),
        citations=_cited(fields, state),
        notice=notices[notice.one_of(tuple(notices))] if notice else None,
    )
    fields.done()
    return made


def _lapse(node: Node, rule: str, state: FileState) -> Lapse:
    fields = Fields(node, "a lapse")
    verified(fields, f"{rule} lapse", state)
    effect = fields.need("effect").one_of(tuple(LapseEffect))
    made = Lapse(LapseEffect(effect), _cited(fields, state))
    fields.done()
    return made


def delegates(content: str, file: str) -> Mapping[str, Delegate]:
    """The companies that review for the payer."""
    made = {}
    for name, node in Fields(parse(content, file), "the delegates").node.mapped().items():
        fields = Fields(node, "a delegate")
        hours = fields.get("hours")
        made[name] = Delegate(
            name,
            fields.need("name").word(),
            fields.need("phone").word(),
            fields.need("url").word(),
            text(fields.need("text")),
            hours.whole() if hours else 0,
        )
        fields.done()
    return MappingProxyType(made)


def payer_apps(content: str, file: str) -> Mapping[str, PayerApp]:
    """The SMART apps that ordering screens may offer to open."""
    made = {}
    for name, node in Fields(parse(content, file), "the apps").node.mapped().items():
        fields = Fields(node, "an app")
        launch = fields.need("launch")
        if not launch.word().startswith("https://"):
            raise launch.wrong("`launch:` must begin with https://")
        made[name] = PayerApp(
            name,
            AppTopic(fields.need("topic").one_of(tuple(AppTopic))),
            text(fields.need("label")),
            launch.word(),
            text(fields.need("text")),
        )
        fields.done()
    return MappingProxyType(made)


def technologies(content: str, file: str, terms_: Terms) -> tuple[Technology, ...]:
    """The new-technology register."""
    made = []
    for node in Fields(parse(content, file), "the register").need("register").listed():
        fields = Fields(node, "an entry of the register")
        slots, asked = fields.need("evidence"), fields.get("requested")
        found = {name: _slot(name, slot) for name, slot in slots.mapped().items()}
        missing = [name for name in SLOTS if name not in found]
        if missing or len(found) > len(SLOTS):
            raise slots.wrong(f"the evidence slots are {', '.join(SLOTS)}")
        made.append(
            Technology(
                fields.need("id").word(),
                text(fields.need("label")),
                code_set(fields.need("services"), "HCPCS", terms_),
                tuple(found[name] for name in SLOTS),
                asked.day() if asked else None,
            )
        )
        fields.done()
    return tuple(made)


def _slot(name: str, node: Node) -> EvidenceSlot:
    fields = Fields(node, f"the evidence {name}")
    source, dated = fields.get("source"), fields.get("dated")
    made = EvidenceSlot(
        name,
        fields.need("status").one_of(STATUSES),
        source.word() if source else "",
        dated.day() if dated else None,
    )
    fields.done()
    if made.status != "missing" and not (made.source and made.dated):
        raise node.wrong("evidence that exists has a `source:` and the day it is `dated:`")
    return made


def gold_cards(content: str, file: str, terms_: Terms) -> tuple[GoldCard, ...]:
    """Providers that are exempt from review of some services."""
    root = Fields(parse(content, file), "the gold cards")
    state = FileState(terms_, {})
    _sources(root, state)
    made = tuple(_gold_card(node, state) for node in root.need("cards").listed())
    root.done()
    return made


def _gold_card(node: Node, state: FileState) -> GoldCard:
    fields = Fields(node, "a gold card")
    approved, requests = fields.get("approved"), fields.get("requests")
    limits, days = where(fields), period(fields)
    if days.start is None or days.end is None:
        raise node.wrong("a gold card has a `from:` and a `to:`: exemptions end")
    made = GoldCard(
        npi=fields.need("npi").word(),
        codes=code_set(fields.need("services"), "HCPCS", state.terms),
        period=days,
        plans=limits.plans,
        lines=limits.lines,
        approved=approved.whole() if approved else 0,
        requests=requests.whole() if requests else 0,
        citation=_cited(fields, state)[0],
    )
    if limits != Where(plans=limits.plans, lines=limits.lines):
        raise node.wrong("a gold card may be limited to `plans:` and `lines:` only")
    fields.done()
    return made


def sensitive(content: str, file: str, terms_: Terms) -> Sensitive:
    """Kinds of care of which an inquiry does not tell everybody."""
    root = Fields(parse(content, file), "the sensitive categories")
    state = FileState(terms_, {})
    _sources(root, state)
    phone = root.need("phone").word()
    made = tuple(_category(node, state) for node in root.need("categories").listed())
    root.done()
    return Sensitive(made, phone)


def _category(node: Node, state: FileState) -> SensitiveCategory:
    fields = Fields(node, "a sensitive category")
    services, diagnoses = fields.get("services"), fields.get("diagnoses")
    by_number = fields.get("by_number")
    if services is None and diagnoses is None:
        raise node.wrong("a sensitive category has `services:` or `diagnoses:`")
    made = SensitiveCategory(
        id=fields.need("id").word(),
        services=code_set(services, "HCPCS", state.terms) if services else CodeSet(),
        diagnoses=code_set(diagnoses, "ICD10CM", state.terms) if diagnoses else CodeSet(),
        citation=_cited(fields, state)[0],
        by_number=by_number.yes_no() if by_number else True,
    )
    fields.done()
    return made


def read_text(path: Path, root: Path) -> tuple[str, str]:
    """A file's text and its name as errors show it."""
    try:
        return path.read_text(encoding="utf-8"), str(path.relative_to(root.parent))
    except (OSError, UnicodeDecodeError) as fault:
        raise BadData(f"{path}: cannot be read: {fault}") from None
