"""What makes an answer an opinion: the notice that it guarantees nothing, and a reference of its own.

PAS fixes `use` to preauthorization in its response profiles, so this answer claims neither of them;
it is written like theirs in all else (docs/reference/predetermination.md).
"""

from __future__ import annotations

from app.determine.words import REASONS
from app.fhir.urls import system
from app.fhir.write.draft import Draft
from app.fhir.write.json import Json, coded

NOTICE = "not-a-guarantee"
NOTE_CODE = "https://forthwith.example/StructureDefinition/note-code"
"""The extension (ours) that tells programs which notice a process note is."""


def as_opinion(draft: Draft, response: Json) -> None:
    """Complete a ClaimResponse: its reference, and the notice in every language that we write."""
    envelope = draft.envelope
    own = {"system": f"{envelope.namespace}/predetermination", "value": envelope.case_number}
    response["identifier"] = [own, *response["identifier"]]
    response["disposition"] = REASONS[NOTICE]["en"]
    first = len(response["processNote"]) + 1
    for number, (language, sentence) in enumerate(sorted(REASONS[NOTICE].items()), first):
        note = {
            "extension": [{"url": NOTE_CODE, "valueCode": NOTICE}],
            "number": number,
            "type": "print",
            "text": sentence,
            "language": coded(system.LANGUAGE, language),
        }
        response["processNote"].append(note)
