"""The register of EHR servers, and the command that keeps it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.cli import run
from app.domain.ehr import EhrServer
from app.errors import BadSetting
from app.flows.ehr import add, listed, register, remove
from app.settings import Settings
from app.store import Store

NOW = datetime(2026, 11, 25, tzinfo=UTC)
BASE = "https://ehr.northside.example/fhir"


def test_a_server_is_registered_once_and_removed(store: Store) -> None:
    ask = register(store, Settings(tenant="t"))
    assert add(store, "t", f"{BASE}/", NOW) == EhrServer(BASE)
    add(store, "t", BASE, NOW, batch=True)
    assert list(ask()) == [EhrServer(BASE, batch=True)]
    assert list(register(store, Settings(tenant="other"))()) == []
    assert remove(store, "t", f"{BASE}/")
    assert not remove(store, "t", BASE)
    assert list(ask()) == []


def test_what_the_setting_names_is_listed_and_asked_too(store: Store) -> None:
    settings = replace(Settings(tenant="t"), ehr_servers=("http://localhost:9999/fhir",))
    add(store, "t", BASE, NOW)
    assert [each.by_setting for each in listed(store, "t", settings)] == [True, False]
    assert {server.base for server in register(store, settings)()} == {
        "http://localhost:9999/fhir",
        BASE,
    }


@pytest.mark.parametrize(
    "address",
    [
        "http://ehr.northside.example/fhir",
        "https://10.1.2.3/fhir",
        "https://[fd00::1]/fhir",
        "https://169.254.169.254/",
        "https://user:secret@ehr.example/fhir",
        "ftp://ehr.example",
        "https://ehr.example/fhir?tenant=1",
        "",
    ],
)
def test_an_address_that_may_never_be_called_cannot_be_registered(
    store: Store, address: str
) -> None:
    with pytest.raises(BadSetting) as said:
        add(store, "t", address, NOW)
    assert "secret" not in str(said.value)
    with pytest.raises(BadSetting):
        register(store, replace(Settings(), ehr_servers=(address,)))


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/fhir", "http://[::1]/r4", "https://x.org"])
def test_this_machine_and_public_names_can_be_registered(store: Store, address: str) -> None:
    assert add(store, "t", address, NOW).base == address


def test_the_command_adds_lists_and_removes(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    environ = {"DATABASE_URL": database, "FORTHWITH_EHR_SERVERS": "https://b.example/r4"}
    assert run(["ehr", "add", BASE, "--batch"], environ) == 0
    assert run(["ehr", "list"], environ) == 0
    assert run(["ehr", "remove", BASE], environ) == 0
    assert run(["ehr", "remove", BASE], environ) == 1
    assert run(["ehr", "add", "https://10.0.0.1"], environ) == 2
    assert run(["ehr", "list"], {"DATABASE_URL": database}) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        f"{BASE} may be asked during CRD calls.",
        "https://b.example/r4  by FORTHWITH_EHR_SERVERS",
        f"{BASE}  batch",
        f"{BASE} is not asked any more.",
        f"{BASE} is not registered here.",
        "No EHR server is registered: CRD answers with what a request brings along.",
    ]
    assert "may not be called (private)" in printed.err
