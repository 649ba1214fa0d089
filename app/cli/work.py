"""Watch over deadlines, tell subscribers, ask delegates, delete what is too old: what goes on beside the web server."""

from __future__ import annotations

import argparse
import functools
import threading
from dataclasses import replace

from app.clients.delegate import HttpDelegateDesk
from app.clients.subscriber import SubscriberClient
from app.clock import Moment, moment
from app.errors import BadSetup
from app.factory import build_context
from app.flows.context import Context
from app.flows.delegate import Asking, ask_next
from app.flows.deliver import deliver, redrive
from app.flows.expire import expire
from app.flows.prune import Keep, prune
from app.flows.retire import Visible, retire
from app.flows.unclaimed import report_unclaimed
from app.jobs.deliver import Deliver, deliver_all, keep_delivering
from app.jobs.prune import Prune, keep_pruning
from app.jobs.stop import until_told
from app.jobs.unclaimed import Report, tell_unclaimed
from app.jobs.watch import Expire, watch, watch_once
from app.settings import Settings
from app.store import Store, is_current
from app.web import log
from app.web.desk.acts import act_of

EXAMPLES = """\
examples:
  forthwith work                   work until stopped; several may run at once
  forthwith work --once            one round, for a scheduler of your own
  forthwith work --every 10        look for missed deadlines every 10 seconds
  forthwith work --redrive         try subscribers again that were given up

Each missed deadline is one event in the log of its case and one line on standard error; so is an attachment
that found no request in its time (`forthwith desk held` lists them).
Subscribers are told in the order of events; one that is down is tried again for 24 hours.
"""

SENDERS = 4
"""Subscribers that are called at the same time."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--once", action="store_true", help="one round, then exit")
    parser.add_argument(
        "--every", type=float, default=30.0, metavar="SECONDS", help="pause between rounds (30)"
    )
    parser.add_argument(
        "--redrive", action="store_true", help="try given-up subscribers again, then exit"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """0: stopped, or one round done. BadSetup (2) for a database that is not migrated."""
    log.configure(settings.log_level)
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        if not is_current(store):
            raise BadSetup("The database has to be migrated first: run `forthwith migrate`.")
        if args.redrive:
            print(f"{redrive(store, settings.tenant, moment())} subscriptions are tried again.")
        elif args.once:
            _once(store, settings)
        else:
            _until_stopped(store, settings, max(0.1, args.every))
    finally:
        store.close()
    return 0


def beside(settings: Settings) -> None:
    """The same as a child process of `serve`: it ends when its parent ends, however that ends."""
    log.configure(settings.log_level)
    store = Store(settings.database_url, settings.sqlite_sync)
    try:
        _until_stopped(store, settings, 30.0)
    finally:
        store.close()


def _once(store: Store, settings: Settings) -> None:
    late = watch_once(_expirer(store, settings), moment())
    client = SubscriberClient(settings.demo)
    try:
        made = deliver_all(_sender(store, settings, client), moment)
    finally:
        client.close()
    if settings.delegates:
        asking = _Asking(settings)
        try:
            print(f"{deliver_all(asking.next, moment)} calls made to delegates.")
        finally:
            asking.close()
    unclaimed = tell_unclaimed(_reporter(store, settings), moment())
    gone = _pruner(store, settings)(moment())
    print(
        f"{late} deadlines missed, {made} calls made to subscribers, {unclaimed} attachments found no "
        f"request, {gone} old records deleted."
    )


def _until_stopped(store: Store, settings: Settings, every: float) -> None:
    stop = until_told()
    clients = [SubscriberClient(settings.demo) for _ in range(SENDERS)]
    senders = [
        threading.Thread(
            target=keep_delivering, args=(_sender(store, settings, each), moment, stop)
        )
        for each in clients
    ]
    for sender in senders:
        sender.start()
    asking = _Asking(settings) if settings.delegates else None
    if asking is not None:
        senders.append(threading.Thread(target=keep_delivering, args=(asking.next, moment, stop)))
        senders[-1].start()
    hourly = (_pruner(store, settings), _reporter(store, settings))
    pruner = threading.Thread(target=keep_pruning, args=(*hourly, moment, stop))
    pruner.start()
    watch(_expirer(store, settings), moment, stop, every)
    for thread in (*senders, pruner):
        thread.join()
    for client in clients:
        client.close()
    if asking is not None:
        asking.close()


def _expirer(store: Store, settings: Settings) -> Expire:
    """What a late case needs is loaded when there is the first one."""

    @functools.cache
    def context() -> Context:
        return replace(build_context(settings), store=store)

    return functools.partial(expire, store, settings.tenant, context=context)


class _Asking:
    """What asking delegates needs besides a store: the rulebook, profiles, and a client."""

    def __init__(self, settings: Settings) -> None:
        self._context, self._desk = build_context(settings), HttpDelegateDesk()
        self.next = functools.partial(ask_next, Asking(self._context, self._desk, act_of))

    def close(self) -> None:
        """Close its store and its connections."""
        self._desk.close()
        self._context.store.close()


def _pruner(store: Store, settings: Settings) -> Prune:
    keep = Keep(settings.crd_record_days, settings.crd_context_days)
    visible = Visible(settings.notice_days, settings.inquiry_days)

    def pruned(at: Moment) -> int:
        gone = prune(store, settings.tenant, keep, at.now)
        ended = retire(store, settings.tenant, visible, at)
        return gone.contexts + gone.calls + ended.notices + ended.numbers

    return pruned


def _reporter(store: Store, settings: Settings) -> Report:
    return functools.partial(report_unclaimed, store, settings.tenant)


def _sender(store: Store, settings: Settings, client: SubscriberClient) -> Deliver:
    return functools.partial(deliver, store, settings.tenant, settings.address, client.post)
