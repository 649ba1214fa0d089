"""Which addresses may be called."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clients.policy import CallFailed, Origin, OutboundPolicy, Place, Reason, place

PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::1",
]
LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "2002:7f00:1::"]
NEVER = [
    "169.254.169.254",
    "fe80::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "224.0.0.1",
    "ff02::1",
    "0.0.0.0",
    "::",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "2001:db8::1",
    "0.1.2.3",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(text, Place.PUBLIC) for text in PUBLIC]
    + [(text, Place.PRIVATE) for text in PRIVATE]
    + [(text, Place.LOOPBACK) for text in LOOPBACK]
    + [(text, Place.NEVER) for text in NEVER],
)
def test_each_address_has_its_place(text: str, expected: Place) -> None:
    assert place(ipaddress.ip_address(text)) is expected


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_has_the_same_place_inside_ipv6(inner: ipaddress.IPv4Address) -> None:
    mapped = ipaddress.IPv6Address(f"::ffff:{inner}")
    translated = ipaddress.IPv6Address(int(ipaddress.IPv6Address("64:ff9b::")) + int(inner))
    assert place(mapped) is place(translated) is place(inner)


@given(st.ip_addresses())
def test_nothing_but_public_addresses_is_called_without_registration(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    try:
        OutboundPolicy().check_address(Origin("https", "ehr.example", 443), address)
    except CallFailed as refused:
        assert refused.reason is Reason.REFUSED
        assert str(address) not in str(refused)
    else:
        assert address.is_global or place(address) is Place.PUBLIC


def test_a_private_address_is_called_only_for_the_registered_origin() -> None:
    inside = ipaddress.ip_address("10.1.2.3")
    policy = OutboundPolicy.own_system("https://eligibility.payer.example/find")
    policy.check_address(Origin.of("https://eligibility.payer.example/x"), inside)
    for other in (
        "https://eligibility.payer.example:8443",
        "https://x.example",
        "https://payer.example",
    ):
        with pytest.raises(CallFailed):
            policy.check_address(Origin.of(other), inside)
        with pytest.raises(CallFailed, match="not registered"):
            policy.check_origin(Origin.of(other))


def test_a_metadata_address_is_refused_even_when_registered() -> None:
    policy = OutboundPolicy.own_system("https://169.254.169.254/latest")
    with pytest.raises(CallFailed, match="may not be called"):
        policy.check_address(
            Origin.of("https://169.254.169.254"), ipaddress.ip_address("169.254.169.254")
        )


def test_a_registered_name_that_resolves_to_loopback_is_refused() -> None:
    """A loopback address counts only when the registration says so in so many words."""
    policy = OutboundPolicy.own_system("https://eligibility.payer.example")
    with pytest.raises(CallFailed):
        policy.check_address(
            Origin.of("https://eligibility.payer.example"), ipaddress.ip_address("127.0.0.1")
        )
    local = OutboundPolicy.own_system("http://localhost:9000")
    local.check_address(Origin.of("http://localhost:9000"), ipaddress.ip_address("127.0.0.1"))


def test_plain_http_is_for_this_machine_alone() -> None:
    for url in ("http://ehr.example", "http://10.0.0.1"):
        with pytest.raises(CallFailed, match="https"):
            OutboundPolicy.own_system(url).check_origin(Origin.of(url))
    OutboundPolicy.own_system("http://127.0.0.1:1").check_origin(Origin.of("http://127.0.0.1:1/p"))
    OutboundPolicy().check_origin(Origin.of("https://ehr.example"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example",
        "file:///etc/passwd",
        "//a.example",
        "https://",
        "https://user:pw@a.example",
        "https://a.example:99999",
        "",
        "javascript:x",
    ],
)
def test_what_is_not_a_web_address_is_refused(url: str) -> None:
    with pytest.raises(CallFailed) as refused:
        Origin.of(url)
    assert refused.value.reason is Reason.REFUSED


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://EHR.Example./a", "https://ehr.example"),
        ("https://ehr.example:443", "https://ehr.example"),
        ("https://ehr.example:8443/x?y", "https://ehr.example:8443"),
        ("http://[::1]:80/", "http://[::1]"),
    ],
)
def test_an_origin_is_written_one_way(url: str, text: str) -> None:
    assert str(Origin.of(url)) == text
    assert Origin.of(url) == Origin.of(text)
