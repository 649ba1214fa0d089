"""Rulebooks and requests from a few plain words."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import resources
from app.domain.decision import Decision
from app.rulebook import Rulebook, load
from app.rulebook.cases import Case, cases
from app.rulebook.trial import decided

EN_ES = {"en": "Words", "es": "Palabras"}
SOURCES = {"rule": {"title": "The rule", "kind": "plan", "url": "https://payer.example/rule"}}


def policy(**parts: Any) -> dict[str, Any]:
    """A policy for the service X1000; parts replace the usual ones."""
    usual: dict[str, Any] = {
        "id": "made-up",
        "owner": "Tester",
        "title": EN_ES,
        "summary": EN_ES,
        "sources": SOURCES,
        "versions": [{"version": "1"}],
        "applies": [
            {"id": "all", "review": "prior-authorization", "services": ["X1000"], "cite": "rule 1"}
        ],
        "facts": {"ill": {"label": EN_ES, "type": "yes-no", "ask": EN_ES}},
        "criteria": [{"id": "is-ill", "fact": "ill", "is": True, "cite": "rule 2"}],
        "grant": {"units": 2, "period": "90 days"},
    }
    return {**usual, **parts}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rulebook folder with the shared tables and no policy."""
    source, made = resources.data("policies"), tmp_path / "policies"
    made.mkdir()
    for name in ("_terms.yaml", "_deadlines.yaml", "_delegates.yaml"):
        shutil.copy(source / name, made / name)
    shutil.copytree(source / "_plans", made / "_plans")
    return made


Book = Callable[..., Rulebook]
Decide = Callable[..., Decision]


@pytest.fixture
def book(folder: Path) -> Book:
    """Write policies (as dictionaries) and load the folder; `files` are shared tables by name."""

    def written(*policies: dict[str, Any], files: dict[str, str] | None = None) -> Rulebook:
        for each in policies:
            home = folder / each["id"]
            home.mkdir(exist_ok=True)
            content = yaml.safe_dump(each, allow_unicode=True, sort_keys=False)
            (home / "policy.yaml").write_text(content, encoding="utf-8")
        for name, content in (files or {}).items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return load(folder)

    return written


@pytest.fixture
def case(folder: Path) -> Callable[..., Case]:
    """A case of the policy `made-up` (or `of`), as cases.yaml would say it."""

    def made(rulebook: Rulebook, of: str = "made-up", **said: Any) -> Case:
        content = {
            "policy": of,
            "cases": [
                {
                    "name": "it",
                    "because": "of this",
                    "service": "X1000",
                    "plan": "FW-MA-01",
                    "service_day": "2026-12-01",
                    "expect": {},
                    **said,
                }
            ],
        }
        path = folder / of / "cases.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return cases(path.parent, rulebook.policy(of), rulebook.terms, rulebook.plans)[0]

    return made


@pytest.fixture
def answer(book: Book, case: Callable[..., Case]) -> Decide:
    """The decision of one policy (or several, first one meant) on a case."""

    def given(
        *policies: dict[str, Any], files: dict[str, str] | None = None, **said: Any
    ) -> Decision:
        rulebook = book(*policies, files=files)
        return decided(case(rulebook, policies[0]["id"], **said), rulebook)

    return given
