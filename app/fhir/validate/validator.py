"""The door: documents in, issues out."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Sequence
from typing import Any

from app.errors import BadData, Issue
from app.fhir import urls
from app.fhir.bundle import Index
from app.fhir.validate import bundles, vitals
from app.fhir.validate.compiler import Compiler
from app.fhir.validate.facts import read_facts
from app.fhir.validate.run import MOST_ISSUES, NONE, Enough, Job, Path, Run

Json = dict[str, Any]


class Validator:
    """Checks documents against the profiles of one guide; safe for any JSON, never raises."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._library = compiler.library
        self._claims: dict[str, str] = {}
        self._firsts: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._derived: dict[tuple[str, tuple[str, ...]], bool] = {}
        self._fits: dict[tuple[tuple[str, ...], str], tuple[str, ...]] = {}

    @staticmethod
    def load(guide: str) -> Validator:
        """The validator of `2.2` or `2.0`; made once per process. BadData for another name."""
        return _load(guide)

    @staticmethod
    def fresh(guide: str) -> Validator:
        """One that shares nothing, as a new process makes it; BadData for an unknown guide."""
        if guide not in urls.GUIDES:
            raise BadData(f"no guide {guide}: known are {', '.join(sorted(urls.GUIDES))}")
        return Validator(Compiler(read_facts(guide)))

    def canonical(self, name: str) -> str | None:
        """The canonical that a name means: itself when known, or the one whose last part it is."""
        facts = self._compiler.facts
        if facts.knows(name):
            return name
        return next((url for url in facts.canonicals() if url.rpartition("/")[2] == name), None)

    def bundle(self, resource: Json, profile: str | None = None) -> list[Issue]:
        """All issues of a bundle and everything in it; `profile` is what the bundle must be."""
        return self.resource(resource, profile)

    def resource(
        self, resource: Json, profile: str | None = None, within: Json | None = None
    ) -> list[Issue]:
        """All issues of a resource; `within` is a bundle that its references may point into."""
        run = Run(self._compiler.terms.member_of)
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        path: Path = (None, kind if isinstance(kind, str) and kind.isalnum() else "Resource", NONE)
        try:
            if not isinstance(resource, dict) or not resource:
                run.error("not-object", path, "no object where a resource is due")
                return run.issues()
            scope = Index(within) if isinstance(within, dict) else None
            base = scope.urls_of.get(id(resource)) if scope else None
            job = run.expect(resource, path, base, scope)
            if profile:
                self._asked(profile, job, run)
            self._work(run)
            bundle = resource.get("resourceType") == "Bundle" and job.scope
            if bundle and resource.get("type") == "collection":
                bundles.unreachable(bundle, run)
        except RecursionError:
            run.last("too-deep", path, "nested too deeply to be checked")
        except Enough:
            run.last("too-many-issues", path, f"more than {MOST_ISSUES} issues")
        found = run.issues()
        run.close()
        return found

    def _asked(self, profile: str, job: Job, run: Run) -> None:
        if not self._compiler.facts.knows(profile):
            found = f"profile {profile[:200]} is not known"
            run.error("profile-unknown", job.path, found)
        else:
            run.want(job, (profile,))

    # the queue ----------------------------------------------------------------------------------

    def _work(self, run: Run) -> None:
        """Check resources until none waits: what profiles ask for first, the rest afterwards."""
        waiting = run.queue
        left: deque[Job] = deque()
        while waiting or left:
            if not waiting:
                self._rest(left.popleft(), run)
                continue
            job = waiting.popleft()
            if job.done and not job.wanted:
                continue  # asked twice before it was looked at
            run.enter(job)
            if not job.done:
                left.append(job)
                job.done.add("")
                if job.resource.get("resourceType") == "Bundle":
                    job.scope = bundles.open_bundle(job.resource, job.path, run)
                    job.near = job.scope.near(job.base)
            for profiles in job.wanted:
                self._one_of(profiles, job, run)
            job.wanted.clear()

    def _rest(self, job: Job, run: Run) -> None:
        """Claimed profiles, and the base type of a resource that no profile was asked of."""
        claims = [claim for claim in job.claims if self._claims.get(claim[1]) not in job.done]
        owed = vitals.profiles(job.resource)
        if not claims and not owed and len(job.done) > 1:
            return
        run.enter(job)
        for index, canonical in claims:
            self._claimed(canonical, index, job, run)
        for canonical in owed:
            self._one_of((canonical,), job, run)
        if job.done == {""}:
            self._compiler.any_resource(job.resource, job.path, run)

    def _claimed(self, canonical: str, index: int, job: Job, run: Run) -> None:
        facts = self._compiler.facts
        structure = facts.structure(canonical) if facts.knows(canonical) else None
        at = ((job.path, "meta", NONE), "profile", index)
        if structure is None:
            run.add("warning", "profile-unknown", at, f"profile {canonical[:200]} is not known")
        elif structure.type != job.resource.get("resourceType"):
            run.error("profile-type", at, f"a profile of {structure.type} is claimed")
        elif structure.header.get("abstract"):
            run.error("profile-abstract", at, "an abstract profile is claimed")
        else:
            self._claims[canonical] = structure.versioned
            self._one_of((canonical,), job, run)

    def _one_of(self, profiles: tuple[str, ...], job: Job, run: Run) -> None:
        """Conformance to one of several profiles; issues of the closest one if to none."""
        for first in self._firsts.get(profiles) or self._first_names(profiles):
            if first in job.done:
                return
        fitting = self._fitting(profiles, job.resource.get("resourceType"))
        if not fitting:
            self._wrong_type(profiles, job, run)
            return
        if job.claims and (claimed := self._claimed_instead(fitting, job)):
            fitting = (claimed,)
        if len(fitting) == 1:
            check = self._compiler.profile(fitting[0])
            if check is not None:
                check(job.resource, job.path, run)
                job.done.update(self._library.lineage(fitting[0])[0])
            return
        self._closest(self._ordered(fitting, job), job, run)

    def _closest(self, profiles: list[str], job: Job, run: Run) -> None:
        """Conformance to one of several profiles of the resource's type."""
        best: list[Any] | None = None
        least = 0
        for canonical in profiles:
            check = self._compiler.profile(canonical)
            if check is None:
                continue
            mark = run.mark()
            check(job.resource, job.path, run)
            errors = run.errors_since(mark)
            if not errors:
                self._finish(canonical, job)
                return
            taken = run.cut(mark)
            if best is None or errors < least:
                best, least, closest = taken, errors, canonical
        if best is not None:
            run.put(best)
            self._finish(closest, job)

    def _first_names(self, profiles: tuple[str, ...]) -> tuple[str, ...]:
        """Some profiles with their versions, as far as they are known."""
        lineages = [self._library.lineage(canonical)[0] for canonical in profiles]
        known = self._firsts[profiles] = tuple(names[0] for names in lineages if names)
        return known

    def _fitting(self, profiles: tuple[str, ...], kind: Any) -> tuple[str, ...]:
        """Those of some profiles that are about a resource type."""
        known = self._fits.get((profiles, kind)) if type(kind) is str else None
        if known is None:
            due = {canonical: self._type(canonical) for canonical in profiles}
            known = tuple(p for p in profiles if due[p] in (kind, "Resource", "DomainResource"))
            if kind in due.values():
                self._fits[profiles, kind] = known
        return known

    def _claimed_instead(self, profiles: tuple[str, ...], job: Job) -> str:
        """A claimed profile that derives from one of these: it holds all their rules, and more."""
        for _, claim in job.claims:
            derived = self._derived.get((claim, profiles))
            if derived is None and self._compiler.facts.knows(claim):
                above = self._library.lineage(claim)[0][1:]
                derived = not set(above).isdisjoint(self._first_names(profiles))
                self._derived[claim, profiles] = derived
            if derived:
                return claim
        return ""

    def _wrong_type(self, profiles: tuple[str, ...], job: Job, run: Run) -> None:
        wanted = sorted({self._type(p) for p in profiles})
        run.error(
            "unknown-type", job.path, f"another resource type where {', '.join(wanted)} is due"
        )

    def _type(self, canonical: str) -> str:
        lineage = self._library.lineage(canonical)
        return lineage[1] if lineage else ""

    def _finish(self, canonical: str, job: Job) -> None:
        """Conformance to a profile is conformance to what it derives from."""
        job.done.update(self._library.lineage(canonical)[0])

    def _ordered(self, profiles: Sequence[str], job: Job) -> list[str]:
        """The most fitting first: by required and forbidden elements, then claims, then order."""
        claims = {claim.partition("|")[0] for _, claim in job.claims}
        resource = job.resource

        def misfit(canonical: str) -> tuple[int, bool]:
            due, barred = self._library.outline(canonical)
            wrong = len(due.difference(resource)) + len(barred.intersection(resource))
            return (wrong, canonical.partition("|")[0] not in claims)

        return sorted(profiles, key=misfit)


@functools.cache
def _load(guide: str) -> Validator:
    return Validator.fresh(guide)
