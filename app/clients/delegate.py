"""Companies that review for the payer, over HTTP: a signed request out, a decision back.

Every call is signed with the secret that both sides share: `Forthwith-Signature: t=SECONDS,v1=HEX`
is the HMAC-SHA256 of `SECONDS.METHOD.PATH.BODY`. The other side's callback is signed the same way,
and refused when it is older than five minutes.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from app.clients.guard import GuardedClient, Timeout
from app.clients.policy import CallFailed, OutboundPolicy, Reason
from app.errors import BadSetting
from app.sealed import sealed

HEADER = "Forthwith-Signature"
FRESH_SECONDS = 300
_TIMEOUT = Timeout(20.0, read=20.0)
_MOST_BYTES = 1024 * 1024
_SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", re.ASCII)
_SHORTEST = 32


@sealed(frozen=True, slots=True)
class Vendor:
    """What the operator says of one company: its address, the shared secret, seconds between polls."""

    url: str
    secret: bytes = field(repr=False)
    poll_seconds: int = 60


class DelegateDesk(Protocol):
    """A company's desk: HTTP in production, in the process in tests. Both methods raise CallFailed."""

    def ask(self, vendor: Vendor, name: str, body: bytes, now: datetime) -> Mapping[str, Any]:
        """Hand a case over; what it says, `{"status": "pending"}` or a decision."""
        ...

    def look(self, vendor: Vendor, name: str, now: datetime) -> Mapping[str, Any]:
        """What it says now about a case that it has."""
        ...


def read_vendors(path: Path) -> dict[str, Vendor]:
    """The file of FORTHWITH_DELEGATES. Raises BadSetting, without repeating what it holds."""
    try:
        told = orjson.loads(path.read_bytes())
        found = {
            str(name): Vendor(
                str(each["url"]).rstrip("/"),
                str(each["secret"]).encode(),
                int(each.get("poll_seconds", 60)),
            )
            for name, each in told.items()
        }
        for vendor in found.values():
            OutboundPolicy.own_system(vendor.url)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, CallFailed):
        raise BadSetting(
            "FORTHWITH_DELEGATES must name a JSON file that says for each delegate its url, secret "
            "and perhaps poll_seconds."
        ) from None
    if any(len(vendor.secret) < _SHORTEST or vendor.poll_seconds < 1 for vendor in found.values()):
        raise BadSetting(
            f"FORTHWITH_DELEGATES: a secret has at least {_SHORTEST} characters, poll_seconds is 1 "
            "or more."
        )
    return found


def signature(secret: bytes, method: str, path: str, body: bytes, now: datetime) -> str:
    """The value of the signature header."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={_mac(secret, seconds, method, path, body)}"


def is_signed(
    secret: bytes, header: str, method: str, path: str, body: bytes, now: datetime
) -> bool:
    """Whether a call was signed with this secret, and recently."""
    found = _SIGNATURE.fullmatch(header)
    if found is None or abs(int(found[1]) - now.timestamp()) > FRESH_SECONDS:
        return False
    return hmac.compare_digest(found[2], _mac(secret, int(found[1]), method, path, body))


def _mac(secret: bytes, seconds: int, method: str, path: str, body: bytes) -> str:
    signed = f"{seconds}.{method}.{path}.".encode() + body
    return hmac.new(secret, signed, hashlib.sha256).hexdigest()


class HttpDelegateDesk:
    """One thread's way to these companies: each at the address that the operator wrote, no other."""

    def __init__(self) -> None:
        self._clients: dict[str, GuardedClient] = {}

    def ask(self, vendor: Vendor, name: str, body: bytes, now: datetime) -> Mapping[str, Any]:
        """POST {url}/requests; the key makes a second one harmless."""
        return self._call("POST", vendor, "/requests", name, body, now)

    def look(self, vendor: Vendor, name: str, now: datetime) -> Mapping[str, Any]:
        """GET {url}/requests/{id}."""
        return self._call("GET", vendor, f"/requests/{name}", name, b"", now)

    def close(self) -> None:
        """Close kept-alive connections."""
        for client in self._clients.values():
            client.close()

    def _call(
        self, method: str, vendor: Vendor, path: str, name: str, body: bytes, now: datetime
    ) -> Mapping[str, Any]:
        if vendor.url not in self._clients:
            self._clients[vendor.url] = GuardedClient(OutboundPolicy.own_system(vendor.url))
        url = vendor.url + path
        headers = {
            HEADER: signature(vendor.secret, method, urlsplit(url).path, body, now),
            "Accept": "application/json",
            "Idempotency-Key": name,
        }
        if body:
            headers["Content-Type"] = "application/json"
        answer = self._clients[vendor.url].request(
            method, url, headers=headers, body=body, timeout=_TIMEOUT, max_bytes=_MOST_BYTES
        )
        try:
            told = orjson.loads(answer.body) if answer.status in (200, 201, 202) else None
        except orjson.JSONDecodeError:
            told = None
        if not isinstance(told, dict):
            raise CallFailed(Reason.UNREADABLE, f"The delegate answered {answer.status}.")
        return told
