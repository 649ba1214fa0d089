"""Look up the trees that were made at build time, so that a server never parses.

`profiles/trees.jsonl` (made by `profiles extract`, see grow.py) has one line for each expression. An
expression that it lacks, say of a profile added since, is parsed on the spot: 0.2 s once, then some ms.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import orjson

from .errata import amended
from .nodes import Ast

_START = b'{"expression":'


class Trees:
    """Expression to tree; lines are decoded when first asked for."""

    def __init__(self, lines: bytes) -> None:
        self._lines: dict[str, bytes] = {}
        self._trees: dict[str, Ast] = {}
        for line in lines.splitlines():
            written, _, _ = line.removeprefix(_START).partition(b',"tree":')
            self._lines[orjson.loads(written)] = line

    @classmethod
    def read(cls, path: Path) -> Trees:
        """The trees of a file; none if it does not exist."""
        return cls(path.read_bytes() if path.is_file() else b"")

    def tree(self, key: str, expression: str) -> Ast:
        """The tree to run for invariant `key` with this published expression (errata applied).

        Raises BadExpression for what is not FHIRPath.
        """
        text = amended(key, expression)
        tree = self._trees.get(text)
        if tree is None:
            line = self._lines.get(text)
            tree = self._trees[text] = orjson.loads(line)["tree"] if line else _parse(text)
        return tree


def _parse(text: str) -> Ast:
    # Not a plain import: it brings ANTLR, which no server should pay for.
    tree: Ast = import_module("app.fhir.validate.fhirpath.parse").parse(text)
    return tree
