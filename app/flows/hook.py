"""One CDS Hooks call: what the payer says about the orders on somebody's screen. The whole story.

CRD 2.2.1 and 2.0.1. The EHR's own FHIR server is reached through a port, `Fetch`: access and queries
(FHIR addresses relative to the EHR's base, all wanted at once) and seconds → each query's answer or why
there is none. It never raises. While it waits the call does not hold its turn (ADR 16).

The client's JWT is the caller's affair: `app.auth.door` is the one place that tells who calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from app.clock import Moment
from app.determine.assertion import technical, without_coverage
from app.domain.coverage import Coverage, EligibilityProblem, NotEligible
from app.domain.crd import Assertion, Guidance, Hook
from app.domain.ehr import EhrAccess, Fetched, Fetching
from app.domain.guide import Guide
from app.domain.principal import Principal
from app.errors import Incomplete, Invalid, NotForHere
from app.fhir.crd import extension
from app.fhir.crd.call import Call, read_call
from app.fhir.crd.card import About, Desk
from app.fhir.crd.cards import cards
from app.fhir.crd.coverage import choose, names_payer, payer_of
from app.fhir.crd.coverage_record import correction
from app.fhir.crd.draft_claim import Asked, Line
from app.fhir.crd.extension import Frame
from app.fhir.crd.form_task import OPTION
from app.fhir.crd.gaps import coverage_query, first_gaps, second_gaps, take
from app.fhir.crd.pool import Pool, name_of
from app.fhir.crd.services import services
from app.fhir.crd.targets import targets, wanted
from app.fhir.read.values import parts, text
from app.flows.context import Context
from app.flows.discover import options
from app.flows.eligibility import Insurers
from app.flows.hook_cards import News, subjects
from app.flows.hook_check import check
from app.flows.hook_decision import Draft, decided
from app.flows.hook_evidence import clinical_gaps, form_gaps
from app.sealed import sealed

Json = dict[str, Any]
Fetch = Callable[[EhrAccess | None, Sequence[str], float], Mapping[str, Fetching]]


class Turn(Protocol):
    """The leave of one thread to compute."""

    def away(self) -> AbstractContextManager[object]:
        """Let others compute until the block ends."""
        ...

    def pause(self) -> None:
        """Let those go first who have waited for nobody, when this call has."""
        ...


@sealed(frozen=True, slots=True)
class Answer:
    """What is sent, by what each line was judged, and the member's line of business where known."""

    body: Json
    guidance: tuple[Guidance, ...] = ()
    line: str = ""


@sealed(frozen=True, slots=True)
class Asking:
    """A call with all that could be had for it."""

    call: Call
    pool: Pool
    coverage: Json
    targets: list[Json]
    frame: Frame
    insurers: Insurers


def hook(
    context: Context,
    caller: Principal,
    document: Json,
    guide: Guide,
    kind: Hook,
    moment: Moment,
    fetch: Fetch,
    turn: Turn,
) -> Answer:
    """The answer to a call whose envelope was checked.

    Raises Malformed or Unprocessable for broken FHIR, NotForHere for another CRD version, Invalid for
    a coverage that 2.2.1 refuses (hook-13), Incomplete when what is needed could not be had.
    """
    call = read_call(document, kind, options(guide, kind))
    if call.requested_version not in ("", guide.value):
        raise NotForHere(
            f"This address speaks CRD {guide.value} only; see the discovery of the others.",
            at="extension.davinci-crd.requestedVersion",
        )
    pool = Pool(call)
    asks = Asks(context, call, pool, fetch, turn, moment)
    found = asks(first_gaps(call, pool)) if call.access else {}
    insurers = Insurers(context.store, caller.tenant)
    coverage = _coverage(call, pool, insurers, found, guide)
    aims = targets(call, pool, guide)
    if call.access is not None:
        asks(_later(context, call, pool, coverage, aims, guide, moment))
    check(context.validators[guide], aims, guide, kind)
    turn.pause()
    if not aims and any(not isinstance(found.get(each), Fetched) for each in wanted(call)):
        _unreadable(call)
    if coverage is None or not aims:
        return Answer(_body([], [], guide, kind))
    frame = _frame(context, call, pool, guide, moment)
    asking = Asking(call, pool, coverage, aims, frame, insurers)
    news, guidance, known = _news(context, caller, asking, guide, moment)
    turn.pause()
    told = _told(context, asking, news, known, moment)
    line = str(known.plan.line) if known else ""
    return Answer(_body(*told, guide, kind), guidance, line)


