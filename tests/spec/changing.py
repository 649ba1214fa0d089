"""Pended requests whose answer changes, as a person's decision will change it."""

from __future__ import annotations

from typing import Any

import orjson

from app.clock import Moment
from app.domain.guide import Guide
from app.fhir.read import read_request
from app.flows.notify import tell
from app.store import DocumentKind, Resource
from tests.world import World, example, fixed_moment

Json = dict[str, Any]


class Pended:
    """A request that was pended; `change` stores a new version of its answer and tells of it."""

    def __init__(self, world: World, guide: Guide, name: str = "oxygen-clinical-review") -> None:
        self.world, self.guide = world, guide
        self.request = example(name, guide)
        if world.context.settings.contested_extensions:  # no answer passes its profile then
            self.answer = orjson.loads(world.submit(self.request, guide).data)
        else:
            self.answer = world.answer(self.request, guide)
        self.id = self.answer["entry"][0]["resource"]["id"]

    def change(self, moment: Moment | None = None, *, fails: bool = False) -> int:
        """How many subscribers will be told; with `fails` the transaction breaks at its end."""
        moment, tenant = moment or fixed_moment(), self.world.caller.tenant
        document = moment.new_id()
        with self.world.context.store.write(tenant) as work:
            earlier = work.resources.get("ClaimResponse", self.id)
            assert earlier is not None
            newer = Resource(
                "ClaimResponse",
                self.id,
                self.guide,
                earlier.submitter,
                earlier.case_id,
                document,
                "/entry/0/resource",
                earlier.version + 1,
            )
            work.documents.put(
                document, orjson.dumps(self.answer), DocumentKind.SENT, "application/fhir+json"
            )
            work.resources.add(newer)
            request = read_request(self.request, self.guide)
            told = tell(work, newer, request, self.request, moment)
            if fails:
                raise ZeroDivisionError
        return told
