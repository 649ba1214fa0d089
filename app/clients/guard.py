"""The one HTTP client for every call that we make: eligibility, EHR servers, keys, subscribers.

What it guards against, each with a test in tests/unit/clients:

- server-side request forgery: the name is resolved first, every address that it has must be allowed
  (`app.clients.policy`), and the connection goes to exactly that address. Certificate and SNI stay
  those of the name. A kept-alive connection is checked again before each use.
- state and surprises: no cookies, no redirects (a 3xx is an answer like any other), no proxies or
  netrc of the environment, http to this machine alone, no header injection, no compressed answers.
- slowness: connect, read and total time are limited; at the end of the total time the socket is
  shut, so a peer that drips one byte a second holds nobody. Size is counted while reading.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from types import MappingProxyType
from typing import Any, Protocol

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

from app.clients.alarms import Alarms
from app.clients.policy import Address, CallFailed, Origin, OutboundPolicy, Reason
from app.sealed import sealed

Resolve = Callable[[str, int], Sequence[str]]
"""From host and port to the textual IP addresses that it has; raises OSError when it has none."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_CHUNK = 64 * 1024
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@sealed(frozen=True, slots=True)
class Timeout:
    """Seconds: for one connection attempt, for one silence of the peer, and for the whole call."""

    total: float
    connect: float = 2.0
    read: float = 10.0


@sealed(frozen=True, slots=True)
class Response:
    """What came back: any status, header names in lower case, at most `max_bytes` of body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Courtesy(Protocol):
    """Leave to compute in a process whose first business is something else."""

    def come(self) -> None:
        """Wait until a piece of work disturbs nobody, a short while at most."""
        ...

    def go(self) -> None:
        """The piece is done, or waits for the network."""
        ...


class Alone:
    """Where there is nobody to disturb."""

    def come(self) -> None:
        """See Courtesy."""

    def go(self) -> None:
        """See Courtesy."""


def system_resolver(host: str, port: int) -> list[str]:
    """Ask the operating system, as every program of this machine does."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class GuardedClient:
    """Calls under one `OutboundPolicy`. Threads may share it; connections are kept alive."""

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        resolve: Resolve = system_resolver,
        ca_file: str | bool = True,
        courtesy: Courtesy | None = None,
    ) -> None:
        self.policy = policy
        self.courtesy = courtesy or Alone()
        self.alarms = Alarms()
        self._resolve = resolve
        self._names = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = ca_file
        self._session.headers.clear()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _GuardedAdapter(pool_maxsize=96))

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes = b"",
        timeout: Timeout,
        max_bytes: int,
    ) -> Response:
        """One call. Raises CallFailed, whose `reason` says whether anything was sent at all."""
        self.courtesy.come()
        try:
            prepared = _prepare(method, url, headers, body)
            call = _Call(self, Origin.of(prepared.url or ""), time.monotonic() + timeout.total)
            self.policy.check_origin(call.origin)
            return self._send(prepared, call, timeout, max_bytes)
        finally:
            self.courtesy.go()

    def _send(
        self, prepared: requests.PreparedRequest, call: _Call, timeout: Timeout, max_bytes: int
    ) -> Response:
        with _within(call, timeout.total):
            try:
                answer = self._session.send(
                    prepared,
                    stream=True,
                    allow_redirects=False,
                    timeout=(
                        min(timeout.connect, timeout.total),
                        min(timeout.read, timeout.total),
                    ),
                )
                with answer:
                    return _read(answer, call, max_bytes)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as fault:
                raise _failure(fault, call) from None

    def close(self) -> None:
        """Close kept-alive connections."""
        self._session.close()
        self.alarms.close()
        self._names.shutdown(wait=False, cancel_futures=True)

    def addresses(self, call: _Call, host: str, port: int) -> list[Address]:
        """All addresses of `host`, each of them allowed; CallFailed otherwise."""
        pending = self._names.submit(self._resolve, host, port)
        try:
            found = pending.result(timeout=max(0.0, call.deadline - time.monotonic()))
        except TimeoutError:
            raise CallFailed(Reason.TIMEOUT, f"{call.origin} was not resolved in time.") from None
        except (OSError, UnicodeError):
            raise CallFailed(Reason.UNREACHABLE, f"{call.origin} has no address.") from None
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
        for address in addresses:
            self.policy.check_address(call.origin, address)
        return addresses


@dataclass(slots=True)
class _Call:
    """One call under way: its client, its origin, when it must end, and its open sockets."""

    client: GuardedClient
    origin: Origin
    deadline: float
    sockets: list[socket.socket] = field(default_factory=list)
    over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, plug: socket.socket) -> None:
        """Have `plug` pulled at the deadline."""
        with self.lock:
            self.sockets.append(plug)
            if self.over:
                _pull(plug)

    def end(self) -> None:
        """The total time is over: shut every socket, so that whoever reads from it wakes up."""
        with self.lock:
            self.over = True
            for plug in self.sockets:
                _pull(plug)


_current: ContextVar[_Call] = ContextVar("outbound call")


def _pull(plug: socket.socket) -> None:
    try:
        plug.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed already: nobody waits on it


