"""References: where they lead, and what must be there."""

from __future__ import annotations

from typing import Any

from app.fhir.bundle import rest_parts
from app.fhir.validate.run import Check, Path, Run
from app.fhir.validate.wording import word

Json = dict[str, Any]


def reference(wanted: dict[str, tuple[str, ...]], anything: bool) -> Check:
    """What a Reference points to: there, of an allowed type, conforming to an allowed profile.

    Conformance is asked of the resource itself, so that its defects are named where they are.
    """

    def check(value: Any, path: Path, run: Run) -> None:
        address = value.get("reference") if type(value) is dict else None
        if type(address) is not str or not address:
            stated = value.get("type") if type(value) is dict else None
            if type(stated) is str and not anything and stated not in wanted:
                _wrong_type(stated, path, run)
            return
        if address[0] == "#":
            job = run.contained(address[1:])
            if job is None:
                run.error("reference-contained", path, "no contained resource has this id")
                return
            target: Json | None = job.resource
        else:
            target = run.find(address)
            if target is None:
                _absent(address, path, run)
                return
            job = run.jobs.get(id(target))
            if job is not None:
                run.job.links.append(job)
        kind = target.get("resourceType") if target else None
        if type(kind) is not str:
            return  # said where the resource is
        if kind in wanted:
            profiles = wanted[kind]
            if profiles and job is not None:
                run.want(job, profiles)
        elif not anything:
            _wrong_type(kind, path, run)

    def _wrong_type(kind: str, path: Path, run: Run) -> None:
        run.error(
            "reference-type", path, f"refers to {word(kind)}, allowed: {', '.join(sorted(wanted))}"
        )

    def _absent(address: str, path: Path, run: Run) -> None:
        parts = rest_parts(address)
        if parts:
            if not anything and parts[1] not in wanted:
                _wrong_type(parts[1], path, run)
            elif run.job.scope is not None and not parts[0]:
                run.add("warning", "reference-unresolved", path, "not an entry of this bundle")
        elif address.startswith("urn:"):
            if not address.isprintable() or " " in address:
                run.error("reference-format", path, "white space in a reference")
            elif run.job.scope is not None:
                run.add("warning", "reference-unresolved", path, "not an entry of this bundle")
        elif ":" not in address:
            run.error("reference-format", path, "no form of a reference")

    return check
