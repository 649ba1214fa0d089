"""The lines of a generated question and the values that it uses, turned into a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from app.fhir.validate import primitives
from app.fhir.validate.run import Check, Path, Run, Sound

Mark = tuple[int, int]
Notes = Callable[[Any, Any, Run], bool]
Other = Callable[[str, Any, Path, Run, Any], None]
Walk = Callable[[Any, Path, Run, Other], None]
_NOTES: Final = "noted = ("

_MOST_LINES: Final = 600
_MOST_WALKED: Final = 1_500
_MOST_LOOPS: Final = 8
_DEEPEST: Final = 40
"""Python compiles 20 loops inside each other, 100 levels of indentation."""


class Code:
    """A function of `v` and `run` in the making: it answers False early, or True at its end.

    Of a whole resource (`walks`) it is one of `v`, `path`, `run` and `other`, and raises where it
    would answer False, so that it can go on with the next property.

    `run` is the validation in which it is written. With `notes` it takes note of warnings on its way,
    which are reported at its end.
    """

    def __init__(self, run: Run, notes: Notes | None = None, *, walks: bool = False) -> None:
        self.run = run
        self.notes = notes
        self.fail = "raise Unsure" if walks else "return False"
        self._most = _MOST_WALKED if walks else _MOST_LINES
        self._lines: list[str] = []
        self._values: list[Any] = []
        self._depth = 2
        self._loops = 0
        self._variables = 0

    @property
    def has_room(self) -> bool:
        """Whether more should be written here, not into a function of its own."""
        shallow = self._loops < _MOST_LOOPS and self._depth < _DEEPEST
        return shallow and len(self._lines) < self._most

    def add(self, line: str) -> None:
        """One line at the present depth."""
        self._lines.append(" " * self._depth + line)

    def unless(self, condition: str) -> None:
        """The answer is False where the condition does not hold."""
        self.add(f"if not ({condition}): {self.fail}")

    def warn(self, check: Check, name: str) -> str:
        """A statement for where a check of a value has a warning to report."""
        return self.fail if self.notes is None else f"{_NOTES}{self.value(check)}, {name}, noted)"

    @contextmanager
    def silent(self, quiet: bool) -> Iterator[None]:
        """Where it is `quiet`, no note is taken meanwhile: the answer is False instead."""
        before = self.notes
        self.notes = None if quiet else before
        try:
            yield
        finally:
            self.notes = before

    @contextmanager
    def block(self, line: str) -> Iterator[None]:
        """What is added meanwhile stands inside of `line`."""
        loop = line.startswith("for ")
        self.add(line)
        self._depth += 1
        self._loops += loop
        try:
            yield
        finally:
            self._depth -= 1
            self._loops -= loop

    def variable(self) -> str:
        """A name that is not used yet."""
        self._variables += 1
        return f"x{self._variables}"

    def value(self, value: Any) -> str:
        """The name under which the function finds a value of the facts."""
        self._values.append(value)
        return f"c{len(self._values)}"

    def mark(self) -> Mark:
        """Where we are, for `back`."""
        return len(self._lines), len(self._values)

    def back(self, mark: Mark) -> None:
        """Forget what was added since."""
        del self._lines[mark[0] :], self._values[mark[1] :]

    def function(self) -> Sound:
        """The function; two with the same lines share their code."""
        lines, values = self._lines, self._values
        if any(_NOTES in line for line in lines):
            values = [*values, self.notes]
            end = f"  return noted is None or c{len(values)}(v, noted, run)"
            lines = ["  noted = None", *lines, end]
        made: Sound = _maker(len(values), "\n".join([*lines, "  return True"]), "v, run")(*values)
        return made

    def told(self, since: Mark) -> None:
        """Report what was noted since, if anything may have been."""
        if any(_NOTES in line for line in self._lines[since[0] :]):
            self.add("if noted is not None:")
            self.add(" held, noted = noted, None")
            self.add(f" if not {self.value(self.notes)}(x, held, run): {self.fail}")

    def walk(self) -> Walk:
        """The function that walks through a resource."""
        body = "\n".join(["  noted = None", *self._lines])
        made: Walk = _maker(len(self._values), body, "v, path, run, other")(*self._values)
        return made


class Unsure(Exception):
    """What ends the look at a property of a resource."""


@cache
def _maker(values: int, body: str, given: str) -> Callable[..., Any]:
    # The source is ours: it holds names and element names of the fact files, nothing of a document.
    names = ", ".join(f"c{number + 1}" for number in range(values))
    source = f"def make({names}):\n def sound({given}):\n{body}\n return sound"
    space: dict[str, Any] = {"ROOTS": primitives.ROOTS, "Unsure": Unsure}
    exec(compile(source, "<sound>", "exec"), space)  # noqa: S102 - see above
    made: Callable[..., Any] = space["make"]
    return made
