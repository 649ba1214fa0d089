"""A simulated EHR: a FHIR server on 127.0.0.1 with a token, that can be slow, failing or partial.

It holds resources, answers reads, searches by `_id` or `patient` and batch bundles, and does to each
answer what a test tells it to (`Mood`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

Json = dict[str, Any]
TOKEN = "token-of-one-hook-call"
DEFINITIONS = "http://hl7.org/fhir/us/core/SearchParameter/"
FHIR_JSON = "application/fhir+json"
ALL = "patient/*.rs user/*.rs"


@dataclass
class Mood:
    """What the EHR does: `seconds` it takes for each answer; types that it refuses (403), fails on
    (500), answers with an OperationOutcome, or breaks off in the middle; entries on a page; of types whose search parameters it describes, its
    name for each standard name."""

    seconds: float = 0.0
    refuses: frozenset[str] = frozenset()
    fails: frozenset[str] = frozenset()
    complains: frozenset[str] = frozenset()
    breaks_off: frozenset[str] = frozenset()
    page: int = 0
    takes_batches: bool = True
    renames: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass
class Ehr:
    """A running EHR. `asked` are the queries in the order in which they came."""

    resources: list[Json]
    mood: Mood
    server: ThreadingHTTPServer | None = None
    asked: list[str] = field(default_factory=list)
    batches: int = 0
    most_at_once: int = 0
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def base(self) -> str:
        """The address to register and to send as `fhirServer`."""
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_address[1]}/fhir"

    def access(self, scope: str = ALL) -> Json:
        """`fhirAuthorization` of a hook call."""
        return {
            "access_token": TOKEN,
            "token_type": "Bearer",
            "expires_in": 30,
            "scope": scope,
            "subject": "forthwith",
        }

    def answer(self, query: str) -> tuple[int, Json]:
        """Status and body of one GET below the base."""
        parts = urlsplit(query)
        kind, _, fhir_id = parts.path.strip("/").partition("/")
        if kind in self.mood.refuses:
            return 403, outcome("forbidden")
        if kind in self.mood.fails:
            return 500, outcome("exception")
        if kind in self.mood.complains:
            return 200, outcome("processing")
        held = [each for each in self.resources if each["resourceType"] == kind]
        if fhir_id:
            found = [each for each in held if each["id"] == fhir_id]
            return (200, found[0]) if found else (404, outcome("not-found"))
        return 200, self._searchset(held, kind, self._understood(kind, parse_qs(parts.query)))

    def statement(self) -> tuple[int, Json]:
        """Its CapabilityStatement, where it describes anything."""
        if not self.mood.renames:
            return 404, outcome("not-found")
        listed = [
            {
                "type": kind,
                "searchParam": [
                    {"name": new, "definition": f"{DEFINITIONS}us-core-{kind.lower()}-{name}"}
                    for name, new in names.items()
                ],
            }
            for kind, names in self.mood.renames.items()
        ]
        rest = [{"mode": "server", "resource": listed}]
        return 200, {"resourceType": "CapabilityStatement", "rest": rest}

    def _understood(self, kind: str, asked: dict[str, list[str]]) -> dict[str, list[str]]:
        """What it takes of a search: a server ignores parameters that it does not know."""
        names = self.mood.renames.get(kind)
        if names is None:
            return asked
        standard = {new: name for name, new in names.items()} | {"start": "start"}
        return {standard[name]: value for name, value in asked.items() if name in standard}

    def _searchset(self, held: list[Json], kind: str, asked: dict[str, list[str]]) -> Json:
        if "_id" in asked:
            held = [each for each in held if each["id"] in asked["_id"][0].split(",")]
        if "patient" in asked:
            wanted = f"Patient/{asked['patient'][0].removeprefix('Patient/')}"
            held = [each for each in held if wanted in orjson.dumps(each).decode()]
        start = int(asked.get("start", ["0"])[0])
        size = self.mood.page or len(held)
        bundle: Json = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(held),
            "entry": [
                {"resource": each, "search": {"mode": "match"}}
                for each in held[start : start + size]
            ],
        }
        if start + size < len(held):
            rest = "&".join(f"{key}={value[0]}" for key, value in asked.items() if key != "start")
            following = f"{self.base}/{kind}?{rest}&start={start + size}"
            bundle["link"] = [{"relation": "next", "url": following}]
        return bundle


def outcome(code: str) -> Json:
    """An OperationOutcome with one error."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code}]}


class _Talk(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    ehr: Ehr

    def do_GET(self) -> None:
        query = self.path.removeprefix("/fhir/")
        if query == "metadata":
            self._send(*self.ehr.statement())
            return
        with self._counted(query):
            if not self._known():
                self._send(401, outcome("login"))
                return
            time.sleep(self.ehr.mood.seconds)
            status, body = self.ehr.answer(query)
            self._send(status, body, broken=query.split("?")[0] in self.ehr.mood.breaks_off)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._known():
            self._send(401, outcome("login"))
            return
        if not self.ehr.mood.takes_batches:
            self._send(404, outcome("not-supported"))
            return
        self.ehr.batches += 1
        time.sleep(self.ehr.mood.seconds)
        entries = []
        for entry in orjson.loads(body)["entry"]:
            status, found = self.ehr.answer(entry["request"]["url"])
            entries.append({"response": {"status": f"{status} x"}, "resource": found})
        self._send(200, {"resourceType": "Bundle", "type": "batch-response", "entry": entries})

    @contextmanager
    def _counted(self, query: str) -> Iterator[None]:
        with self.ehr.lock:
            self.ehr.asked.append(query)
            self.ehr.now += 1
            self.ehr.most_at_once = max(self.ehr.most_at_once, self.ehr.now)
        try:
            yield
        finally:
            with self.ehr.lock:
                self.ehr.now -= 1

    def _known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    def _send(self, status: int, body: Json, broken: bool = False) -> None:
        content = orjson.dumps(body)
        try:
            self.send_response(status)
            self.send_header("Content-Type", FHIR_JSON)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if broken else content)
            self.close_connection = self.close_connection or broken
        except OSError:
            self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def handle_error(self, *_args: object) -> None:
        """A caller that went away is no news."""


@contextmanager
def ehr(*resources: Json, **mood: Any) -> Iterator[Ehr]:
    """An EHR with these resources until the block ends."""
    made = Ehr(list(resources), Mood(**mood))
    made.server = _Server(("127.0.0.1", 0), type("Talk", (_Talk,), {"ehr": made}))
    threading.Thread(target=made.server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
