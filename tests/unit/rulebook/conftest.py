"""A rulebook folder to write into."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app import resources
from app.rulebook import Rulebook, load

POLICY = """\
id: made-up
owner: Tester
title: {en: Made up, es: Inventada}
summary: {en: For tests., es: Para pruebas.}
sources:
  rule: {title: The rule, kind: plan, url: "https://payer.example/rule", section: s1, reviewed: 2026-01-01, next_review: 2027-01-01}
versions:
  - {version: "1", from: 2026-01-01}
applies:
  - {id: all, review: prior-authorization, services: [X1000], cite: rule}
facts:
  ill:
    label: {en: Ill, es: Enfermo}
    type: yes-no
    ask: {en: Ill?, es: ¿Enfermo?}
  kilos:
    label: {en: Weight, es: Peso}
    type: number
    unit: kg
criteria:
  - {id: is-ill, fact: ill, is: yes, cite: rule 2}
  - {id: heavy, fact: kilos, at_least: 50, cite: rule 3}
grant: {units: 2, period: 90 days}
"""

CASES = """\
policy: made-up
defaults: {service: X1000, plan: FW-MA-01, service_day: 2026-12-01}
cases:
  - name: ill and heavy
    because: both hold
    facts: {ill: yes, kilos: 60}
    expect: {outcome: approved}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rulebook with one policy and its cases."""
    source, made = resources.data("policies"), tmp_path / "policies"
    (made / "made-up").mkdir(parents=True)
    for name in ("_terms.yaml", "_deadlines.yaml", "_delegates.yaml"):
        shutil.copy(source / name, made / name)
    shutil.copytree(source / "_plans", made / "_plans")
    (made / "made-up" / "policy.yaml").write_text(POLICY, encoding="utf-8")
    (made / "made-up" / "cases.yaml").write_text(CASES, encoding="utf-8")
    return made


@pytest.fixture
def changed(folder: Path) -> Callable[..., Rulebook]:
    """Load the rulebook with one text replaced in a file (the policy, if no other is named)."""

    def loaded(old: str, new: str, name: str = "made-up/policy.yaml") -> Rulebook:
        path = folder / name
        content = path.read_text(encoding="utf-8")
        assert old in content, old
        path.write_text(content.replace(old, new), encoding="utf-8")
        return load(folder)

    return loaded
