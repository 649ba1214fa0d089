"""The only reader of the environment: one frozen `Settings`, read once and handed down.

Each field declares the variable's name and one sentence of what it is; the page
docs/reference/settings.md is made from these declarations.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from app.errors import BadSetting
from app.sealed import sealed

Read = Callable[[str], Any]

PREFIX = "FORTHWITH_"
ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "FORTHWITH_TEST_POSTGRES": "tests: a PostgreSQL database that they may empty.",
        "FORTHWITH_IG_DIR": "tests: the folder of the official packages.",
        "FORTHWITH_BENCH_DATABASE": "benchmarks: a database that `python -m benchmarks.fill` filled.",
        "FORTHWITH_KEEP_ANSWERS": "tests: a folder where they leave every answer they got.",
        "FORTHWITH_REFEREE": "conformance: the `hl7-validate` script that runs HL7's engine.",
        "FORTHWITH_VALIDATOR_JAR": "conformance: HL7's `validator_cli.jar`, instead of the script.",
        "FORTHWITH_INFERNO": "conformance: an Inferno's address, or the script that runs one.",
        "FORTHWITH_INFERNO_LOGS": "conformance: a folder for all that Inferno said and exchanged.",
    }
)
"""What tests and tools read, never the program; known, so that no command warns of it."""


def text(raw: str) -> str:
    """Any text without spaces around it."""
    return raw.strip()


def folder(raw: str) -> Path:
    """A path; `~` is the home folder."""
    return Path(raw.strip()).expanduser()


def switch(raw: str) -> bool:
    """`on` or `off` (also true/false, yes/no, 1/0)."""
    word = raw.strip().lower()
    if word in ("on", "true", "yes", "1"):
        return True
    if word in ("off", "false", "no", "0"):
        return False
    raise ValueError("must be on or off")


def whole(low: int, high: int) -> Read:
    """A whole number from `low` to `high`."""

    def read(raw: str) -> int:
        digits = raw.strip().replace("_", "")
        if not digits.isascii() or not digits.isdecimal() or not low <= int(digits) <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(digits)

    return read


def seconds(raw: str) -> float:
    """Seconds, more than 0 and at most 60."""
    try:
        value = float(raw)
    except ValueError:
        value = 0.0
    if not 0 < value <= 60:
        raise ValueError("must be seconds, more than 0 and at most 60")
    return value


def one_of(*words: str) -> Read:
    """One of a few words, in any case."""

    def read(raw: str) -> str:
        for word in words:
            if raw.strip().lower() == word.lower():
                return word
        raise ValueError(f"must be {' or '.join(words)}")

    return read


def database(raw: str) -> str:
    """An SQLAlchemy URL of SQLite or PostgreSQL; `postgres(ql)://` gets the psycopg 3 driver."""
    url = raw.strip()
    scheme, colon, rest = url.partition("://")
    if scheme in ("postgres", "postgresql", "postgresql+psycopg") and rest:
        return f"postgresql+psycopg{colon}{rest}"
    if scheme == "sqlite" and rest.startswith("/") and rest != "/":
        return url
    raise ValueError("must start with sqlite:///, postgresql:// or postgresql+psycopg://")


def web_address(raw: str) -> str:
    """An http or https address without a slash at its end, or nothing."""
    url = raw.strip().rstrip("/")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query):
        raise ValueError("must be an http:// or https:// address without a query")
    return url


def web_addresses(raw: str) -> tuple[str, ...]:
    """Several http or https addresses, with spaces or commas between them."""
    return tuple(web_address(each) for each in raw.replace(",", " ").split())


def origins(raw: str) -> tuple[str, ...]:
    """Origins of web pages with spaces or commas between them; `*` is every page."""
    words = raw.replace(",", " ").split()
    return tuple(each if each == "*" else web_address(each) for each in words)


def _cores() -> int:
    """As many as the process may use; a container's CPU quota is not seen here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _declare(
    name: str,
    default: Any,
    read: Read,
    kind: str,
    says: str,
    *,
    shown: str | None = None,
    secret: bool = False,
) -> Any:
    """A field with its variable; `shown` is the default as the reference prints it."""
    metadata = {"name": name, "read": read, "kind": kind, "says": says, "shown": shown}
    if callable(default):
        return field(default_factory=default, repr=not secret, metadata=metadata)
    return field(default=default, repr=not secret, metadata=metadata)


