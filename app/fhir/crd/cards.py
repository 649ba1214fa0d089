"""The cards beside the coverage information: what a person may want to read or choose.

CRD 2.2.1 and 2.0.1. No card repeats what the system action says (resp-12), none leads to a portal
(resp-17, resp-23), and a resource about which nothing is new gets none. Each topic is an option of the
client. What is alike for several orders is said once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from app.fhir.crd.apps import launches
from app.fhir.crd.card import About, Content, Desk, card, urgency
from app.fhir.crd.coverage_record import updates
from app.fhir.crd.form_task import tasks
from app.fhir.crd.proposals import alternates, companions
from app.fhir.crd.reading import papers, references

Json = dict[str, Any]
Kind = Callable[[About, Desk], Iterator[Content]]

KINDS: tuple[tuple[str, Kind], ...] = (
    ("said", alternates),
    ("correction", updates),
    ("forms", tasks),
    ("companions", companions),
    ("documents", papers),
    ("apps", launches),
    ("sources", references),
)
"""What a kind draws on, and the kind: the more useful first, among cards about orders of the same
urgency."""


def cards(about: Sequence[About], desk: Desk) -> list[Json]:
    """The cards, the most useful first, no more than the client wants."""
    found: list[tuple[tuple[int, int, int], Content, About]] = []
    for place, each in enumerate(about):
        for rank, (needed, kind) in enumerate(KINDS):
            for content in kind(each, desk) if getattr(each, needed) else ():
                if desk.wants(content.topic) and desk.wants(content.option or content.topic):
                    found.append(((urgency(each), rank, place), content, each))
    found.sort(key=lambda made: made[0])
    together: list[tuple[Content, list[About]]] = []
    for _, content, each in found:
        same = next((kept for kept in together if _alike(kept[0], content)), None)
        if same is None:
            together.append((content, [each]))
        else:
            same[1].append(each)
    return [card(content, those, desk) for content, those in together[: desk.most]]


def _alike(one: Content, other: Content) -> bool:
    return bool(one.alike) and (one.topic, one.alike) == (other.topic, other.alike)
