"""Train the next dictionary of app/store/dictionaries from our examples, and say what it saves.

Every example is submitted to an empty database; what that stores (requests, answers, decisions) is
what the dictionary is trained on. Committed dictionaries are never changed: bodies name theirs.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator

import orjson
import zstandard
from sqlalchemy import text

from app import resources
from app.auth.door import door
from app.clock import moment
from app.domain.guide import Guide
from app.factory import build_context, prepare
from app.flows.submit import submit
from app.settings import Settings
from app.store import Store
from app.store.compression import FOLDER, LEVEL, newest, unpack

SIZE = 32 * 1024
ROUNDS = 3
"""Each example is submitted so often: fresh numbers and instants teach what changes."""


def samples() -> dict[str, list[bytes]]:
    """What submits of all examples store: received and sent documents, and decisions."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/dictionary.sqlite3"
        settings = Settings.from_environ({"DATABASE_URL": url, "FORTHWITH_DEMO": "on"})
        prepare(settings)
        context, caller = build_context(settings), door(settings)("")
        for guide, body in _examples():
            submit(context, caller, body, guide, moment())
        found = _stored(context.store)
        context.store.close()
        return found


def _examples() -> Iterator[tuple[Guide, bytes]]:
    """Senders write JSON without white space; one round has it, as our examples do."""
    for turn in range(ROUNDS):
        for guide in Guide:
            folder = resources.data("examples") / "pas" / guide.value
            for path in sorted(folder.glob("*.json")):
                bundle = orjson.loads(path.read_bytes())
                bundle["identifier"]["value"] = f"{path.stem}-{guide.value}-{turn}"
                yield guide, orjson.dumps(bundle, option=orjson.OPT_INDENT_2 if turn == 0 else None)


def _stored(store: Store) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    with store.engines.read.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT kind, dictionary, body FROM documents UNION ALL "
                "SELECT 'decision', dictionary, body FROM decisions"
            )
        )
        for kind, dictionary, body in rows:
            found.setdefault(kind, []).append(unpack(dictionary, body))
    return found


def main() -> int:
    """Train, write and compare."""
    found, number = samples(), newest() + 1
    made = zstandard.train_dictionary(
        SIZE, [body for bodies in found.values() for body in bodies], dict_id=number, level=LEVEL
    )
    path = FOLDER / f"{number}.zdict"
    path.write_bytes(made.as_bytes())
    plain = zstandard.ZstdCompressor(level=LEVEL)
    trained = zstandard.ZstdCompressor(level=LEVEL, dict_data=made)
    print(f"{path.name}: {path.stat().st_size} bytes. Mean bytes, as is, zstd, with dictionary:")
    for kind, bodies in sorted(found.items()):
        sizes = [
            sum(len(pack(body)) for body in bodies) // len(bodies)
            for pack in (bytes, plain.compress, trained.compress)
        ]
        print(f"  {kind:<9} {sizes[0]:>7} {sizes[1]:>7} {sizes[2]:>7}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
