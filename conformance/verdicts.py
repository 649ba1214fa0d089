"""The referee's verdicts on mutations, kept as a compact fact file that a make target renews.

A line of `verdicts/GUIDE.tsv` is: mutation id, `ok` or `no`, and for `no` the engine's messages as
`id@place` joined by `;` (the engine's own ids, invariants by their key; at most six).
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from conformance import mutations, referee
from conformance.mutations import Mutation
from conformance.referee import Found

FOLDER: Final = Path(__file__).resolve().parent / "verdicts"
QUOTA: Final = 1550
_COMMENT: Final = re.compile(r"/\*.*?\*/")


def sample(guide: str, quota: int = QUOTA) -> list[Mutation]:
    """About `quota` mutations, the same each time: evenly over profiles and kinds of change."""
    groups: dict[tuple[str, str], list[Mutation]] = defaultdict(list)
    for mutation in mutations.all_of(guide):
        profile = mutation.id.split("/")[1]
        kind = mutation.kind.rpartition("-")[0] if mutation.kind[-1].isdigit() else mutation.kind
        groups[profile, kind].append(mutation)
    for group in groups.values():
        group.sort(key=_shuffled)
    out: list[Mutation] = []
    depth = 0
    while len(out) < quota and any(len(g) > depth for g in groups.values()):
        layer = [g[depth] for _, g in sorted(groups.items()) if len(g) > depth]
        out += layer if depth == 0 else sorted(layer, key=_shuffled)
        depth += 1
    return out[:quota]


def _shuffled(mutation: Mutation) -> bytes:
    return hashlib.sha256(mutation.id.encode()).digest()


def judged(guide: str, chosen: Iterable[Mutation]) -> Iterator[tuple[str, list[Found]]]:
    """The engine's errors on each mutation, without those about content it was not given."""
    documents = ((m.id, m.build(), "") for m in chosen)
    for key, found in referee.judge(guide, documents):
        yield key, [f for f in found if f.is_error and not referee.undecided(f)]


def line(key: str, errors: list[Found]) -> str:
    """One line of the fact file."""
    told = dict.fromkeys(f"{e.id or e.text[:60]}@{_COMMENT.sub('', e.at)}" for e in errors)
    clean = (re.sub(r"[\t\n;]", " ", text) for text in list(told)[:6])
    return f"{key}\t{'no' if errors else 'ok'}\t{';'.join(clean)}"


def renew(guide: str) -> Path:
    """Ask the engine about every mutation of the sample and write the fact file."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{guide}.tsv"
    chosen = sample(guide)
    with path.open("w", encoding="utf-8") as out:
        for number, (key, errors) in enumerate(judged(guide, chosen), 1):
            out.write(line(key, errors) + "\n")
            if number % 200 == 0:
                print(f"{guide}: {number} of {len(chosen)}", flush=True)
    return path


def read(guide: str) -> dict[str, tuple[bool, str]]:
    """Mutation id to (valid, messages)."""
    path = FOLDER / f"{guide}.tsv"
    rows = (text.split("\t") for text in path.read_text(encoding="utf-8").splitlines())
    return {key: (verdict == "ok", told) for key, verdict, told in rows}
