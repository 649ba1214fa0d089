"""The one HTTP client: what it sends, what it refuses, and that nobody can hold it."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from app.clients.guard import GuardedClient, Response, Timeout
from app.clients.policy import CallFailed, Origin, OutboundPolicy, Reason

PATIENT = Timeout(total=5.0)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"


def says(*pieces: bytes, pause: float = 0.0, close: bool = False) -> Callable[..., None]:
    def answer(connection: socket.socket, _head: bytes) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        if close:
            connection.shutdown(socket.SHUT_RDWR)

    return answer


@pytest.fixture
def call() -> Iterator[Callable[..., Response]]:
    clients = []

    def ask(url: str, **extra: object) -> Response:
        policy = extra.pop("policy", OutboundPolicy.own_system(url))
        client = GuardedClient(policy, **extra.pop("client", {}))  # type: ignore[arg-type]
        clients.append(client)
        words = {"method": "GET", "timeout": PATIENT, "max_bytes": 1000, **extra}
        return client.request(words.pop("method"), url, **words)  # type: ignore[arg-type]

    yield ask
    for client in clients:
        client.close()


def failing(ask: Callable[..., Response], url: str, **extra: object) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        ask(url, **extra)
    return caught.value


def test_status_headers_and_body_come_back(call, peer) -> None:
    one = peer(says(OK))
    answer = call(f"{one.url}/a?b=c", method="POST", body=b'{"x":1}', headers={"X-Trace": "7"})
    assert (answer.status, answer.headers["content-type"], answer.body) == (
        200,
        "text/plain",
        b"hello",
    )
    head = one.requests[0]
    assert head.startswith(b"POST /a?b=c HTTP/1.1\r\n") and head.endswith(b'{"x":1}')
    assert b"X-Trace: 7" in head and b"Accept-Encoding: identity" in head
    assert f"Host: 127.0.0.1:{one.port}".encode() in head


def test_chunked_answers_are_read(call, peer) -> None:
    one = peer(
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
    )
    assert call(one.url).body == b"hello"


def test_an_error_status_is_an_answer_not_an_exception(call, peer) -> None:
    assert call(peer(says(OK.replace(b"200 OK", b"503 No"))).url).status == 503


def test_connections_are_kept_alive_and_shared_by_threads(peer) -> None:
    one = peer(says(OK))
    with closing(GuardedClient(OutboundPolicy.own_system(one.url))) as client:
        for _ in range(5):
            client.request("GET", one.url, timeout=PATIENT, max_bytes=10)
        assert one.connections == 1
        with ThreadPoolExecutor(8) as threads:
            bodies = threads.map(
                lambda _: client.request("GET", one.url, timeout=PATIENT, max_bytes=10).body,
                range(100),
            )
            assert set(bodies) == {b"hello"}


def test_a_redirect_is_not_followed(call, peer) -> None:
    target = peer(says(OK))
    there = f"HTTP/1.1 302 Go\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n".encode()
    assert call(peer(says(there)).url).status == 302
    assert target.connections == 0


def test_proxies_and_netrc_of_the_environment_are_ignored(
    call, peer, monkeypatch, tmp_path
) -> None:
    proxy, one = peer(says(OK)), peer(says(OK))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert call(one.url).status == 200
    assert proxy.connections == 0 and b"authorization" not in one.requests[0].lower()


def test_a_cookie_does_not_reach_the_next_call(peer) -> None:
    one = peer(says(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n")))
    with closing(GuardedClient(OutboundPolicy.own_system(one.url))) as client:
        for _ in range(2):
            client.request("GET", one.url, timeout=PATIENT, max_bytes=10)
    assert b"cookie" not in one.requests[1].lower()


def test_loopback_is_refused_unless_registered(call, peer) -> None:
    one = peer(says(OK))
    fault = failing(call, one.url, policy=OutboundPolicy())
    assert fault.reason is Reason.REFUSED and one.connections == 0


def test_a_public_name_with_a_private_address_is_refused_before_connecting(call, peer) -> None:
    """Server-side request forgery by DNS: the name looks harmless, its address is not."""
    one = peer(says(OK))
    for inside in ("127.0.0.1", "10.0.0.7", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1%eth0"):
        fault = failing(
            call,
            f"https://ehr.example:{one.port}/Patient/secret",
            policy=OutboundPolicy(),
            client={"resolve": lambda _host, _port, inside=inside: [inside]},
        )
        assert fault.reason is Reason.REFUSED and "secret" not in str(fault)
    assert one.connections == 0


def test_one_forbidden_address_among_several_refuses_the_name(call) -> None:
    fault = failing(
        call,
        "https://ehr.example",
        policy=OutboundPolicy(),
        client={"resolve": lambda *_: ["93.184.215.14", "10.0.0.1"]},
    )
    assert fault.reason is Reason.REFUSED


def test_the_name_is_resolved_once_and_that_address_is_connected_to(peer) -> None:
    """DNS rebinding: the second look-up would give another address, so there is none."""
    one = peer(says(OK))
    asked: list[str] = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    url = f"http://localhost:{one.port}"
    with closing(GuardedClient(OutboundPolicy.own_system(url), resolve=resolve)) as client:
        for _ in range(3):
            client.request("GET", url, timeout=PATIENT, max_bytes=10)
    assert asked == ["localhost"]


def test_a_kept_alive_connection_is_checked_again(peer) -> None:
    """When a registration is taken back, an open connection does not outlive it."""
    one = peer(says(OK))
    with closing(GuardedClient(OutboundPolicy.own_system(one.url))) as client:
        client.request("GET", one.url, timeout=PATIENT, max_bytes=10)
        client.policy = OutboundPolicy(loopback=frozenset())
        with pytest.raises(CallFailed) as caught:
            client.request("GET", one.url, timeout=PATIENT, max_bytes=10)
        assert caught.value.reason is Reason.REFUSED
        origin = Origin.of(one.url)
        client.policy = OutboundPolicy(loopback=frozenset({origin}))
        client.request("GET", one.url, timeout=PATIENT, max_bytes=10)
    assert len(one.requests) == 2


def test_the_next_address_is_tried_when_one_does_not_answer(peer) -> None:
    one = peer(says(OK))
    url = f"http://localhost:{one.port}"
    client = GuardedClient(
        OutboundPolicy.own_system(url), resolve=lambda *_: ["127.0.0.2", "127.0.0.1"]
    )
    with closing(client):
        assert client.request("GET", url, timeout=PATIENT, max_bytes=10).body == b"hello"


@pytest.mark.parametrize(
    "headers",
    [
        {"X": "a\r\nEvil: 1"},
        {"X": "a\nb"},
        {"X\r\nY": "a"},
        {"X": "a\x00"},
        {"": "a"},
        {"X Y": "a"},
        {"X": "ü"},
    ],
)
def test_a_header_cannot_carry_another(call, peer, headers: dict[str, str]) -> None:
    one = peer(says(OK))
    assert failing(call, one.url, headers=headers).reason is Reason.REFUSED
    assert one.connections == 0


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX: y", "/\x00", "/\t"])
def test_an_address_with_control_characters_is_refused(call, peer, path: str) -> None:
    one = peer(says(OK))
    policy = OutboundPolicy.own_system(one.url)
    assert failing(call, one.url + path, policy=policy).reason is Reason.REFUSED


def test_an_unknown_method_is_refused(call, peer) -> None:
    assert failing(call, peer(says(OK)).url, method="CONNECT").reason is Reason.REFUSED


def test_a_long_answer_is_cut_off_while_reading(call, peer) -> None:
    for head in (b"Content-Length: 100000000\r\n", b""):
        big = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + b"x" * 50_000
        fault = failing(call, peer(says(big)).url)
        assert fault.reason is Reason.TOO_LARGE


def test_a_compressed_answer_is_refused(call, peer) -> None:
    body = gzip.compress(b"0" * 1_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    assert failing(call, peer(says(head.encode() + body)).url).reason is Reason.UNREADABLE


def test_a_truncated_answer_is_not_taken_for_whole(call, peer) -> None:
    fault = failing(call, peer(says(OK[:-2], close=True)).url)
    assert fault.reason in (Reason.UNREADABLE, Reason.UNREACHABLE)


def test_what_is_not_http_is_unreadable(call, peer) -> None:
    fault = failing(call, peer(says(b"SSH-2.0-OpenSSH\r\n\r\n", close=True)).url)
    assert fault.reason in (Reason.UNREADABLE, Reason.UNREACHABLE)


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_peer_that_drips_cannot_hold_us_longer_than_the_total_time(
    call, peer, where: str
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
    drops = [bytes([byte]) for byte in (OK if where == "head" else b"y" * 100)]
    one = peer(says(*([head] if where == "body" else []), *drops, pause=0.05))
    started = time.monotonic()
    fault = failing(call, one.url, timeout=Timeout(total=0.4, read=0.3))
    assert fault.reason is Reason.TIMEOUT
    assert time.monotonic() - started < 1.0


def test_a_silent_peer_is_given_up_after_the_read_time(call, peer) -> None:
    fault = failing(call, peer(says(b"")).url, timeout=Timeout(total=5.0, read=0.2))
    assert fault.reason is Reason.TIMEOUT


def test_a_slow_resolver_is_given_up(call) -> None:
    release = threading.Event()
    fault = failing(
        call,
        "https://ehr.example",
        policy=OutboundPolicy(),
        timeout=Timeout(total=0.2),
        client={"resolve": lambda *_: (release.wait(5), [])[1]},
    )
    release.set()
    assert fault.reason is Reason.TIMEOUT


def test_a_closed_port_and_an_unknown_name_are_unreachable(call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert failing(call, f"http://127.0.0.1:{port}").reason is Reason.UNREACHABLE

    def nowhere(*_: object) -> list[str]:
        raise socket.gaierror(-2, "unknown")

    fault = failing(
        call, "https://no.example", policy=OutboundPolicy(), client={"resolve": nowhere}
    )
    assert fault.reason is Reason.UNREACHABLE


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate for ehr.example that is its own authority."""
    if shutil.which("openssl") is None:
        pytest.skip("the openssl command makes the certificate of this test, and is not here")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        (
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ehr.example"
            f" -addext subjectAltName=DNS:ehr.example -keyout {key} -out {cert}"
        ).split(),
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.fixture
def tls_port(certificate) -> Iterator[tuple[int, list[str]]]:
    """A TLS peer; the list collects the server names (SNI) that callers ask for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    names: list[str] = []
    context.sni_callback = lambda _sock, name, _context: names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                plain, _ = listener.accept()
                with (
                    plain,
                    suppress(OSError),
                    context.wrap_socket(plain, server_side=True) as secure,
                ):
                    secure.recv(65536)
                    secure.sendall(OK)

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1], names
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


class Lenient(OutboundPolicy):
    """As if 127.0.0.1 were a public address, so that TLS can be tried without leaving home."""

    def check_address(self, origin: object, address: object) -> None:
        """Anything goes."""


def test_tls_checks_the_name_while_connecting_to_the_address(call, certificate, tls_port) -> None:
    port, names = tls_port
    here = {"resolve": lambda *_: ["127.0.0.1"], "ca_file": str(certificate[0])}
    answer = call(f"https://ehr.example:{port}", policy=Lenient(), client=here)
    assert answer.body == b"hello" and names == ["ehr.example"]

    fault = failing(call, f"https://other.example:{port}", policy=Lenient(), client=here)
    assert fault.reason is Reason.UNTRUSTED


def test_an_unknown_authority_is_not_trusted(call, tls_port) -> None:
    fault = failing(
        call,
        f"https://ehr.example:{tls_port[0]}",
        policy=Lenient(),
        client={"resolve": lambda *_: ["127.0.0.1"]},
    )
    assert fault.reason is Reason.UNTRUSTED


def test_a_tls_handshake_that_never_ends_is_given_up(call, peer) -> None:
    one = peer(says(b""))
    fault = failing(
        call,
        f"https://ehr.example:{one.port}",
        policy=Lenient(),
        timeout=Timeout(total=0.3),
        client={"resolve": lambda *_: ["127.0.0.1"]},
    )
    assert fault.reason is Reason.TIMEOUT
