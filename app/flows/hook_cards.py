"""What the cards of a hook call may draw on: the texts and papers of the policies that spoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.crd import Assertion
from app.domain.policy import Version
from app.fhir.crd.card import About
from app.rulebook import Rulebook

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class News:
    """A target with what is said about it now and the action that says so."""

    target: Json
    told: Sequence[Assertion]
    action: Json


def subjects(rulebook: Rulebook, news: Sequence[News]) -> list[About]:
    """Each target about which there is news, with what its policy holds for cards."""
    return [_subject(rulebook, each) for each in news]


def _subject(rulebook: Rulebook, news: News) -> About:
    spoke = next((said for said in news.told if said.policy), None)
    policy = rulebook.policies.get(spoke.policy) if spoke else None
    versions: tuple[Version, ...] = policy.versions if policy else ()
    version = next((v for v in versions if spoke and v.version == spoke.policy_version), None)
    return About(
        resource=news.target,
        said=news.told,
        sources=policy.sources if policy else (),
        documents=version.documents if version else (),
    )
