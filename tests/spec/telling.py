"""Ways to ask for something else than an example does, with answers on its form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.domain.decision import Decision
from app.domain.guide import Guide
from tests.spec.reading import response_of
from tests.world import World, claim_of, example, resource_of

Json = dict[str, Any]
Answer = bool | int | Decimal | date | datetime | str


def asking(guide: Guide, code: str, where: str, diagnosis: str, place: str, day: str) -> Json:
    """The oxygen example with another service, diagnosis, place and day; its form is empty."""
    bundle = example("oxygen-approved", guide)
    claim = claim_of(bundle)
    (item,) = claim["item"]
    for name in ("modifier", "servicedPeriod", "quantity"):
        item.pop(name, None)
    item["productOrService"] = {"coding": [{"system": where, "code": code}]}
    item["servicedDate"] = day
    item["locationCodeableConcept"]["coding"][0]["code"] = place
    (first,) = claim["diagnosis"]
    first["diagnosisCodeableConcept"]["coding"][0]["code"] = diagnosis
    return answered(bundle, "none", {})


def answered(bundle: Json, policy: str, answers: Mapping[str, Answer]) -> Json:
    """The bundle with these answers on its form, by the fact's name."""
    form = resource_of(bundle, "QuestionnaireResponse")
    form["item"] = [
        {
            "linkId": policy,
            "item": [
                {"linkId": f"{policy}/{name}", "answer": [_answer(value)]}
                for name, value in (answers or {"nothing": False}).items()
            ],
        }
    ]
    return bundle


def _answer(value: Answer) -> Json:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, datetime):
        return {"valueDateTime": value.isoformat()}
    if isinstance(value, date):
        return {"valueDate": value.isoformat()}
    if isinstance(value, int):
        return {"valueDecimal": value}
    return {"valueCoding": {"code": value}}


def decided(world: World, answer: Json) -> Decision:
    """The stored decision behind an answer."""
    with world.context.store.read(world.caller.tenant) as look:
        found = look.resources.get("ClaimResponse", response_of(answer)["id"])
        assert found is not None
        (stored,) = look.decisions.of(found.case_id)
    return stored.decision
