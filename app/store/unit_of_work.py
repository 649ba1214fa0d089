"""`Store` and its two kinds of block: `read` and `write`. The package's docstring shows their use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.store.arrivals import Arrivals, ArrivalWriter
from app.store.cases import Cases, CaseWriter
from app.store.decisions import Decisions, DecisionWriter
from app.store.delegations import Delegations, DelegationWriter
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


class Read:
    """What can be asked about one tenant's data."""

    def __init__(self, link: ReadLink) -> None:
        self.submissions = Submissions(link)
        self.cases = Cases(link)
        self.decisions = Decisions(link)
        self.events = Events(link)
        self.documents = Documents(link)
        self.resources = Resources(link)
        self.request_names = RequestNames(link)
        self.members = Members(link)
        self.ehr_servers = EhrServers(link)
        self.feedback = Feedback(link)
        self.hooks = HookCalls(link)
        self.held = HeldAttachments(link)
        self.delegations = Delegations(link)
        self.subscriptions = Subscriptions(link)
        self.inquiries = Inquiries(link)
        self.past = Past(link)
        self.arrivals = Arrivals(link)


class Write:
    """One transaction of one tenant: the same questions, and what can be stored."""

    def __init__(self, link: WriteLink) -> None:
        self.events = EventWriter(link)
        self.submissions = SubmissionWriter(link, self.events)
        self.cases = CaseWriter(link, self.events)
        self.decisions = DecisionWriter(link, self.events)
        self.documents = DocumentWriter(link)
        self.resources = ResourceWriter(link)
        self.request_names = RequestNameWriter(link)
        self.members = MemberWriter(link)
        self.ehr_servers = EhrServerWriter(link)
        self.feedback = FeedbackWriter(link)
        self.hooks = HookCallWriter(link)
        self.held = HeldAttachmentWriter(link)
        self.delegations = DelegationWriter(link)
        self.subscriptions = SubscriptionWriter(link)
        self.inquiries = InquiryWriter(link)
        self.arrivals = ArrivalWriter(link)


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

    @contextmanager
    def read(self, tenant: str) -> Iterator[Read]:
        """Reads only. Raises Unavailable and Broken."""
        link = ReadLink(self.engines.read, self.engines.spare, tenant)
        try:
            yield Read(link)
        finally:
            link.close()

    @contextmanager
    def write(self, tenant: str) -> Iterator[Write]:
        """One transaction: stored whole when the block ends, not at all when it raises.

        Raises Taken, Unavailable and Broken, at the latest at the end of the block.
        """
        link = WriteLink(self.engines, tenant, self._waiting)
        try:
            yield Write(link)
            link.commit()
        except Collision as collision:
            if collision.table == submissions.name:
                raise Taken("This submitter has used this transaction identifier.") from None
            if collision.table == request_names.name:
                raise Adopted("Another update has adopted this request just now.") from None
            raise
        finally:
            link.close()

    def close(self) -> None:
        """Close all connections."""
        self.engines.dispose()
