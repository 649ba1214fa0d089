"""Process notes: the reasons of a decision in words, each written once and pointed at by number.

The provider reads English; what the member is told in their own language is a letter's business.
"""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.decision import (
    Citation,
    Decision,
    Extension,
    ItemDecision,
    Needed,
    Outcome,
    Penalty,
    Reason,
)
from app.domain.values import Text
from app.fhir.write.json import Json, instant

LANGUAGE = "en"

_PLAIN = {
    Outcome.APPROVED: "Approved as requested.",
    Outcome.MODIFIED: "Approved with changes; see the authorized line.",
    Outcome.PENDED: "This request is being reviewed.",
    Outcome.NOT_COVERED: "The member's plan does not cover this service.",
    Outcome.NOT_REQUIRED: "This service needs no prior authorization under the member's plan.",
    Outcome.DENIED: "Not approved.",
    Outcome.CANCELLED: "Cancelled at the requester's wish.",
}
"""What is said where a decision gives no reason of its own."""


class Notes:
    """The notes of one answer, numbered from 1 in the order in which they are first needed."""

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def add(self, sentence: str) -> int:
        """The number of the note that says `sentence`."""
        return self._numbers.setdefault(sentence, len(self._numbers) + 1)

    def for_item(self, decided: ItemDecision, decision: Decision) -> list[int]:
        """The numbers of the notes that explain one item: reasons, what is needed, until when."""
        said = [reason_words(each) for each in decided.reasons] or [_PLAIN[decided.outcome]]
        if decided.penalty is not None:
            said.append(_penalty(decided.penalty))
        said += [_wish(each) for each in decided.needed]
        if decided.grant is not None and decided.grant.next_review is not None:
            said.append(f"Next review on {decided.grant.next_review.isoformat()}.")
        if decided.outcome is Outcome.PENDED and decision.due is not None:
            said.append(f"A decision is due by {instant(decision.due)}.")
            said += [_more_time(each) for each in decision.extensions]
        return list(dict.fromkeys(self.add(each) for each in said))

    def written(self) -> list[Json]:
        """The notes as ClaimResponse.processNote."""
        return [
            {"number": number, "type": "display", "text": sentence}
            for sentence, number in self._numbers.items()
        ]


def _more_time(more: Extension) -> str:
    return f"The time to decide was extended by {more.days} days: {words(more.reason)}"


def _penalty(penalty: Penalty) -> str:
    """A matter of payment, told apart from the verdict."""
    share = f" Reduction: {penalty.reduction} %." if penalty.reduction is not None else ""
    return f"{_with_sources(penalty.text, penalty.citations)}{share}"


def _wish(needed: Needed) -> str:
    """What must be known, and the kind of document that should tell it."""
    document = f" (in document LOINC {needed.loinc})" if needed.loinc else ""
    return f"Needed to decide: {words(needed.question)}{document}"


def words(text: Text) -> str:
    """The English sentence."""
    return text.get(LANGUAGE) or next(iter(text.values()), "")


def reason_words(reason: Reason) -> str:
    """A reason with the sources that it rests on."""
    return _with_sources(reason.text, reason.citations)


def _with_sources(text: Text, citations: Iterable[Citation]) -> str:
    sources = "; ".join(dict.fromkeys(_source(each) for each in citations))
    return f"{words(text)} [{sources}]" if sources else words(text)


def _source(citation: Citation) -> str:
    return ", ".join(filter(None, (citation.title, citation.section)))
