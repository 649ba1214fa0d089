"""Can this server answer a request now?"""

from __future__ import annotations

from app.errors import CouldNotAnswer
from app.flows.context import Context
from app.store import Store, is_current


def ready(context: Context) -> dict[str, str]:
    """What a request needs, each `ok` or a few words on what is wrong."""
    return {
        "database": _database(context.store),
        "rulebook": "ok" if context.rulebook.policies else "holds no policy",
        "profiles": "ok" if len(context.validators) == len(context.guides) else "not loaded",
    }


def _database(store: Store) -> str:
    try:
        return "ok" if is_current(store) else "needs `forthwith migrate`"
    except CouldNotAnswer:
        return "does not answer"