def _later(
    context: Context,
    call: Call,
    pool: Pool,
    coverage: Json | None,
    aims: Sequence[Json],
    guide: Guide,
    moment: Moment,
) -> list[str]:
    """What the EHR is asked for in the second round: people, reasons, and what policies want to know."""
    wanted = second_gaps(call, pool, aims if coverage is None else [*aims, coverage])
    if coverage is not None:
        rulebook = context.rulebook
        today = rulebook.today(moment.now)
        wanted += clinical_gaps(rulebook, call, pool, aims, today)
        if call.wants(OPTION):
            wanted += form_gaps(rulebook, context.base(guide), pool, aims, today)
    return wanted


def _told(
    context: Context,
    asking: Asking,
    news: Sequence[News],
    known: Coverage | None,
    moment: Moment,
) -> tuple[list[Json], list[Json]]:
    """The cards and the system actions. A correction of the coverage record is a card for the
    office, an action elsewhere (resp-66, resp-70)."""
    call, frame = asking.call, asking.frame
    record = correction(asking.coverage, known, frame.day) if known else None
    forms = frame if call.wants(OPTION) else None
    about = subjects(context.rulebook, asking.pool, news, forms)
    if record is not None and call.hook.is_for_office:
        about.append(About(asking.coverage, (), (), (), correction=record))
    actions = [each.action for each in news] if call.wants("coverage-info") else []
    if record is not None and not call.hook.is_for_office and call.wants("insurance"):
        actions.append(_update(record.resource, "Correct the coverage record."))
    return cards(about, _desk(asking, moment)), actions


@sealed(frozen=True, slots=True)
class Asks:
    """The way of one call to its EHR; both rounds share the seconds of the setting."""

    context: Context
    call: Call
    pool: Pool
    fetch: Fetch
    turn: Turn
    began: Moment

    def __call__(self, queries: Sequence[str]) -> Mapping[str, Fetching]:
        """Ask, while others compute, and put what came into the pool."""
        if not queries or self.call.access is None:
            return {}
        context = self.context
        spent = (context.moment().now - self.began.now).total_seconds()
        left = max(0.0, context.settings.ehr_seconds - spent)
        with self.turn.away():
            answers = self.fetch(self.call.access, queries, left)
        take(self.pool, answers)
        return answers


def _coverage(
    call: Call,
    pool: Pool,
    insurers: Insurers,
    found: Mapping[str, Fetching],
    guide: Guide,
) -> Json | None:
    """The one coverage to judge by; None where an answer without it is right."""
    chosen = choose(pool, call.patient, insurers, one_only=guide is Guide.V22)
    if chosen is not None or not call.hook.is_primary:
        return chosen
    looked = pool.looked("coverage") or isinstance(found.get(coverage_query(call)), Fetched)
    if not looked and not pool.of("Coverage"):
        raise Incomplete(
            "The coverage was not sent along and could not be read from the EHR's FHIR server.",
            at="prefetch.coverage",
        )
    if guide is Guide.V20:
        return None
    raise Invalid(
        "The call needs exactly one coverage of this payer: the patient's primary one.",
        at="prefetch.coverage",
    )


def _unreadable(call: Call) -> None:
    if call.hook.is_primary:
        raise Incomplete(
            "The orders were not sent along and could not be read from the EHR's FHIR server.",
            at="context",
        )


def _frame(context: Context, call: Call, pool: Pool, guide: Guide, moment: Moment) -> Frame:
    return Frame(
        guide=guide,
        address=context.settings.address,
        day=context.rulebook.today(moment.now),
        language=_language(call, pool),
        literal=not context.settings.contested_extensions,
    )


def _language(call: Call, pool: Pool) -> str:
    """The language of who reads the answer, as far as the EHR says."""
    user = pool.get(call.user) if call.user else None
    if user is not None and user.get("resourceType") == "PractitionerRole":
        user = pool.follow(user, "practitioner")
    for concept in parts(user or {}, "communication"):
        for coding in parts(concept, "coding"):
            if text(coding, "code").partition("-")[0] in ("en", "es"):
                return text(coding, "code").partition("-")[0]
    return "en"


def _news(
    context: Context, caller: Principal, asking: Asking, guide: Guide, moment: Moment
) -> tuple[list[News], tuple[Guidance, ...], Coverage | None]:
    """What is new about each target, judged from what the call carries alone (resp-35); by what each
    of them was judged, new or not; and the coverage as the plan knows it."""
    lines = _lines(asking)
    said, known = _said(context, caller, asking, lines, guide, moment)
    names = {line.sequence: name_of(line.resource) for line in lines}
    news: list[News] = []
    guidance: list[Guidance] = []
    for place, target in enumerate(asking.targets):
        own = [(line, said[line.sequence]) for line in lines if line.target == place]
        key = _key(target, asking, moment)
        guidance += (
            each
            for line, one in own
            if (each := _guidance(key, line, one, context.rulebook.sha256))
        )
        told = _merged([one for _, one in own])
        if not asking.call.hook.is_primary:
            told = [extension.on_secondary(each) for each in told]
        made = _action(target, told, asking, names, key)
        if made is not None:
            news.append(News(target, told, made))
    return news, tuple(guidance), known


