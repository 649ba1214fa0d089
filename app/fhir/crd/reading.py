"""Cards to read: the public texts behind an answer (External Reference) and papers (Instructions)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.domain.values import Text
from app.fhir.crd.card import About, Content, Desk, Urgency, urgency
from app.fhir.crd.extension import words

Json = dict[str, Any]

MOST_LINKS = 4
_LABEL = 139
_SOURCES: Text = {"en": "The texts that this answer rests on", "es": "Los textos de esta respuesta"}
_PAPERS: Text = {
    "en": "Papers to send with the request for authorization",
    "es": "Documentos que acompañan a la solicitud de autorización",
}


def references(about: About, desk: Desk) -> Iterator[Content]:
    """The public texts behind an answer that somebody has to act on."""
    if urgency(about) > Urgency.AUTHORIZATION:
        return
    links = [
        {"label": source.title[:_LABEL], "url": source.url, "type": "absolute"}
        for source in about.sources
        if source.url.startswith("https://")
    ]
    if links:
        yield Content(
            topic="guideline",
            summary=words(_SOURCES, desk.frame),
            rest={"links": links[:MOST_LINKS]},
            alike=" ".join(link["url"] for link in links),
        )


def papers(about: About, desk: Desk) -> Iterator[Content]:
    """Which papers a request for authorization needs, so that they are at hand."""
    if about.documents and about.needs_authorization:
        listed = tuple(f"- {words(each.label, desk.frame)}" for each in about.documents)
        yield Content("claim", words(_PAPERS, desk.frame), listed, alike=" ".join(listed))
