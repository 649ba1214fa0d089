"""Discovery: which services answer which hooks, what data they want, what can be configured.

The document of each version is `capability/cds/{version}.json`, sent as it stands there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

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


@cache
def options(guide: Guide, hook: Hook) -> Mapping[str, bool | int]:
    """What a client can configure on a hook, with its defaults (CRD 2.2.1 dev-4, dev-5)."""
    service = next(each for each in _document(guide)["services"] if each["hook"] == hook)
    listed = service["extension"]["davinci-crd.configuration-options"]
    return {each["code"]: each["default"] for each in listed}


def _document(guide: Guide) -> dict[str, list[dict[str, Any]]]:
    path = resources.data("capability") / "cds" / f"{guide.value}.json"
    read: dict[str, list[dict[str, Any]]] = orjson.loads(path.read_bytes())
    return read
