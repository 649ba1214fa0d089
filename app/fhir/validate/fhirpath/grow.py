"""Make `profiles/trees.jsonl`: the tree of every expression in the fact files. A build step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from .errata import amended
from .parse import parse

_HEADER = b'{"structure":"'


def invariants_of(fact_files: Iterable[bytes]) -> Iterator[tuple[str, str]]:
    """(id, published expression) of every invariant in structures.jsonl and extensions.jsonl texts."""
    for content in fact_files:
        for line in content.splitlines():
            if line.startswith(_HEADER):
                for key, fact in orjson.loads(line).get("invariants", {}).items():
                    yield key, fact["expression"]


def trees_of(fact_files: Iterable[bytes]) -> bytes:
    """Lines {"expression", "tree"} for all expressions as they run (errata applied), sorted.

    Raises BadExpression for one that is not FHIRPath.
    """
    wanted = sorted({amended(key, text) for key, text in invariants_of(fact_files)})
    lines = [orjson.dumps({"expression": text, "tree": parse(text)}) for text in wanted]
    return b"".join(line + b"\n" for line in lines)
