"""What an expression can see while it runs: $this, $index, $total, variables, the context."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .elements import Items
from .nodes import Context


class Scope:
    """One step of an evaluation. `this` holds no item or one."""

    __slots__ = ("context", "index", "start", "this", "total", "variables")

    def __init__(self, this: Items, context: Context, start: Items) -> None:
        self.this = this
        self.context = context
        self.start = start
        self.index = 0
        self.total: Items = []
        self.variables: dict[str, Items] = {}

    def at(self, item: Any, index: int = 0) -> Scope:
        """The same surroundings with another $this."""
        inner = Scope([item], self.context, self.start)
        inner.index = index
        inner.total = self.total
        inner.variables = self.variables
        return inner

    def nowhere(self) -> Scope:
        """The same surroundings with no $this."""
        inner = self.at(None)
        inner.this = []
        return inner


Evaluate = Callable[[Scope], Items]