@contextmanager
def _within(call: _Call, seconds: float) -> Iterator[None]:
    """Make `call` the current one and end it after `seconds`."""
    token = _current.set(call)
    alarm = call.client.alarms.set(seconds, call.end)
    try:
        yield
    finally:
        alarm.off()
        _current.reset(token)
        with call.lock:
            call.sockets.clear()


class _Pinned(HTTPConnection):
    """A connection that resolves, checks and connects by itself, once, to one checked address.

    `_plug` is a second handle of the same socket: TLS takes the first one over, and shutting this
    one ends both.
    """

    _plug: socket.socket | None = None
    _peer: Address | None = None

    def _new_conn(self) -> socket.socket:
        call = _current.get()
        call.client.courtesy.go()
        fault: OSError = OSError("no address")
        for address in call.client.addresses(call, self.host, self.port):
            try:
                sock = create_connection(
                    (str(address), self.port), self.timeout, socket_options=self.socket_options
                )
            except OSError as refused:
                fault = refused
                continue
            self._peer = address
            self._plug = sock.dup()
            call.watch(self._plug)
            return sock
        raise fault

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send; a kept-alive connection is checked and watched as a new one is."""
        call = _current.get()
        if self._peer is not None and self._plug is not None:
            call.client.policy.check_address(call.origin, self._peer)
            call.watch(self._plug)
        super().request(*args, **kwargs)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        """Wait for the answer to begin, and only then read it."""
        courtesy = _current.get().client.courtesy
        courtesy.go()
        if not _is_ready(self.sock, self.timeout):
            raise TimeoutError("timed out")
        courtesy.come()
        answer = super().getresponse()
        courtesy.go()
        return answer

    def close(self) -> None:
        """Close both handles of the socket."""
        plug, self._plug, self._peer = self._plug, None, None
        super().close()
        if plug is not None:
            plug.close()


def _is_ready(sock: Any, seconds: Any) -> bool:
    """Whether there is something to read, or an end, within so many seconds."""
    if getattr(sock, "pending", int)():
        return True  # TLS has taken it from the network already
    wait = select.poll()
    wait.register(sock, select.POLLIN)
    limit = seconds * 1000 if isinstance(seconds, int | float) else None
    return bool(wait.poll(limit))


class _PinnedTLS(_Pinned, HTTPSConnection):
    """The same with TLS: name and certificate are checked against the host, not the address."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Pinned


class _PoolTLS(urllib3.HTTPSConnectionPool):
    ConnectionCls = _PinnedTLS


class _GuardedAdapter(HTTPAdapter):
    """requests' adapter, opening our connections; no retries of its own."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Give the pool manager our pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}

    def proxy_manager_for(self, *_args: Any, **_kwargs: Any) -> Any:
        """A proxy would resolve names for us, unchecked."""
        raise CallFailed(Reason.REFUSED, "Outbound calls do not go through a proxy.")


def _prepare(
    method: str, url: str, headers: Mapping[str, str], body: bytes
) -> requests.PreparedRequest:
    """The request as it will be sent, or CallFailed(refused)."""
    if method not in _METHODS:
        raise CallFailed(Reason.REFUSED, "The method is not one that we send.")
    if any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        raise CallFailed(Reason.REFUSED, "The address holds spaces or control characters.")
    for name, value in headers.items():
        if not name.replace("-", "").isalnum() or not name.isascii():
            raise CallFailed(Reason.REFUSED, "A header name holds a character that it may not.")
        if not value.isprintable() or not value.isascii():
            raise CallFailed(Reason.REFUSED, f"The header {name} holds a control character.")
    Origin.of(url)
    sent = {"User-Agent": "forthwith", **headers, "Accept-Encoding": "identity"}
    try:
        return requests.Request(method, url, headers=sent, data=body or None).prepare()
    except (requests.RequestException, UnicodeError):
        raise CallFailed(Reason.REFUSED, "The address cannot be read.") from None


def _read(answer: requests.Response, call: _Call, max_bytes: int) -> Response:
    """The body, as it comes, up to `max_bytes`."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise CallFailed(Reason.UNREADABLE, f"{call.origin} compressed its answer unasked.")
    parts: list[bytes] = []
    size = 0
    while chunk := answer.raw.read1(_CHUNK, decode_content=False):
        size += len(chunk)
        if size > max_bytes:
            raise CallFailed(
                Reason.TOO_LARGE, f"The answer of {call.origin} is over {max_bytes} bytes."
            )
        parts.append(chunk)
        if call.over:
            break
    if call.over:
        raise CallFailed(Reason.TIMEOUT, f"{call.origin} did not answer in time.")
    return Response(answer.status_code, MappingProxyType(headers), b"".join(parts))


def _failure(fault: Exception, call: _Call) -> CallFailed:
    """What happened, without the texts of the libraries: those repeat the address."""
    timeouts = (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    if call.over or isinstance(fault, timeouts) or "timed out" in str(fault):
        return CallFailed(Reason.TIMEOUT, f"{call.origin} did not answer in time.")
    if isinstance(fault, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return CallFailed(Reason.UNTRUSTED, f"The certificate of {call.origin} is not trusted.")
    if isinstance(fault, requests.ConnectionError | OSError):
        return CallFailed(Reason.UNREACHABLE, f"{call.origin} could not be reached.")
    return CallFailed(Reason.UNREADABLE, f"The answer of {call.origin} could not be read.")
