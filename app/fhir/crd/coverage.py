"""Which of the coverages at hand is judged by, and what is known of its payer.

A coverage that is not active is kept when it is the only one: that it is not active is an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.determine.eligibility import Payer, is_ours
from app.fhir.crd.pool import Pool, local
from app.fhir.read.entries import Entries, Entry
from app.fhir.read.party import read_party
from app.fhir.read.values import part, parts, text, whole

Json = dict[str, Any]


def choose(
    pool: Pool, patient: str, payers: Callable[[], Sequence[Payer]], one_only: bool
) -> Json | None:
    """The coverage of this patient: ours before others, active before others, then by order.

    None when there is none, or several are left and only one is allowed (2.2.1 hook-13).
    """
    known = [each for each in pool.of("Coverage") if text(each, "id") and _of(each, patient)]
    for narrower in (_ours(known, pool, payers), _active(known)):
        if len(known) > 1:
            known = [each for each in known if id(each) in narrower] or known
    if len(known) > 1 and one_only:
        return None
    known.sort(key=lambda each: whole(each.get("order")) or 99)
    return known[0] if known else None


def names_payer(coverage: Json, pool: Pool) -> bool | None:
    """Whether the payer has an identifier; None when the payer could not be read."""
    payor = next(iter(parts(coverage, "payor")), {})
    if text(part(payor, "identifier"), "value"):
        return True
    address = text(payor, "reference")
    found = pool.get(address, coverage) if address else None
    if found is None:
        return None if address else False
    return any(text(each, "value") for each in parts(found, "identifier"))


def payer_of(coverage: Json, insurer: str) -> Json:
    """The Reference by which the client knows the payer; its name where nothing outside is named."""
    payor = next(iter(parts(coverage, "payor")), {})
    known = text(payor, "reference") and not text(payor, "reference").startswith("#")
    return payor if known else {"display": insurer}


def _of(coverage: Json, patient: str) -> bool:
    reference = text(part(coverage, "beneficiary"), "reference")
    return not reference or local(reference) == f"Patient/{patient}"


def _active(known: Sequence[Json]) -> set[int]:
    return {id(each) for each in known if each.get("status") == "active"}


def _ours(known: Sequence[Json], pool: Pool, payers: Callable[[], Sequence[Payer]]) -> set[int]:
    if len(known) < 2:
        return set()
    entries = Entries({"entry": list(pool.entries())})
    found = set()
    for coverage in known:
        payor = next(iter(parts(coverage, "payor")), {})
        party = read_party(payor, entries, Entry("", coverage, coverage))
        if is_ours(party, payers()):
            found.add(id(coverage))
    return found
