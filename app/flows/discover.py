"""Discovery: which services answer which hooks, what data they want, what can be configured.

The document of each version is `capability/cds/{version}.json`, sent as it stands there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import orjson

from app import resources
from app.domain.crd import Hook
from app.domain.guide import Guide


def discovery(guide: Guide) -> bytes:
    """The answer of `GET cds-services`, without insignificant white space (found-40)."""
    return orjson.dumps(_document(guide))


@cache
def hooks(guide: Guide) -> Mapping[str, Hook]:
    """The hook of each service id."""
    return {each["id"]: Hook(each["hook"]) for each in _document(guide)["services"]}


def _document(guide: Guide) -> dict[str, list[dict[str, str]]]:
    path = resources.data("capability") / "cds" / f"{guide.value}.json"
    read: dict[str, list[dict[str, str]]] = orjson.loads(path.read_bytes())
    return read
