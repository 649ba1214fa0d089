"""The payer's own desk over HTTP, as a reviewer's program calls it: `/desk/api`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from app.clients.guard import GuardedClient, Timeout
from app.clients.policy import CallFailed, OutboundPolicy, Reason

_CASES = "/desk/api/cases"
_TIMEOUT = Timeout(30.0, read=30.0)
_MOST_BYTES = 8 * 1024 * 1024


class DeskClient:
    """Calls one server and no other. Every method raises CallFailed without a usable answer."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._guard = GuardedClient(OutboundPolicy.own_system(server))

    def waiting(self) -> list[dict[str, Any]]:
        """The heads of the cases that wait, those due first before the others."""
        found = self._read(_CASES).get("cases")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    def sheet(self, number: str) -> dict[str, Any]:
        """One case in full."""
        return self._read(f"{_CASES}/{quote(number, safe='')}")

    def act(self, number: str, word: str, role: str, body: Mapping[str, Any]) -> int:
        """Do one thing with a case, in a role; the status of the answer."""
        path = f"{_CASES}/{quote(number, safe='')}/{word}"
        status, _ = self._call("POST", path, role, orjson.dumps(body))
        return status

    def close(self) -> None:
        """Close kept-alive connections."""
        self._guard.close()

    def _read(self, path: str) -> dict[str, Any]:
        status, body = self._call("GET", path, "reviewer", b"")
        try:
            document = orjson.loads(body) if status == 200 else None
        except orjson.JSONDecodeError:
            document = None
        if not isinstance(document, dict):
            raise CallFailed(Reason.UNREADABLE, f"The desk answered {status}.")
        return document

    def _call(self, method: str, path: str, role: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Forthwith-Role": role, "Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/json"
        answer = self._guard.request(
            method,
            self._server + path,
            headers=headers,
            body=body,
            timeout=_TIMEOUT,
            max_bytes=_MOST_BYTES,
        )
        if answer.status >= 500:
            raise CallFailed(Reason.UNREADABLE, f"The desk answered {answer.status}.")
        return answer.status, answer.body
