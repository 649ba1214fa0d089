"""What the cards of a hook call may draw on: the texts and papers of the policies that spoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.determine.codes import Codes, belongs, short_codes
from app.domain.crd import Assertion, Covered
from app.domain.policy import Version
from app.fhir.crd.card import About, Form
from app.fhir.crd.extension import Frame
from app.fhir.crd.pool import Pool
from app.fhir.crd.services import services
from app.fhir.crd.targets import ORDERS
from app.fhir.read.systems import service
from app.fhir.read.values import text
from app.fhir.write.questionnaire import questionnaire
from app.rulebook import Rulebook
from app.sealed import sealed

Json = dict[str, Any]
_FOR_DTR = ("meta", "extension")
"""What a form says to DTR alone: its profile there, and how its versions are counted."""

_STANDING = ("draft", "active", "on-hold", "unknown")


@sealed(frozen=True, slots=True)
class News:
    """A target with what is said about it now and the action that says so."""

    target: Json
    told: Sequence[Assertion]
    action: Json


def subjects(
    rulebook: Rulebook, pool: Pool, news: Sequence[News], forms: Frame | None
) -> list[About]:
    """Each target about which there is news, with what its policy holds for cards. `forms`: the
    client has no DTR, so forms are wanted as they are."""
    ordered = _ordered(rulebook, pool) if any(s.companions for n in news for s in n.told) else set()
    found = [_subject(rulebook, each, frozenset(ordered)) for each in news]
    if forms is None:
        return found
    return [replace(each, forms=_forms(rulebook, pool, each, forms)) for each in found]


def _forms(rulebook: Rulebook, pool: Pool, about: About, frame: Frame) -> list[Form]:
    """The forms that are asked for. The address of one in force says no version: whoever fills it
    in later shall find the text of that day."""
    found = []
    for policy_id, number in dict.fromkeys(said.form for said in about.said if said.form):
        policy = rulebook.policy(policy_id)
        version = next(each for each in policy.versions if each.version == number)
        form = questionnaire(policy, version, frame.guide, frame.address)
        url = text(form, "url")
        address = url if version.period.covers(frame.day) else f"{url}|{number}"
        kept = any(
            (text(each, "url"), text(each, "version")) == (url, number)
            for each in pool.of("Questionnaire")
        )
        plain = {name: value for name, value in form.items() if name not in _FOR_DTR}
        found.append(Form(address, None if kept else plain))
    return found


def _ordered(rulebook: Rulebook, pool: Pool) -> set[tuple[str, str]]:
    """The codes of all orders that came along and still stand: what the client knows already."""
    found: set[tuple[str, str]] = set()
    for order in pool.of(*ORDERS):
        if text(order, "status") in _STANDING:
            for concept in services(order, pool):
                read = service(concept)
                found |= short_codes(read, rulebook.terms.systems) if read else frozenset()
    return found


def _subject(rulebook: Rulebook, news: News, ordered: Codes) -> About:
    spoke = next((said for said in news.told if said.policy), None)
    policy = rulebook.policies.get(spoke.policy) if spoke else None
    versions: tuple[Version, ...] = policy.versions if policy else ()
    version = next((v for v in versions if spoke and v.version == spoke.policy_version), None)
    covered = all(said.covered is not Covered.NOT_COVERED for said in news.told)
    return About(
        resource=news.target,
        said=news.told,
        sources=policy.sources if policy else (),
        documents=version.documents if version else (),
        apps=[rulebook.apps[name] for name in version.apps] if version and covered else [],
        companions=[
            each
            for said in news.told
            for each in said.companions
            if not belongs(ordered, each.codes, frozenset())
        ],
    )
