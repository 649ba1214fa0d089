"""The first draft of a policy: loads and passes its cases, and says at each place what belongs there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from app.errors import BadData
from app.rulebook.cases import CASES_FILE
from app.rulebook.load import POLICY_FILE

_POLICY = """\
# yaml-language-server: $schema=../schema.json
# How to write this: policies/README.md
id: {id}
owner: Medical director            # who answers for this policy
title:
  en: {title}
  es: {title}
summary:
  en: In one or two sentences, when the service is covered.
  es: En una o dos frases, cuándo está cubierto el servicio.

sources:
  law:                               # cited below as `cite: law section`
    title: The text that this policy rests on
    kind: plan                       # statute regulation ncd lcd manual guideline label plan data
    url: https://example.org/the-text
    reviewed: {today}
    next_review: {again}

versions:
  - version: "{year}.1"
    from: {today}

applies:
  - id: service
    review: prior-authorization
    services: [{service}]
    cite: law scope

facts:
  condition-shown:
    label: {{en: The condition is shown, es: La afección está demostrada}}
    type: yes-no
    ask: {{en: Is the condition shown?, es: ¿Está demostrada la afección?}}
    document: note

criteria:
  - {{id: condition, fact: condition-shown, is: yes, cite: law criteria}}

grant:
  units: 1
  unit: service
  period: 90 days
  cite: law grant

documents:
  - {{id: note, label: {{en: Progress note, es: Nota de evolución}}, loinc: 11506-3, pwk: PN}}
"""

_CASES = """\
policy: {id}

defaults:
  today: {today}
  service_day: {today}
  service: {service}
  line: commercial

cases:
  - name: condition shown
    because: the criterion is met
    facts: {{condition-shown: yes}}
    expect: {{outcome: approved}}
  - name: condition not shown
    because: unmet goes to a clinician
    facts: {{condition-shown: no}}
    expect: {{outcome: pended, cause: clinical-review}}
  - name: nothing known
    because: asked, never denied
    expect: {{outcome: pended, cause: missing-facts, needed: [condition-shown]}}
"""


def scaffold(folder: Path, name: str, service: str, today: date) -> Path:
    """Write the draft of a policy into `folder`; BadData when something stands there already."""
    home = folder / name
    if home.exists():
        raise BadData(f"{home}: something stands there already; choose another id")
    words = {
        "id": name,
        "title": name.replace("-", " ").capitalize(),
        "service": service,
        "today": today.isoformat(),
        "again": today.replace(year=today.year + 1, day=min(today.day, 28)).isoformat(),
        "year": str(today.year),
    }
    home.mkdir(parents=True)
    (home / POLICY_FILE).write_text(_POLICY.format(**words), encoding="utf-8")
    (home / CASES_FILE).write_text(_CASES.format(**words), encoding="utf-8")
    return home
