"""The forms of the policies: found by canonical address and version, as CRD answers name them.

FHIR R4, canonical references: a form is asked for by `url` and `version`; without a version the one in
force today is meant, or the last one. There is nobody's data in a form.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

import orjson

from app.clock import Moment
from app.domain.guide import Guide
from app.domain.policy import Policy, Version
from app.errors import NotFound
from app.fhir.write.questionnaire import asks, form_id, questionnaire
from app.flows.context import Context


def search_forms(
    context: Context, guide: Guide, moment: Moment, url: str = "", version: str = ""
) -> bytes:
    """A searchset of the forms with this address and version; all that are in force without one."""
    wanted, _, pinned = url.partition("|")
    version = version or pinned
    today = _today(context, moment)
    forms = [
        questionnaire(policy, each, guide, context.settings.address)
        for policy in context.rulebook.policies.values()
        for each in _versions(policy, version, today)
        if not url or wanted == f"{context.base(guide)}/Questionnaire/{policy.id}"
    ]
    base = context.base(guide)
    entries = [
        {
            "fullUrl": f"{base}/Questionnaire/{form['id']}",
            "resource": form,
            "search": {"mode": "match"},
        }
        for form in forms
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return orjson.dumps(bundle | ({"entry": entries} if entries else {}))


def read_form(context: Context, guide: Guide, moment: Moment, name: str) -> bytes:
    """The form with this id (`home-oxygen.2023.1`), or the one in force of a policy
    (`home-oxygen`), so that the canonical address leads to it. Raises NotFound."""
    today = _today(context, moment)
    for policy in context.rulebook.policies.values():
        for version in policy.versions:
            if asks(version) and form_id(policy, version) == name:
                form = questionnaire(policy, version, guide, context.settings.address)
                return orjson.dumps(form)
    found = context.rulebook.policies.get(name)
    if found is not None:
        for version in _versions(found, "", today):
            return orjson.dumps(questionnaire(found, version, guide, context.settings.address))
    raise NotFound("No policy has a form with this id.")


def _versions(policy: Policy, version: str, today: date) -> Iterator[Version]:
    """The version of that name; without one the version in force today, else the last."""
    if version:
        yield from (each for each in policy.versions if each.version == version and asks(each))
        return
    current = [each for each in policy.versions if each.period.covers(today)]
    chosen = current[-1:] or list(policy.versions[-1:])
    yield from (each for each in chosen if asks(each))


def _today(context: Context, moment: Moment) -> date:
    return moment.now.astimezone(ZoneInfo(context.rulebook.time_zone)).date()
