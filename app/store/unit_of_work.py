"""`Store` and its two kinds of block: `read` and `write`. The package's docstring shows their use."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from app.errors import Conflict
from app.store.arrivals import Arrivals, ArrivalWriter
from app.store.cases import Cases, CaseWriter
from app.store.decisions import Decisions, DecisionWriter
from app.store.delegations import Delegations, DelegationWriter
from app.store.deliveries import Deliveries, DeliveryWriter
from app.store.documents import Documents, DocumentWriter
from app.store.ehr import EhrServers, EhrServerWriter
from app.store.engine import engines
from app.store.events import Events, EventWriter
from app.store.faults import Collision
from app.store.feedback import Feedback, FeedbackWriter
from app.store.held import HeldAttachments, HeldAttachmentWriter
from app.store.hooks import HookCalls, HookCallWriter
from app.store.inquiries import Inquiries, InquiryWriter
from app.store.link import ReadLink, WriteLink
from app.store.members import Members, MemberWriter
from app.store.past import Past
from app.store.request_names import Adopted, RequestNames, RequestNameWriter
from app.store.resources import Resources, ResourceWriter
from app.store.submissions import Submissions, SubmissionWriter, Taken
from app.store.subscriptions import Subscriptions, SubscriptionWriter
from app.store.tables import request_names, submissions

T = TypeVar("T")


class _Part(Generic[T]):
    """A repository of a block, made when it is first asked for: a block uses few of them."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, block: Any, _owner: type) -> T:
        made = self._make(block)
        block.__dict__[self._name] = made
        return made


class Read:
    """What can be asked about one tenant's data."""

    def __init__(self, link: ReadLink) -> None:
        self.link = link

    submissions = _Part(lambda block: Submissions(block.link))
    cases = _Part(lambda block: Cases(block.link))
    decisions = _Part(lambda block: Decisions(block.link))
    events = _Part(lambda block: Events(block.link))
    documents = _Part(lambda block: Documents(block.link))
    resources = _Part(lambda block: Resources(block.link))
    request_names = _Part(lambda block: RequestNames(block.link))
    members = _Part(lambda block: Members(block.link))
    ehr_servers = _Part(lambda block: EhrServers(block.link))
    feedback = _Part(lambda block: Feedback(block.link))
    hooks = _Part(lambda block: HookCalls(block.link))
    held = _Part(lambda block: HeldAttachments(block.link))
    delegations = _Part(lambda block: Delegations(block.link))
    subscriptions = _Part(lambda block: Subscriptions(block.link))
    deliveries = _Part(lambda block: Deliveries(block.link))
    inquiries = _Part(lambda block: Inquiries(block.link))
    past = _Part(lambda block: Past(block.link))
    arrivals = _Part(lambda block: Arrivals(block.link))


class Write:
    """One transaction of one tenant: the same questions, and what can be stored."""

    def __init__(self, link: WriteLink) -> None:
        self.link = link

    events = _Part(lambda block: EventWriter(block.link))
    submissions = _Part(lambda block: SubmissionWriter(block.link, block.events))
    cases = _Part(lambda block: CaseWriter(block.link, block.events))
    decisions = _Part(lambda block: DecisionWriter(block.link, block.events))
    documents = _Part(lambda block: DocumentWriter(block.link))
    resources = _Part(lambda block: ResourceWriter(block.link))
    request_names = _Part(lambda block: RequestNameWriter(block.link))
    members = _Part(lambda block: MemberWriter(block.link))
    ehr_servers = _Part(lambda block: EhrServerWriter(block.link))
    feedback = _Part(lambda block: FeedbackWriter(block.link))
    hooks = _Part(lambda block: HookCallWriter(block.link))
    held = _Part(lambda block: HeldAttachmentWriter(block.link))
    delegations = _Part(lambda block: DelegationWriter(block.link))
    subscriptions = _Part(lambda block: SubscriptionWriter(block.link))
    deliveries = _Part(lambda block: DeliveryWriter(block.link))
    inquiries = _Part(lambda block: InquiryWriter(block.link))
    arrivals = _Part(lambda block: ArrivalWriter(block.link))


class _Reading:
    """The block of `Store.read`."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def __enter__(self) -> Read:
        return Read(self._link)

    def __exit__(self, *_: object) -> None:
        self._link.close()


class _Writing:
    """The block of `Store.write`."""

    def __init__(self, link: WriteLink) -> None:
        self._link = link

    def __enter__(self) -> Write:
        return Write(self._link)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            if error is None:
                self._link.commit()
        except Collision as late:
            raise _meant(late) from None
        finally:
            self._link.close()
        if isinstance(error, Collision):
            raise _meant(error) from None


def _meant(collision: Collision) -> Conflict | Collision:
    """What it means that somebody else has stored this key."""
    if collision.table == submissions.name:
        return Taken("This submitter has used this transaction identifier.")
    if collision.table == request_names.name:
        return Adopted("Another update has adopted this request just now.")
    return collision


def _nothing() -> None:
    """What a store does about waiting when nobody else could work meanwhile."""


class Store:
    """A database by its URL (`sqlite:///file` or `postgresql+psycopg://...`).

    Safe to share among threads and to keep across a fork. `sync` is SQLite's durability: `FULL`
    survives a power loss, `NORMAL` may lose the last commits in one.
    """

    def __init__(self, url: str, sync: str = "FULL") -> None:
        self.engines = engines(url, sync)
        self._waiting: Callable[[], None] = _nothing

    def when_waiting(self, call: Callable[[], None]) -> None:
        """Have `call` made by a writing thread that has only its commit to wait for."""
        self._waiting = call

    def read(self, tenant: str) -> AbstractContextManager[Read]:
        """Reads only. Raises Unavailable and Broken."""
        return _Reading(ReadLink(self.engines.read, self.engines.spare, tenant))

    def write(self, tenant: str) -> AbstractContextManager[Write]:
        """One transaction: stored whole when the block ends, not at all when it raises.

        Raises Taken, Unavailable and Broken, at the latest at the end of the block.
        """
        return _Writing(WriteLink(self.engines, tenant, self._waiting))

    def close(self) -> None:
        """Close all connections."""
        self.engines.dispose()
