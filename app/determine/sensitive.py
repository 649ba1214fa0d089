"""Whether a request is about a kind of care that is not told to everybody (PAS 2.2.1 spec-49)."""

from __future__ import annotations

from app.determine.book import Rulebook
from app.determine.codes import belongs, short_codes
from app.determine.subject import service_codes
from app.domain.disclosure import SensitiveCategory
from app.domain.request import PriorAuthRequest


def kept_back(
    request: PriorAuthRequest, rulebook: Rulebook, numbered: bool
) -> SensitiveCategory | None:
    """The category for which a provider who did not make the request is not told about it.

    `numbered` says that the provider named a number of it. One line or one diagnosis is enough: an
    answer is told whole or not at all.
    """
    systems = rulebook.terms.systems
    services = frozenset(
        code for item in request.items for code in service_codes(item, rulebook.terms)
    )
    concepts = [each.concept for each in request.diagnoses]
    diagnoses = frozenset(code for each in concepts for code in short_codes(each, systems))
    for category in rulebook.sensitive.categories:
        if numbered and category.by_number:
            continue
        if belongs(services, category.services) or belongs(diagnoses, category.diagnoses):
            return category
    return None
