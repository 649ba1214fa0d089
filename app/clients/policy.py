"""Which addresses may be called: the rules of the guard, without any network.

A name is only a claim; what counts is the address that it resolves to. Public addresses may be
called, unless the caller is bound to a list of origins. Addresses inside the operator's network are
refused, unless the operator registered that very origin; link-local (a cloud's metadata service
lives there), multicast, unspecified and reserved addresses are refused always.
"""

from __future__ import annotations

import ipaddress
from enum import StrEnum

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from app.sealed import sealed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_SHARED = ipaddress.IPv4Network("100.64.0.0/10")  # RFC 6598: carriers and clouds use it inside
_PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
_PORTS = {"http": 80, "https": 443}


class Reason(StrEnum):
    """Why a call gave no answer."""

    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    UNTRUSTED = "untrusted"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"


class CallFailed(Exception):
    """No answer. The message names the origin and the rule, never a path, a header or a body.

    `reason` is `refused` when nothing was sent.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Place(StrEnum):
    """Where an address lies, as the rules see it."""

    PUBLIC = "public"
    PRIVATE = "private"
    LOOPBACK = "loopback"
    NEVER = "never"


def place(address: Address) -> Place:
    """Where `address` lies; an IPv4 address inside an IPv6 one counts as that IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return place(inner)
    if address.is_loopback:
        return Place.LOOPBACK
    if address.is_multicast or address.is_link_local or address.is_unspecified:
        return Place.NEVER
    if address in _SHARED or any(address in block for block in _PRIVATE):
        return Place.PRIVATE
    return Place.PUBLIC if address.is_global and not address.is_reserved else Place.NEVER


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, 6to4, Teredo or NAT64."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


@sealed(frozen=True, slots=True)
class Origin:
    """Scheme, host in lower case and port: what a registration names, `https://ehr.example:443`."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of an http(s) address; CallFailed(refused) for anything that is not one.

        The parser is the one that will open the connection, so the two cannot disagree.
        """
        try:
            parts = parse_url(url)
        except LocationParseError:
            raise CallFailed(Reason.REFUSED, "The address cannot be read.") from None
        scheme = (parts.scheme or "").lower()
        if scheme not in _PORTS or not parts.host:
            raise CallFailed(Reason.REFUSED, "The address must start with https:// and a host.")
        if parts.auth is not None:
            raise CallFailed(Reason.REFUSED, "The address must not carry a user or a password.")
        host = parts.host.strip("[]").rstrip(".").lower()
        return cls(scheme, host, parts.port or _PORTS[scheme])

    @property
    def says_loopback(self) -> bool:
        """True when the host itself is this machine in so many words: localhost, 127.*, ::1."""
        if self.host == "localhost":
            return True
        try:
            return place(ipaddress.ip_address(self.host)) is Place.LOOPBACK
        except ValueError:
            return False

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = _PORTS[self.scheme] == self.port
        return f"{self.scheme}://{host}" if default else f"{self.scheme}://{host}:{self.port}"


@sealed(frozen=True, slots=True)
class OutboundPolicy:
    """What one client may call.

    `only`: the origins that it is bound to, None for any public one. `private`: origins of the
    operator's own systems, which may lie in a private network. `loopback`: origins that name this
    machine in so many words; only these may be plain http.
    """

    only: frozenset[Origin] | None = None
    private: frozenset[Origin] = frozenset()
    loopback: frozenset[Origin] = frozenset()

    @classmethod
    def own_system(cls, url: str) -> OutboundPolicy:
        """For one address that the operator wrote into a setting: that origin and no other."""
        origin = Origin.of(url)
        here = frozenset({origin})
        return cls(here, here, here if origin.says_loopback else frozenset())

    def check_origin(self, origin: Origin) -> None:
        """Raise CallFailed(refused) when this origin may not be called, wherever it lies."""
        if self.only is not None and origin not in self.only:
            raise CallFailed(Reason.REFUSED, f"{origin} is not registered.")
        if origin.scheme != "https" and not (origin in self.loopback and origin.says_loopback):
            raise CallFailed(Reason.REFUSED, f"{origin} must be an https address.")

    def check_address(self, origin: Origin, address: Address) -> None:
        """Raise CallFailed(refused) when `origin` resolves to an address that it may not have."""
        where = place(address)
        if where is Place.LOOPBACK:
            allowed = origin in self.loopback and origin.says_loopback
        elif where is Place.PRIVATE:
            allowed = origin in self.private
        else:
            allowed = where is Place.PUBLIC
        if not allowed:
            raise CallFailed(
                Reason.REFUSED, f"{origin} leads to an address that may not be called ({where})."
            )
