"""The way out, against a real server on this machine, and against addresses that must be refused."""

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import httpcore2
import httpx2
import pytest

from lib import http, network

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def answer(body: bytes, head: bytes = OK, extra: bytes = b"") -> bytes:
    return head + extra + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


class Upstream:
    """A raw TCP server that gives the prepared answers, one a connection, and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[bytes | Callable[[socket.socket], None]] = []
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            with peer:
                self.requests.append(_read_request(peer))
                reply = self.answers.pop(0) if self.answers else b""
                try:
                    reply(peer) if callable(reply) else peer.sendall(reply)
                except OSError:
                    continue

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


def _read_request(peer: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = peer.recv(65536)
        if not chunk:
            return data
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    size = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < size:
        body += peer.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    server = Upstream()
    yield server
    server.close()


@contextmanager
def client(upstream: Upstream, **options) -> Iterator[http.Client]:
    waits = options.pop("waits", [])
    with http.Client(upstream.url, allow_private=True, sleep=waits.append, **options) as found:
        yield found


def test_numbers_stay_exact_and_parameters_without_value_are_left_out(upstream):
    upstream.answers = [answer(b'{"amount": 1250.10, "n": 3, "big": 12345678901234567.89}')]
    with client(upstream, headers={"X-KEY": "k"}) as api:
        got = api.get("/sales", params={"page": 1, "from": None, "q": "água"})
    assert got.data == {"amount": Decimal("1250.10"), "n": 3, "big": Decimal("12345678901234567.89")}
    head = upstream.requests[0].decode()
    assert head.startswith("GET /sales?page=1&q=%C3%A1gua HTTP/1.1")
    assert "X-KEY: k" in head
    assert "User-Agent: Painel/1" in head


def test_a_busy_upstream_is_asked_again_after_what_it_asked_for(upstream):
    busy = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n"
    upstream.answers = [answer(b"{}", busy), answer(b"[]", b"HTTP/1.1 500 Oops\r\n"), answer(b"[1]")]
    waits: list[float] = []
    asked: list[str] = []
    with client(upstream, waits=waits, before=asked.append) as api:
        assert api.get("/x", endpoint="sales").data == [1]
        assert api.counters.requests == 3
    assert asked == ["sales"] * 3
    assert waits[0] == 7.0
    assert 0.5 <= waits[1] <= 1.0


def test_a_wait_that_is_too_long_is_the_callers_decision(upstream):
    upstream.answers = [answer(b'{"message": "slow down"}', b"HTTP/1.1 429 X\r\nRetry-After: 3600\r\n")]
    with client(upstream) as api, pytest.raises(http.StatusError) as caught:
        api.get("/x")
    assert caught.value.status == 429
    assert caught.value.retry_after == timedelta(hours=1)
    assert caught.value.data == {"message": "slow down"}


def test_a_post_is_sent_once_unless_upstream_refused_it(upstream):
    upstream.answers = [answer(b"{}", b"HTTP/1.1 500 Oops\r\n")]
    with client(upstream) as api, pytest.raises(http.StatusError):
        api.post("/items", json={"a": Decimal("1.10")})
    assert len(upstream.requests) == 1
    assert upstream.requests[0].endswith(b'{"a":1.10}')
    upstream.answers = [answer(b"{}", b"HTTP/1.1 429 X\r\n"), answer(b'{"ok": true}')]
    with client(upstream) as api:
        assert api.post("/items", json={}).data == {"ok": True}


def test_a_client_error_is_not_tried_again(upstream):
    upstream.answers = [answer(b"{}", b"HTTP/1.1 404 X\r\n")]
    with client(upstream) as api, pytest.raises(http.StatusError) as caught:
        api.get("/x")
    assert caught.value.status == 404
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (OK + b'Content-Length: 50\r\n\r\n{"data": [', http.Unreachable, "127.0.0.1/x: "),
        (answer(b'{"data": ['), http.BadAnswer, "is cut"),
        (answer(b"<html>maintenance</html>"), http.BadAnswer, "not JSON"),
        (answer(b'{"amount": NaN}'), http.BadAnswer, "not JSON"),
        (answer(gzip.compress(b"[1]")[:-9], extra=b"Content-Encoding: gzip\r\n"), http.BadAnswer, "cut"),
        (answer(b"xx", extra=b"Content-Encoding: gzip\r\n"), http.BadAnswer, "damaged"),
        (answer(b"xx", extra=b"Content-Encoding: br\r\n"), http.BadAnswer, "not asked for"),
        (b"not http at all\r\n\r\n", http.Unreachable, "127.0.0.1/x: "),
    ],
    ids=["cut", "cut-json", "html", "nan", "cut-gzip", "no-gzip", "brotli", "no-http"],
)
def test_an_answer_of_no_use_is_tried_again_and_then_named(upstream, reply, error, words):
    upstream.answers = [reply, reply, reply]
    with client(upstream) as api, pytest.raises(error, match=words):
        api.get("/x")
    assert len(upstream.requests) == 3
    upstream.answers = [reply, answer(b"[1]")]
    with client(upstream) as api:
        assert api.get("/x").data == [1]


def test_packed_answers_are_unpacked_only_up_to_the_limit(upstream):
    good, bomb = gzip.compress(b'{"a": 1}'), gzip.compress(b" " * 20_000_000)
    upstream.answers = [answer(body, extra=b"Content-Encoding: gzip\r\n") for body in (good, bomb)]
    patience = http.Patience(max_bytes=1024 * 1024, attempts=1)
    with client(upstream, patience=patience) as api:
        assert api.get("/x").data == {"a": 1}
        with pytest.raises(http.BadAnswer, match="larger than 1 MB"):
            api.get("/x")


def test_a_slow_drip_ends_at_the_total_limit(upstream):
    def drip(peer: socket.socket) -> None:
        peer.sendall(OK + b"Content-Length: 100000\r\n\r\n")
        peer.settimeout(0.05)
        while True:
            peer.sendall(b"x")
            try:
                if not peer.recv(1):
                    return
            except TimeoutError:
                continue

    upstream.answers = [drip]
    patience = http.Patience(read=5, total=0.4, attempts=1)
    with (
        client(upstream, patience=patience) as api,
        pytest.raises(http.Unreachable, match="no answer in time"),
    ):
        api.get("/x")


def test_a_server_that_says_nothing_ends_at_the_read_limit(upstream):
    def hang(peer: socket.socket) -> None:
        peer.recv(1)

    upstream.answers = [hang]
    with (
        client(upstream, patience=http.Patience(read=0.2, attempts=1)) as api,
        pytest.raises(http.Unreachable, match="no answer in time"),
    ):
        api.get("/x")


def test_redirects_are_not_followed(upstream):
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data\r\n"
    upstream.answers = [answer(b"", moved)]
    with client(upstream) as api, pytest.raises(http.AddressRefused, match="redirect"):
        api.get("/x")
    assert len(upstream.requests) == 1


def test_secrets_never_stand_in_a_message(upstream):
    body = b'{"message": "bad key s3cr3t-token for eyJhbGciOi.eyJzdWIi.c2ln Bearer abcdefghij"}'
    upstream.answers = [answer(body, b"HTTP/1.1 401 X\r\n")] * 2
    with client(upstream, secrets=["s3cr3t-token"]) as api:
        with pytest.raises(http.StatusError) as caught:
            api.get("/x", params={"token": "s3cr3t-token"})
        assert "bad key ••• for •••" in str(caught.value)
        for hidden in ("s3cr3t", "eyJ", "abcdefghij", "token="):
            assert hidden not in str(caught.value)
        api.keep_secret("bad key")
        with pytest.raises(http.StatusError) as caught:
            api.get("/x")
        assert "bad key" not in str(caught.value)


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "240.0.0.1",
    "::1", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
    "255.255.255.255", "192.0.2.1", "192.0.0.1", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.170", "192.31.196.1", "192.52.193.1",
    "192.88.99.1", "192.175.48.1", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7",
    "64:ff9b::a01:203", "64:ff9b::c0a8:101", "64:ff9b::a9fe:a9fe", "64:ff9b::c000:8", "64:ff9b:1::808:808", "2002:c0a8:101::",
    "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:1::1", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:30::1",
    "2620:4f:8000::1", "100::1", "3fff::1", "5f00::1", "::8.8.8.8", "::ffff:0:127.0.0.1", "ff02::1", "fec0::1", "::ffff:192.0.0.8",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address):
    assert not network.is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "177.71.238.212",
        "8.8.8.8",
        "192.0.1.1",
        "198.20.0.1",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_public_addresses_are_public(address):
    assert network.is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "0x7f.1"])
def test_a_private_host_is_refused_in_every_spelling(host, upstream):
    port = upstream.url.rpartition(":")[2]
    refused = pytest.raises(http.AddressRefused, match="not on the public internet")
    with http.Client(f"https://{host}:{port}") as api, refused:
        api.get("/x")
    assert upstream.requests == []


def test_one_private_address_among_public_ones_refuses_the_host():
    backend = network.CheckedBackend(allow_private=False, resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(network.AddressRefused):
        backend.connect_tcp("mixed.example.com", 443)


def test_the_connection_goes_to_the_address_that_was_judged(upstream, monkeypatch):
    """DNS rebinding: the name is resolved once, and nobody resolves it again on the way to the socket."""
    asked: list[str] = []
    port = int(upstream.url.rpartition(":")[2])

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr(network, "is_public", lambda address: address == "127.0.0.1")
    connect = socket.create_connection
    targets: list[str] = []

    def watched(address, *args, **options):
        targets.append(address[0])
        return connect(address, *args, **options)

    monkeypatch.setattr(socket, "create_connection", watched)
    backend = network.CheckedBackend(allow_private=False, resolve=resolve)
    backend.connect_tcp("rebinding.example.com", port, timeout=5).close()
    assert (asked, targets) == (["rebinding.example.com"], ["127.0.0.1"])


def test_a_dead_address_leaves_the_next_one_its_chance(upstream):
    port = int(upstream.url.rpartition(":")[2])
    backend = network.CheckedBackend(
        allow_private=True, resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"]
    )
    stream = backend.connect_tcp("two.example.com", port, timeout=5)
    assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
    stream.close()


def test_an_unknown_name_and_a_closed_port_are_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    once = http.Patience(attempts=1)
    refused = pytest.raises(http.Unreachable, match="refused")
    with http.Client(f"http://127.0.0.1:{port}", allow_private=True, patience=once) as api, refused:
        api.get("/x")

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(httpcore2.ConnectError, match="is unknown"):
        network.CheckedBackend(allow_private=True, resolve=unknown).connect_tcp("nowhere.example.com", 443)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "ftp://example.com",
        "https://user:pass@example.com",
        "https://",
        "file:///etc/passwd",
    ],
)
def test_only_plain_https_addresses_are_taken(url):
    with pytest.raises(http.AddressRefused):
        http.Client(url)


def test_a_test_transport_takes_the_place_of_the_network():
    def serve(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"path": request.url.path})

    with http.Client("https://api.example.com/v1/", transport=httpx2.MockTransport(serve)) as api:
        assert api.get("/items").data == {"path": "/v1/items"}


@pytest.mark.parametrize(
    ("header", "expected"),
    [("0", timedelta()), ("2", timedelta(seconds=2)), ("1.5", timedelta(seconds=1.5)), ("soon", None), ("", None), ("-3", None),
     ("Wed, 21 Oct 2015 07:28:00 GMT", timedelta())],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header, expected):
    assert http.retry_after(header) == expected