@sealed(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator can choose. Values are checked by `from_environ`."""

    host: str = _declare(
        "HOST",
        "127.0.0.1",
        text,
        "address",
        "Address to listen on. Without authentication only a loopback address is accepted.",
    )
    port: int = _declare("PORT", 8080, whole(1, 65535), "1 to 65535", "TCP port to listen on.")
    public_url: str = _declare(
        "FORTHWITH_PUBLIC_URL",
        "",
        web_address,
        "http(s) address",
        "The address callers use, when a proxy stands in front.",
        shown="http://HOST:PORT",
    )
    workers: int = _declare(
        "FORTHWITH_WORKERS",
        _cores,
        whole(1, 256),
        "1 to 256",
        "Worker processes of the web server.",
        shown="one per core",
    )
    database_url: str = _declare(
        "DATABASE_URL",
        "sqlite:///data/forthwith.sqlite3",
        database,
        "sqlite:/// or postgresql://",
        "Where cases, documents and members are kept.",
        secret=True,
    )
    sqlite_sync: str = _declare(
        "FORTHWITH_SQLITE_SYNC",
        "FULL",
        one_of("FULL", "NORMAL"),
        "FULL or NORMAL",
        "Durability of SQLite: NORMAL is faster and may lose the last answers in a power loss.",
    )
    namespace: str = _declare(
        "FORTHWITH_NAMESPACE",
        "https://fairwater.example",
        web_address,
        "http(s) address",
        "Base of the payer's own number systems, such as trace numbers; the demo payer's by default.",
    )
    contested_extensions: bool = _declare(
        "FORTHWITH_CONTESTED_EXTENSIONS",
        False,
        switch,
        "on or off",
        "Answers also carry elements that the guide's profiles list but its own extension contexts "
        "forbid; some test suites ask for them, HL7's engine refuses them.",
    )
    tenant: str = _declare(
        "FORTHWITH_TENANT",
        "demo",
        text,
        "name",
        "The payer whose rows this process reads and writes.",
    )
    policies_dir: Path | None = _declare(
        "FORTHWITH_POLICIES",
        None,
        folder,
        "folder",
        "The payer's rulebook.",
        shown="the policies that come with the program",
    )
    demo: bool = _declare(
        "FORTHWITH_DEMO",
        False,
        switch,
        "on or off",
        "Load the demo payer's members and coverages when the database has none.",
        shown="off (make run sets on)",
    )
    max_body_bytes: int = _declare(
        "FORTHWITH_MAX_BODY_BYTES",
        10 * 1024 * 1024,
        whole(1024, 1024 * 1024 * 1024),
        "bytes",
        "Largest request body, counted after decompression.",
    )
    max_depth: int = _declare(
        "FORTHWITH_MAX_DEPTH",
        64,
        whole(8, 512),
        "8 to 512",
        "Deepest nesting of objects and arrays that is read.",
    )
    max_entries: int = _declare(
        "FORTHWITH_MAX_ENTRIES",
        5_000,
        whole(1, 1_000_000),
        "1 to 1000000",
        "Most entries that a bundle may have.",
    )
    eligibility_url: str = _declare(
        "FORTHWITH_ELIGIBILITY_URL",
        "",
        web_address,
        "http(s) address",
        "The payer's own eligibility system.",
        shown="none: the embedded member store answers",
    )
    eligibility_timeout: float = _declare(
        "FORTHWITH_ELIGIBILITY_TIMEOUT",
        5.0,
        seconds,
        "seconds",
        "How long to wait for the eligibility system before the request is pended.",
    )
    ehr_servers: tuple[str, ...] = _declare(
        "FORTHWITH_EHR_SERVERS",
        (),
        web_addresses,
        "http(s) addresses",
        "FHIR servers of EHRs that a CRD call may ask, besides those of `forthwith ehr add`.",
        shown="none",
    )
    ehr_seconds: float = _declare(
        "FORTHWITH_EHR_SECONDS",
        3.5,
        seconds,
        "seconds",
        "How long a CRD call waits for the EHR's FHIR server, all its queries together.",
    )
    crd_record_days: int = _declare(
        "FORTHWITH_CRD_RECORD_DAYS",
        3653,
        whole(1, 36_525),
        "days",
        "How long the record of a CRD call is kept: request, answer, metric, guidance (ten years, as "
        "42 CFR 422.504(d) wants of Medicare Advantage).",
    )
    crd_context_days: int = _declare(
        "FORTHWITH_CRD_CONTEXT_DAYS",
        180,
        whole(1, 36_525),
        "days",
        "How long it is kept what a CRD call read from the EHR's FHIR server, for forms and for the "
        "submission that follows.",
    )
    notice_days: int = _declare(
        "FORTHWITH_NOTICE_DAYS",
        30,
        whole(1, 36_525),
        "days",
        "How long an event that a subscriber confirmed is still shown by `$events`.",
    )
    inquiry_days: int = _declare(
        "FORTHWITH_INQUIRY_DAYS",
        731,
        whole(184, 36_525),
        "184 days or more",
        "How long after the last planned day of service an inquiry finds an authorization; PAS wants "
        "six months at least (2.2.1 spec-73). The record itself stays.",
    )
    cors_origins: tuple[str, ...] = _declare(
        "FORTHWITH_CORS_ORIGINS",
        (),
        origins,
        "origins, or `*`",
        "Web pages that may call the CRD services from a browser.",
        shown="none",
    )
    auth: str = _declare(
        "FORTHWITH_AUTH",
        "none",
        one_of("none"),
        "none",
        "How callers are known; with none the server answers on loopback only.",
    )
    work: bool = _declare(
        "FORTHWITH_WORK",
        True,
        switch,
        "on or off",
        "`forthwith serve` also runs a worker; off when `forthwith work` runs on its own.",
    )
    delegates: Path | None = _declare(
        "FORTHWITH_DELEGATES",
        None,
        folder,
        "JSON file",
        "The companies that review for the payer and are asked over HTTP: `{delegate: {url, secret, "
        "poll_seconds}}`.",
        shown="none: their cases wait at the desk",
    )
    sandbox: bool = _declare(
        "FORTHWITH_SANDBOX",
        True,
        switch,
        "on or off",
        "In demo mode: the pages at `/sandbox`, and a note of each request for its live view.",
    )
    demo_reviewer: bool = _declare(
        "FORTHWITH_DEMO_REVIEWER",
        False,
        switch,
        "on or off",
        "`forthwith serve` also runs the demo reviewer, who decides what waits for a person; for "
        "trials and test suites, in demo mode only.",
    )
    demo_reviewer_delay: int = _declare(
        "FORTHWITH_DEMO_REVIEWER_DELAY",
        10,
        whole(0, 86_400),
        "seconds",
        "How long a case has waited when the demo reviewer decides it.",
    )
    demo_reviewer_patience: int = _declare(
        "FORTHWITH_DEMO_REVIEWER_PATIENCE",
        60,
        whole(0, 86_400),
        "seconds",
        "The same for a case that waits for documents: as long the demo reviewer waits for them.",
    )
    log_level: str = _declare(
        "FORTHWITH_LOG_LEVEL",
        "INFO",
        one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        "DEBUG, INFO, WARNING or ERROR",
        "How much is logged. Logs never hold a person's data at any level.",
    )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read and check every variable; raises BadSetting with one sentence at the first fault.

        An empty variable counts as not set.
        """
        values = {
            declared.name: _value(declared, environ[declared.metadata["name"]])
            for declared in fields(cls)
            if environ.get(declared.metadata["name"], "").strip()
        }
        return cls(**values)

    def check_door(self) -> None:
        """Raise BadSetting when the server would be open to callers that nobody can name."""
        if self.auth == "none" and not self.is_loopback:
            raise BadSetting(
                "HOST must be a loopback address such as 127.0.0.1 while FORTHWITH_AUTH is none: "
                "without authentication nobody else may reach this server."
            )

    @property
    def is_embedded(self) -> bool:
        """True when the database is a file of this machine that only this program uses."""
        return self.database_url.startswith("sqlite")

    @property
    def is_loopback(self) -> bool:
        """True when only this machine can reach the server."""
        if self.host.lower() == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def address(self) -> str:
        """The base of every address that we print or send, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host and "[" not in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"


def _value(declared: Field[Any], raw: str) -> Any:
    """The value of one variable; the sentence never repeats it, as it may be a secret."""
    try:
        return declared.metadata["read"](raw)
    except ValueError as fault:
        raise BadSetting(f"{declared.metadata['name']} {fault}.") from None


def names() -> list[str]:
    """Every variable that is read, in the order of the reference page."""
    return [declared.metadata["name"] for declared in fields(Settings)]


def unknown(environ: Mapping[str, str]) -> Iterator[str]:
    """One sentence for each FORTHWITH_ variable that nothing reads, with the nearest real name."""
    known = names()
    bare = {name.removeprefix(PREFIX): name for name in known}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in ELSEWHERE or name in known:
            continue
        near = difflib.get_close_matches(name.removeprefix(PREFIX), bare, n=1, cutoff=0.6)
        hint = f" Did you mean {bare[near[0]]}?" if near else ""
        yield f"{name} is not a setting and was ignored.{hint}"


def process_environ() -> Mapping[str, str]:
    """The environment of this process: commands and workers pass it to `Settings.from_environ`."""
    return os.environ