def _key(target: Json, asking: Asking, moment: Moment) -> str:
    """The assertion id: that which the order carries already, else a fresh one."""
    before = extension.told_before(target, name_of(asking.coverage))
    return extension.key_of(before) or str(moment.new_uuid())


def _guidance(key: str, line: Line, said: Assertion, rulebook: str) -> Guidance | None:
    """None where nothing was judged."""
    if said.judged_on is None:
        return None
    codes = tuple(f"{text(c, 'system')}|{text(c, 'code')}" for c in parts(line.concept, "coding"))
    order = name_of(line.resource)
    return Guidance(
        key=key,
        order=order,
        codes=codes,
        policy=said.policy,
        version=said.policy_version,
        sha256=said.policy_sha256,
        day=said.judged_on,
        rulebook=rulebook,
    )


def _desk(asking: Asking, moment: Moment) -> Desk:
    payers = asking.insurers()
    insurer = payers[0].name if payers else asking.insurers.tenant
    return Desk(
        insurer=insurer,
        frame=asking.frame,
        hook=asking.call.hook,
        wants=asking.call.wants,
        most=asking.call.most_cards,
        new_uuid=moment.new_uuid,
        user=asking.call.user,
        patient=f"Patient/{asking.call.patient}",
        encounter=f"Encounter/{asking.call.encounter}" if asking.call.encounter else "",
        coverage=name_of(asking.coverage),
        payer=payer_of(asking.coverage, insurer),
    )


def _lines(asking: Asking) -> list[Line]:
    """One line for each service of each target; a target without any still gets one."""
    lines: list[Line] = []
    for place, target in enumerate(asking.targets):
        for concept in services(target, asking.pool) or [{}]:
            lines.append(Line(len(lines) + 1, place, target, concept))
    return lines


def _said(
    context: Context,
    caller: Principal,
    asking: Asking,
    lines: Sequence[Line],
    guide: Guide,
    moment: Moment,
) -> tuple[Mapping[int, Assertion], Coverage | None]:
    """What the rulebook says about each line, or why it could not be asked; the coverage it found."""
    payer = names_payer(asking.coverage, asking.pool)
    numbers = [line.sequence for line in lines]
    if payer is None and guide is Guide.V22:
        return dict.fromkeys(numbers, technical()), None
    if payer is False and guide is Guide.V22:
        raise Invalid("The payer of the coverage has no identifier.", at="Coverage.payor")
    draft = Draft(
        Asked(
            patient=asking.call.patient,
            coverage=asking.coverage,
            user=asking.call.user,
            performer=text(asking.call.context, "performer"),
            created=moment.now,
        ),
        lines,
        asking.pool,
        numbers=asking.call.wants("unsolicited-determ"),
        grants=asking.call.hook.is_primary and asking.call.wants("coverage-info"),
        insurers=asking.insurers,
    )
    found = decided(context, caller, draft, guide, moment)
    if found is None:
        return dict.fromkeys(numbers, technical()), None
    if isinstance(found, NotEligible):
        if found.problem is EligibilityProblem.WRONG_PAYER and guide is Guide.V22:
            raise Invalid("The coverage belongs to another payer.", at="Coverage.payor")
        return dict.fromkeys(numbers, without_coverage(found.problem)), None
    return found.said, found.coverage


def _merged(told: Sequence[Assertion]) -> list[Assertion]:
    """One repetition for all billing codes of which the same holds."""
    kept: list[Assertion] = []
    for each in told:
        same = next((n for n, one in enumerate(kept) if extension.is_alike(one, each)), None)
        if same is None:
            kept.append(each)
        else:
            kept[same] = extension.joined(kept[same], each)
    return kept


def _action(
    target: Json,
    told: Sequence[Assertion],
    asking: Asking,
    names: Mapping[int, str],
    key: str,
) -> Json | None:
    """The update of one resource; None when the client knows it all already (resp-35)."""
    coverage = name_of(asking.coverage)
    before = extension.told_before(target, coverage)
    now = [
        extension.coverage_information(each, asking.frame, coverage, key, names) for each in told
    ]
    if before and not extension.is_news(before, now):
        return None
    kind = text(target, "resourceType")
    return _update(
        extension.carrying(target, coverage, now),
        f"Add coverage information to {kind} {text(target, 'id')}.",
    )


def _update(resource: Json, description: str) -> Json:
    return {"type": "update", "description": description, "resource": resource}


def _body(shown: Sequence[Json], actions: Sequence[Json], guide: Guide, kind: Hook) -> Json:
    """2.0.1 clients are tested for an empty list on primary hooks; 2.2.1 forbids empty lists."""
    answer: Json = {"cards": list(shown)}
    if actions or (guide is Guide.V20 and kind.is_primary):
        answer["systemActions"] = list(actions)
    return answer
