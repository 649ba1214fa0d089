"""References: where they lead, and what must be there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from app.fhir import urls
from app.fhir.bundle import rest_parts
from app.fhir.validate import primitives
from app.fhir.validate.library import Library
from app.fhir.validate.run import Job, Path, Run
from app.fhir.validate.wording import word
from app.sealed import sealed

Json = dict[str, Any]

_RESOURCES: Final = frozenset({"Resource", "DomainResource"})


@sealed(frozen=True, slots=True)
class Targets:
    """What a Reference may lead to: types, each with the profiles of which one is due.

    Conformance is asked of the resource itself, so that its defects are named where they are.
    """

    wanted: dict[str, tuple[str, ...]]
    anything: bool

    @classmethod
    def of(cls, canonicals: Sequence[str], library: Library) -> Targets:
        """From the target profiles of an element; none means any resource."""
        by_type: dict[str, tuple[str, ...]] = {}
        anything = not canonicals
        for canonical in canonicals:
            structure = library.facts.structure(canonical)
            kind = structure.type if structure else canonical.partition("|")[0].rpartition("/")[2]
            anything = anything or kind in _RESOURCES
            plain = structure is None or structure.url == urls.core_type(kind)
            by_type[kind] = (*by_type.get(kind, ()), "" if plain else canonical)
        return cls({k: () if "" in ps else ps for k, ps in by_type.items()}, anything)

    def follow(self, value: Json, run: Run) -> bool:
        """Whether a Reference leads to something allowed, which is then asked for its profiles."""
        address = value.get("reference")
        return "type" not in value if address is None else self.reach(address, run)

    def reach(self, address: Any, run: Run) -> bool:
        """As `follow`, for the address of a Reference, which may be no sound text either."""
        if type(address) is not str:
            return False
        here = run.job
        job = here.near.get(address)
        if job is None:
            if primitives.string(address) is not None or address[0] == "#":
                return False
            found = run.find(address)
            if found is None:
                return self._is_elsewhere(address, run)
            job = run.jobs.get(id(found))
            if job is None:
                return False
            here.near[address] = job
        kind = job.resource.get("resourceType")
        if type(kind) is not str:
            return False
        profiles = self.wanted.get(kind)
        if profiles is None and not self.anything:
            return False
        here.links.append(job)
        if profiles and profiles not in job.asked:
            run.want(job, profiles)
        return True

    def _is_elsewhere(self, address: str, run: Run) -> bool:
        """Whether an address leads out of the bundle to an allowed type, and may do so."""
        parts = rest_parts(address)
        if parts is None or not (parts[0] or run.job.scope is None):
            return False
        allowed = self.anything or parts[1] in self.wanted
        return allowed and address.isprintable() and " " not in address

    def check(self, value: Any, path: Path, run: Run) -> None:
        """Whether a Reference leads somewhere allowed."""
        address = value.get("reference") if type(value) is dict else None
        if type(address) is not str or not address:
            stated = value.get("type") if type(value) is dict else None
            if type(stated) is str:
                self._is_allowed(stated, path, run)
            return
        job: Job | None
        if address[0] == "#":
            job = run.contained(address[1:])
            if job is None:
                run.error("reference-contained", path, "no contained resource has this id")
                return
            kind = job.resource.get("resourceType")
        else:
            target = run.find(address)
            if target is None:
                self._absent(address, path, run)
                return
            job = run.jobs.get(id(target))
            if job is not None:
                run.job.links.append(job)
            kind = target.get("resourceType")
        if type(kind) is str and self._is_allowed(kind, path, run):
            profiles = self.wanted.get(kind)
            if profiles and job is not None:
                run.want(job, profiles)

    def _is_allowed(self, kind: str, path: Path, run: Run) -> bool:
        if self.anything or kind in self.wanted:
            return True
        allowed = ", ".join(sorted(self.wanted))
        run.error("reference-type", path, f"refers to {word(kind)}, allowed: {allowed}")
        return False

    def _absent(self, address: str, path: Path, run: Run) -> None:
        parts = rest_parts(address)
        if parts and not self._is_allowed(parts[1], path, run):
            return
        if not address.isprintable() or " " in address or not (parts or ":" in address):
            run.error("reference-format", path, "no form of a reference")
        elif run.job.scope is not None and (address.startswith("urn:") or (parts and not parts[0])):
            run.add("warning", "reference-unresolved", path, "not an entry of this bundle")
