"""Which EHR servers may be asked: those of the setting, and those that an operator registered."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from app.clients.policy import CallFailed, Origin, OutboundPolicy
from app.domain.ehr import EhrServer
from app.errors import BadSetting
from app.sealed import sealed
from app.settings import Settings
from app.store import Store

Registered = Callable[[], Sequence[EhrServer]]


@sealed(frozen=True, slots=True)
class Listed:
    """A server that may be asked, and where it is registered."""

    server: EhrServer
    by_setting: bool


def add(
    store: Store, tenant: str, address: str, now: datetime, *, batch: bool = False
) -> EhrServer:
    """Register a FHIR server by its base address; BadSetting when no call could ever reach it."""
    server = replace(usable(address), batch=batch)
    with store.write(tenant) as work:
        work.ehr_servers.put(server, now)
    return server


def remove(store: Store, tenant: str, address: str) -> bool:
    """Strike a server off the register; False when it was not there. Calls stop at once."""
    base = address.strip().rstrip("/")
    with store.write(tenant) as work:
        known = any(server.base == base for server in work.ehr_servers.all())
        work.ehr_servers.remove(base)
    return known


def listed(store: Store, tenant: str, settings: Settings) -> tuple[Listed, ...]:
    """Every server that may be asked; what the setting names comes first."""
    with store.read(tenant) as look:
        stored = look.ehr_servers.all()
    named = tuple(Listed(usable(address), by_setting=True) for address in settings.ehr_servers)
    return (*named, *(Listed(server, by_setting=False) for server in stored))


def register(store: Store, settings: Settings) -> Registered:
    """The register as the client asks for it, once for each hook call that needs an EHR.

    Raises BadSetting now for a setting that cannot be used.
    """
    named = tuple(usable(address) for address in settings.ehr_servers)

    def registered() -> Sequence[EhrServer]:
        with store.read(settings.tenant) as look:
            return (*look.ehr_servers.all(), *named)

    return registered


def usable(address: str) -> EhrServer:
    """The server at this base address; BadSetting with what is wrong with it."""
    base = address.strip().rstrip("/")
    try:
        origin = Origin.of(base)
        here = frozenset({origin})
        policy = OutboundPolicy(here, loopback=here if origin.says_loopback else frozenset())
        policy.check_origin(origin)
        literal = _literal(origin.host)
        if literal is not None:
            policy.check_address(origin, literal)
    except CallFailed as refused:
        raise BadSetting(f"An EHR server at that address cannot be called: {refused}") from None
    if "?" in base or "#" in base:
        raise BadSetting("The base address of a FHIR server has no query and no fragment.")
    return EhrServer(base)


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
