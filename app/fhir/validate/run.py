"""The state of one validation: what was found, where we are, which resources still wait.

A path is a linked tuple (parent, name, index); it becomes text only for an issue. `NONE` as index
means that the element does not repeat.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from app.errors import Issue, Severity
from app.fhir.bundle import Index
from app.fhir.validate import codes
from app.fhir.validate.fhirpath import Context

Json = dict[str, Any]
Path = tuple[Any, str, int]
Check = Callable[[Any, Path, "Run"], None]
Field = Callable[[Any, Path, "Run", Json], None]
Sound = Callable[[Any, "Run"], bool]


NONE = -1
MOST_ISSUES = 1_000


class Question:
    """A `Sound` that is written when it is first asked: `ask` is what to call."""

    __slots__ = ("ask",)

    def __init__(self, write: Callable[[Any, Run], Sound | None]) -> None:
        self.ask: Sound

        def first(value: Any, run: Run) -> bool:
            self.ask = write(value, run) or _not_sure
            return self.ask(value, run)

        self.ask = first


def _not_sure(_value: Any, _run: Run) -> bool:
    return False


class Enough(Exception):
    """So much is wrong that looking on helps nobody."""


def render(path: Path | None) -> str:
    """`Bundle.entry[0].resource.item[0].quantity` from a linked path."""
    parts = []
    while path is not None:
        path, name, index = path
        parts.append(name if index == NONE else f"{name}[{index}]")
    return ".".join(reversed(parts))


class Job:
    """A resource that waits for its checks, with what its references are resolved against.

    `root` is the resource that contains it, with its path, or itself. `claims` are the profiles that
    it claims, with their positions; `context` is what FHIRPath sees around it, once it was entered.
    `near` are the resources that its references were found to mean; jobs of one bundle with one root
    of their fullUrls share it. `asked` is all that was ever wanted.
    """

    __slots__ = (
        "asked",
        "base",
        "claims",
        "context",
        "done",
        "links",
        "near",
        "path",
        "resource",
        "root",
        "root_path",
        "scope",
        "wanted",
    )

    def __init__(self, resource: Json, path: Path, base: str | None, scope: Index | None) -> None:
        self.resource = self.root = resource
        self.path = self.root_path = path
        self.base = base
        self.scope = scope
        self.wanted: list[tuple[str, ...]] = []
        self.asked: set[tuple[str, ...]] = set()
        self.near: dict[str, Job] = {} if scope is None else scope.near(base)
        self.done: set[str] = set()
        self.links: list[Job] = []
        self.claims = _claims(resource)
        self.context: Context | None = None


def _claims(resource: Json) -> list[tuple[int, str]]:
    meta = resource.get("meta")
    listed = meta.get("profile") if type(meta) is dict else None
    if type(listed) is not list:
        return []
    if len(listed) == 1 and type(listed[0]) is str:
        return [(0, listed[0])]
    return [(index, claim) for index, claim in enumerate(listed) if type(claim) is str]


class Run:
    """One validation. Checks read `resource`, `root`, `job`; they report with `add`.

    `in_profile` and `place` are the profile and the path of the resource that is being checked.
    """

    __slots__ = (
        "_found",
        "_inside",
        "context",
        "in_profile",
        "job",
        "jobs",
        "member_of",
        "place",
        "queue",
        "resource",
        "resource_path",
        "root",
    )

    def __init__(self, member_of: Callable[[Any, str], bool | None]) -> None:
        self._found: list[tuple[Severity, str, Path, str, str, str]] = []
        self.context = _NOTHING_AROUND
        self._inside: dict[int, dict[str, tuple[int, Json]]] = {}
        self.member_of = member_of
        self.jobs: dict[int, Job] = {}
        self.queue: deque[Job] = deque()
        self.job: Job = _NOWHERE
        self.resource: Json = {}
        self.root: Json = {}
        self.resource_path: Path = ("", "", NONE)
        self.in_profile = ""
        self.place: Path = ("", "", NONE)

    def add(
        self,
        severity: Severity,
        code: str,
        path: Path,
        found: str,
        profile: str = "",
        invariant: str = "",
    ) -> None:
        """Report one finding; `found` says what was there, the advice comes from the code.

        Remarks beyond the limit are left out. Too many errors raise Enough, which ends the run.
        """
        if len(self._found) >= MOST_ISSUES:
            if severity != "error":
                return
            if len(self._found) >= 2 * MOST_ISSUES:
                raise Enough
        self._found.append((severity, code, path, found, profile or self.in_profile, invariant))

    def error(self, code: str, path: Path, found: str, profile: str = "") -> None:
        """Report something that makes the document unacceptable; as `add`."""
        self.add("error", code, path, found, profile)

    def last(self, code: str, path: Path, found: str) -> None:
        """Report what ended the run."""
        self._found.append(("error", code, path, found, "", ""))

    # resources that wait ------------------------------------------------------------------------

    def expect(self, resource: Json, path: Path, base: str | None, scope: Index | None) -> Job:
        """Queue a resource (once)."""
        job = self.jobs.get(id(resource))
        if job is None:
            job = self.jobs[id(resource)] = Job(resource, path, base, scope)
            self.queue.append(job)
        return job

    def want(self, job: Job, profiles: tuple[str, ...]) -> None:
        """Ask for conformance of a queued resource to one of some profiles (once)."""
        if profiles not in job.asked:
            job.asked.add(profiles)
            job.wanted.append(profiles)
            self.queue.append(job)

    def enter(self, job: Job) -> None:
        """Make a job's resource the current one."""
        self.job = job
        self.resource = job.resource
        self.root = job.root
        self.resource_path = job.path
        if job.context is None:
            job.context = Context(job.resource, job.root, self.find, self.member_of)
        self.context = job.context

    def inside(self, resource: Json, path: Path) -> tuple[Json, Path, Context]:
        """Step into a contained resource; give the result to `outside` afterwards."""
        before = (self.resource, self.resource_path, self.context)
        self.resource, self.resource_path = resource, path
        self.context = Context(resource, self.root, self.find, self.member_of)
        return before

    def outside(self, before: tuple[Json, Path, Context]) -> None:
        """Step out of a contained resource."""
        self.resource, self.resource_path, self.context = before

    # references ---------------------------------------------------------------------------------

    def contained(self, name: str) -> Job | None:
        """The contained resource with that id; an empty name is the container itself."""
        if not name:
            return self.jobs.get(id(self.root), self.job)
        inner = self._inside.get(id(self.root))
        if inner is None:
            inner = self._inside[id(self.root)] = {}
            listed = self.root.get("contained")
            for index, resource in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(resource, dict) and isinstance(resource.get("id"), str):
                    inner.setdefault(resource["id"], (index, resource))
        found = inner.get(name)
        return self._inner(found[1], found[0]) if found else None

    def _inner(self, resource: Json, index: int) -> Job:
        """A contained resource as something profiles can be asked of; its base type is checked
        where it stands."""
        known = self.jobs.get(id(resource))
        if known is None:
            above = self.job
            known = Job(resource, (above.root_path, "contained", index), above.base, above.scope)
            known.root, known.root_path = above.root, above.root_path
            known.done.add("")
            self.jobs[id(resource)] = known
        return known

    def find(self, reference: str) -> Json | None:
        """The resource that a reference of the current resource means, when it is here."""
        if reference.startswith("#"):
            inner = self.contained(reference[1:])
            return inner.resource if inner else None
        scope = self.job.scope
        entry = scope.resolve(reference, self.job.base) if scope else None
        return entry["resource"] if entry else None

    # results ------------------------------------------------------------------------------------

    def mark(self) -> int:
        """How much was found so far, for `errors_since` and `cut`."""
        return len(self._found)

    def errors_since(self, mark: int) -> int:
        """Number of errors found after the mark."""
        if len(self._found) == mark:
            return 0
        return sum(1 for item in self._found[mark:] if item[0] == "error")

    def cut(self, mark: int) -> list[Any]:
        """Take back what was found after the mark."""
        taken = self._found[mark:]
        del self._found[mark:]
        return taken

    def put(self, taken: list[Any]) -> None:
        """Report again what was cut."""
        self._found.extend(taken)

    def close(self) -> None:
        """Let go of the document.

        What waits and what surrounds it lead back here: left as they are, all of them and every
        element of the document would stay until the collector comes, and the next document would
        be put where no cache has it.
        """
        for job in self.jobs.values():
            job.context = None
            job.links.clear()
            job.near.clear()
        self.jobs.clear()
        self.job = _NOWHERE
        self.context = _NOTHING_AROUND

    def issues(self) -> list[Issue]:
        """Everything found, once per place and rule, in order of discovery."""
        seen: set[tuple[str, ...]] = set()
        out = []
        for severity, code, path, found, profile, invariant in self._found:
            at = render(path)
            key = (code, at, invariant or found)
            if key in seen:
                continue
            seen.add(key)
            message = f"{found}: {codes.advice(code)}"
            out.append(Issue(severity, codes.kind(code), code, at, message, profile, invariant))
        return out


_NOTHING_AROUND = Context({})
_NOWHERE = Job({}, ("", "", NONE), None, None)
