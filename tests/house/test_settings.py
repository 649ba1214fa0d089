"""Every setting is documented, read by something, and refused in one sentence when it is wrong."""

from __future__ import annotations

import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from app.errors import BadSetting
from app.settings import ELSEWHERE, Settings, names, unknown

ROOT = Path(__file__).resolve().parents[2]

BAD = {
    "PORT": ["0", "65536", "80a", "-1", "٣"],
    "DATABASE_URL": ["mysql://x/y", "forthwith.db", "postgresql://", "sqlite:///"],
    "FORTHWITH_PUBLIC_URL": ["example.org", "ftp://example.org", "http://x/?a=b"],
    "FORTHWITH_WORKERS": ["0", "many"],
    "FORTHWITH_SQLITE_SYNC": ["OFF"],
    "FORTHWITH_DEMO": ["maybe"],
    "FORTHWITH_MAX_BODY_BYTES": ["1", "10 MB"],
    "FORTHWITH_MAX_DEPTH": ["7", "100000"],
    "FORTHWITH_MAX_ENTRIES": ["0"],
    "FORTHWITH_ELIGIBILITY_URL": ["payer.internal"],
    "FORTHWITH_ELIGIBILITY_TIMEOUT": ["0", "nan", "soon", "61"],
    "FORTHWITH_EHR_SERVERS": ["ehr.internal", "https://ehr.example ftp://ehr.example"],
    "FORTHWITH_EHR_SECONDS": ["0", "61"],
    "FORTHWITH_AUTH": ["smart"],
    "FORTHWITH_LOG_LEVEL": ["LOUD"],
}


def test_no_variable_gives_the_defaults() -> None:
    settings = Settings.from_environ({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.address == "http://127.0.0.1:8080"
    assert settings.sqlite_sync == "FULL"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_environ({"PORT": " "}) == Settings.from_environ({})


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_a_bad_value_is_one_sentence_that_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.from_environ({name: value})
    sentence = str(caught.value)
    assert sentence.startswith(f"{name} must") and sentence.endswith(".") and "\n" not in sentence


def test_a_bad_database_url_is_not_repeated_as_it_may_hold_a_password() -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.from_environ({"DATABASE_URL": "mysql://u:hunter2@h/d"})
    assert "hunter2" not in str(caught.value)
    settings = Settings.from_environ({"DATABASE_URL": "postgresql://u:hunter2@h/d"})
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_gets_the_psycopg_driver(scheme: str) -> None:
    settings = Settings.from_environ({"DATABASE_URL": f"{scheme}://u@h/d"})
    assert settings.database_url == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "payer.example", ""])
def test_without_authentication_only_a_loopback_address_may_serve(host: str) -> None:
    settings = Settings.from_environ({"HOST": host} if host else {"HOST": "10.0.0.1"})
    with pytest.raises(BadSetting, match="loopback"):
        settings.check_door()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST"])
def test_every_loopback_address_may_serve(host: str) -> None:
    Settings.from_environ({"HOST": host}).check_door()


def test_an_address_of_version_six_is_written_in_brackets() -> None:
    assert Settings.from_environ({"HOST": "::1"}).address == "http://[::1]:8080"


def test_a_mistyped_setting_is_named_with_the_nearest_real_one() -> None:
    said = list(unknown({"FORTHWITH_WORKER": "2", "FORTHWITH_PORT": "1", "FORTHWITH_ZZZ": "1"}))
    assert said == [
        "FORTHWITH_PORT is not a setting and was ignored. Did you mean PORT?",
        "FORTHWITH_WORKER is not a setting and was ignored. Did you mean FORTHWITH_WORKERS?",
        "FORTHWITH_ZZZ is not a setting and was ignored.",
    ]


def test_known_foreign_and_test_variables_are_not_warned_about() -> None:
    assert not list(unknown(dict.fromkeys([*names(), "PATH", "FORTHWITH_TEST_POSTGRES"], "")))


def test_every_setting_is_on_the_reference_page_with_a_sentence() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text("utf-8")
    for declared in fields(Settings):
        about = declared.metadata
        assert f"| `{about['name']}` |" in page
        assert about["says"].endswith(".")


@pytest.mark.parametrize("name", [declared.name for declared in fields(Settings)])
def test_every_setting_is_read_by_the_program(name: str) -> None:
    """A setting that changes nothing is a false promise."""
    inside = "settings.py" if name in ("host", "port", "public_url", "auth") else None
    read = re.compile(rf"\b(settings|self)\.{name}\b")
    places = [
        path
        for path in (ROOT / "app").rglob("*.py")
        if (path.name != "settings.py" or inside) and read.search(path.read_text("utf-8"))
    ]
    assert places


def test_every_variable_of_ours_that_is_named_anywhere_is_known() -> None:
    known = {*names(), *ELSEWHERE}
    listed = subprocess.run(
        ["git", "grep", "-ohE", "FORTHWITH_[A-Z_]+[A-Z]", "--", ":!tests/house", ":!CHANGELOG.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(listed.stdout.split()) - known == set()
