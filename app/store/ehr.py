"""The register of EHR servers that may be asked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select

from app.domain.ehr import EhrServer
from app.store.link import ReadLink, WriteLink
from app.store.tables import ehr_servers

_ALL = (
    select(ehr_servers.c.base, ehr_servers.c.batch)
    .where(ehr_servers.c.tenant == bindparam("tenant"))
    .order_by(ehr_servers.c.base)
)


class EhrServers:
    """Reads the register."""

    def __init__(self, link: ReadLink) -> None:
        self._link = link

    def all(self) -> tuple[EhrServer, ...]:
        """Every registered server, by its base."""
        return tuple(EhrServer(row.base, bool(row.batch)) for row in self._link.quickly(_ALL, {}))


class EhrServerWriter(EhrServers):
    """Reads and changes the register."""

    def __init__(self, link: WriteLink) -> None:
        super().__init__(link)
        self._write = link

    def put(self, server: EhrServer, at: datetime) -> None:
        """Register a server, in place of one with the same base."""
        self.remove(server.base)
        self._write.add(
            ehr_servers, {"base": server.base, "batch": int(server.batch), "added_at": at}
        )

    def remove(self, base: str) -> None:
        """Strike a server off the register; nothing happens when it is not there."""
        self._write.many("DELETE FROM ehr_servers WHERE tenant = ? AND base = ?", [(base,)])
