"""Calls to the endpoints of subscribers: anybody's address, so the strictest of the guard's rules.

Public https addresses only; this machine over http too, where the operator runs a demo. What the
other side answers beyond its status is not looked at.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from app.clients.guard import GuardedClient, Timeout
from app.clients.policy import Origin, OutboundPolicy

MOST_BYTES = 64 * 1024
"""Of an answer that nobody reads."""


def check_endpoint(url: str, demo: bool) -> None:
    """Raise CallFailed for an address that is refused as it stands, before any name is resolved."""
    origin = Origin.of(url)
    policy = _policy(origin, demo)
    policy.check_origin(origin)
    try:
        address = ipaddress.ip_address(origin.host)
    except ValueError:
        return
    policy.check_address(origin, address)


class SubscriberClient:
    """One thread's way to subscribers; `demo` opens this machine."""

    def __init__(self, demo: bool) -> None:
        self._demo = demo
        self._guard = GuardedClient(OutboundPolicy())

    def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> int:
        """The status of one POST. Raises CallFailed without an answer within `seconds`."""
        self._guard.policy = _policy(Origin.of(url), self._demo)
        answer = self._guard.request(
            "POST",
            url,
            headers=headers,
            body=body,
            timeout=Timeout(seconds, read=seconds),
            max_bytes=MOST_BYTES,
        )
        return answer.status

    def close(self) -> None:
        """Close kept-alive connections."""
        self._guard.close()


def _policy(origin: Origin, demo: bool) -> OutboundPolicy:
    here = frozenset({origin}) if demo and origin.says_loopback else frozenset()
    return OutboundPolicy(loopback=here)
