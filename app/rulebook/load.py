"""A folder of policies → the compiled rulebook; everything is checked before anything is used."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from app.determine.book import Rulebook, build
from app.domain.coverage import Plan
from app.domain.disclosure import Sensitive
from app.domain.policy import Benefits, Policy, Terms
from app.errors import BadData
from app.rulebook import policy as policies
from app.rulebook import tables
from app.rulebook.words import ListRow

POLICY_FILE = "policy.yaml"


def load(folder: Path) -> Rulebook:
    """The rulebook in `folder`; BadData lists every file that cannot be used, one line each.

    Files that begin with `_` are shared tables, folders hold one policy each in `policy.yaml`
    (any depth). The hash covers every policy file and every table.
    """
    if not folder.is_dir():
        raise BadData(f"{folder} is no folder: a rulebook is a folder of policies")
    collecting = gc.isenabled()
    gc.disable()  # a rulebook is a million small things that stay: looking through them costs a third
    try:
        return _load(folder)
    finally:
        if collecting:
            gc.enable()


def _load(folder: Path) -> Rulebook:
    faults: list[str] = []
    digest = hashlib.sha256()
    for path in sorted(content_files(folder)):
        digest.update(f"{path.relative_to(folder).as_posix()}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    text = _Texts(folder)
    terms = tables.terms(*text.need("_terms.yaml"))
    lists = _lists(folder, text)
    read = list(_policies(folder, text, terms, lists, faults))
    plans, benefits = _plans(folder, text, terms, faults)
    zone, rules, hold_days = tables.deadlines(*text.need("_deadlines.yaml"))
    delegates = text.get("_delegates.yaml")
    technology = text.get("_new_technology.yaml")
    cards = text.get("_gold_cards.yaml")
    apps = text.get("_apps.yaml")
    sensitive = text.get("_sensitive.yaml")
    named = tables.delegates(*delegates) if delegates else {}
    known = tables.payer_apps(*apps) if apps else {}
    register = tables.technologies(*technology, terms) if technology else ()
    faults += _contradictions(read, plans, set(named), {each.id for each in register})
    faults += [
        f"{policy.file}: no app {name!r} stands in _apps.yaml"
        for policy in read
        for version in policy.versions
        for name in version.apps
        if name not in known
    ]
    if faults:
        raise BadData("\n".join(faults))
    return build(
        read,
        plans=plans,
        benefits=benefits,
        terms=terms,
        deadlines=rules,
        delegates=named,
        apps=known,
        gold_cards=tables.gold_cards(*cards, terms) if cards else (),
        technologies=register,
        sensitive=tables.sensitive(*sensitive, terms) if sensitive else Sensitive(),
        time_zone=zone,
        hold_days=hold_days,
        sha256=digest.hexdigest(),
    )


def content_files(folder: Path) -> Iterable[Path]:
    """The files that decide: policies and shared tables, not their cases or pages."""
    for path in folder.rglob("*"):
        inside = path.relative_to(folder).parts
        shared = inside[0].startswith("_") and path.suffix in (".yaml", ".csv")
        if path.is_file() and (path.name == POLICY_FILE or shared):
            yield path


class _Texts:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, path: Path) -> tuple[str, str]:
        return tables.read_text(path, self.folder)

    def get(self, name: str) -> tuple[str, str] | None:
        path = self.folder / name
        return self.of(path) if path.is_file() else None

    def need(self, name: str) -> tuple[str, str]:
        found = self.get(name)
        if found is None:
            raise BadData(f"{self.folder}: the rulebook needs the file {name}")
        return found


def _lists(folder: Path, text: _Texts) -> Mapping[str, tuple[ListRow, ...]]:
    return {
        path.stem: tables.public_list(*text.of(path))
        for path in sorted((folder / "_lists").glob("*.csv"))
    }


def _policies(
    folder: Path,
    text: _Texts,
    terms: Terms,
    lists: Mapping[str, tuple[ListRow, ...]],
    faults: list[str],
) -> Iterable[Policy]:
    seen: dict[str, str] = {}
    for path in sorted(folder.rglob(POLICY_FILE)):
        try:
            read = policies.read(*text.of(path), terms, lists)
        except BadData as fault:
            faults.append(str(fault))
            continue
        if read.id in seen:
            faults.append(f"{read.file}:1: the id {read.id!r} is taken by {seen[read.id]}")
            continue
        seen[read.id] = read.file
        yield read


def _plans(
    folder: Path, text: _Texts, terms: Terms, faults: list[str]
) -> tuple[Mapping[str, Plan], Mapping[str, Benefits]]:
    plans: dict[str, Plan] = {}
    benefits: dict[str, Benefits] = {}
    for path in sorted((folder / "_plans").glob("*.yaml")):
        try:
            plan, said = tables.plan(*text.of(path), terms)
        except BadData as fault:
            faults.append(str(fault))
            continue
        plans[plan.id], benefits[plan.id] = plan, said
    return MappingProxyType(plans), MappingProxyType(benefits)


def _contradictions(
    read: Iterable[Policy],
    plans: Mapping[str, Plan],
    delegates: set[str],
    technologies: set[str],
) -> Iterable[str]:
    """What only the whole rulebook can tell: names that nothing stands behind."""
    for policy in read:
        for version in policy.versions:
            for rule in version.clinician:
                if rule.technology and rule.technology not in technologies:
                    yield (
                        f"{policy.file}: {rule.id}: no technology {rule.technology!r} stands in "
                        "_new_technology.yaml"
                    )
            for scope in version.scopes:
                if scope.delegate and scope.delegate not in delegates:
                    yield (
                        f"{policy.file}: {scope.id}: no delegate {scope.delegate!r} stands in "
                        "_delegates.yaml"
                    )
                for plan in sorted(scope.where.plans - set(plans)):
                    yield f"{policy.file}: {scope.id}: no plan {plan!r} stands in _plans/"
