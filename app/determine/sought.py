"""Where the facts of one policy may be found, by what a request carries: most say nothing about most.

A fact about which a request says nothing is the same each time, and so is every criterion over such
facts alone. They are made once for a policy; only what a request touches is looked up and held anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from app.domain.facts import EvidenceKind, Fact
from app.domain.policy import Expression, FactSpec, Find, Take
from app.sealed import sealed

UNSTEADY = ""
"""A name that every request touches, for what depends on more than facts: a day, a place."""

_ANSWER = Find(EvidenceKind.ANSWER)
_GIVEN_KINDS = (EvidenceKind.REQUEST, EvidenceKind.COVERAGE, EvidenceKind.MEMBER)

Key = tuple[EvidenceKind, str, str] | str
"""Evidence of a kind about a code; an answer by its link id; anything of a kind."""


@sealed(frozen=True, slots=True)
class Place:
    """A place of a fact: `keys` of what may stand there; `links` of answers, `given` for an element."""

    find: Find
    keys: frozenset[Key]
    links: tuple[str, ...] = ()
    given: bool = False


class Sought:
    """The facts of a policy version, and by which evidence each is found.

    `silent` remembers the facts as they are while nothing is said about them.
    """

    def __init__(self, policy: str, specs: Mapping[str, FactSpec]) -> None:
        self.policy = policy
        self.specs = specs
        self.silent: dict[str, Fact] = {}
        self._always: frozenset[str] = frozenset()
        self._names: dict[Key, tuple[str, ...]] = {}
        self._places: dict[str, tuple[Place, ...]] = {}

    def touched(self, keys: Collection[Key]) -> set[str]:
        """The facts that may be other than silent for a request with evidence of these keys."""
        if not self._always:  # when first asked: few of a thousand policies are
            self._prepare()
        names = self._names
        found = set(self._always)
        for key in keys:
            if key in names:
                found.update(names[key])
        return found

    def places(self, name: str) -> tuple[Place, ...]:
        """Where a fact is looked for, in this order; its own question comes last unless it is named.

        A fact that takes all values together takes them from evidence first, then from one answer.
        """
        places = self._places.get(name)
        if places is None:
            places = self._places[name] = self._in_order(self.specs[name])
        return places

    def _in_order(self, spec: FactSpec) -> tuple[Place, ...]:
        found = list(spec.find)
        answers = [each for each in found if each.kind is EvidenceKind.ANSWER]
        if spec.take not in (Take.LATEST, Take.FIRST):
            found = [each for each in found if each.kind is not EvidenceKind.ANSWER] + answers[:1]
        if not answers:
            found.append(_ANSWER)
        return tuple(self._place(spec, each) for each in found)

    def _place(self, spec: FactSpec, find: Find) -> Place:
        codes = find.codes
        if find.kind is EvidenceKind.ANSWER:
            links = (f"{self.policy}/{spec.name}", *codes.written)
            return Place(find, frozenset(links), links)
        if find.field and find.kind in _GIVEN_KINDS:
            return Place(find, frozenset(), given=True)
        if codes.beginnings or codes.patterns or codes.requested:
            return Place(find, frozenset({str(find.kind)}))
        return Place(find, frozenset((find.kind, system, code) for system, code in codes.exact))

    def _prepare(self) -> None:
        names: dict[Key, set[str]] = {}
        always = {UNSTEADY}
        for name, spec in self.specs.items():
            for each in self._bases(spec):
                places = self.places(each.name)
                if each.otherwise is not None or any(place.given for place in places):
                    always.add(name)
                for place in places:
                    for key in place.keys:
                        names.setdefault(key, set()).add(name)
        self._names = {key: tuple(sorted(found)) for key, found in names.items()}
        self._always = frozenset(always)

    def _bases(self, spec: FactSpec) -> Iterator[FactSpec]:
        """What a fact is looked up by in the end: itself, or those that it is computed from."""
        if spec.derive is None:
            yield spec
            return
        for name in operands(spec.derive):
            yield from self._bases(self.specs[name])


def operands(expression: Expression) -> Iterator[str]:
    """The names of the facts that an expression computes with."""
    if expression.fact:
        yield expression.fact
    for each in expression.operands:
        yield from operands(each)
