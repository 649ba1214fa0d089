"""The lines of a generated question and the values that it uses, turned into a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from app.fhir.validate import primitives
from app.fhir.validate.run import Sound

Mark = tuple[int, int]


class Code:
    """A function of `v` and `run` in the making: it answers False early, or True at its end."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._values: list[Any] = []
        self._depth = 2
        self._variables = 0

    def add(self, line: str) -> None:
        """One line at the present depth."""
        self._lines.append(" " * self._depth + line)

    def unless(self, condition: str) -> None:
        """The answer is False where the condition does not hold."""
        self.add(f"if not ({condition}): return False")

    @contextmanager
    def block(self, line: str) -> Iterator[None]:
        """What is added meanwhile stands inside of `line`."""
        self.add(line)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

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
        made: Sound = _maker(len(self._values), "\n".join(self._lines))(*self._values)
        return made


@cache
def _maker(values: int, body: str) -> Callable[..., Sound]:
    # The source is ours: it holds names and element names of the fact files, nothing of a document.
    names = ", ".join(f"c{number + 1}" for number in range(values))
    source = f"def make({names}):\n def sound(v, run):\n{body}\n  return True\n return sound"
    space: dict[str, Any] = {"ROOTS": primitives.ROOTS}
    exec(compile(source, "<sound>", "exec"), space)  # noqa: S102 - see above
    made: Callable[..., Sound] = space["make"]
    return made
