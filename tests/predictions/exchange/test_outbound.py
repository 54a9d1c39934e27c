"""Calling out: only addresses that were checked, nothing followed, nothing endless."""

import socket
import threading
import time

import pytest

from predictions.exchange import outbound
from predictions.exchange.addresses import OutboundProblem, checked
from predictions.exchange.answer import of_status
from tests.predictions.exchange.receivers import LOOPBACK, receiving


@pytest.fixture(autouse=True)
def nothing_private(settings):
    settings.OUTBOUND_PRIVATE_NETWORKS = ()


@pytest.fixture
def allowed(settings):
    settings.OUTBOUND_PRIVATE_NETWORKS = LOOPBACK


def posted(url, **options):
    return outbound.send("POST", url, headers={"X-Word": "here"}, content=b"body", **options)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.9",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "ff02::1",
        "64:ff9b:1::a00:1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "fec0::1",
    ],
)
def test_addresses_that_are_not_public_are_refused(address):
    with pytest.raises(OutboundProblem, match="OUTBOUND_PRIVATE_NETWORKS") as refused:
        checked("inside.example", 443, encrypted=True, resolve=lambda *_: ["93.184.216.34", address])
    assert refused.value.final


def test_public_addresses_need_tls_and_own_networks_do_not(settings):
    def resolve(*_):
        return ["93.184.216.34", "2606:2800:220:1::1"]

    assert checked("x.example", 443, encrypted=True, resolve=resolve) == resolve()
    with pytest.raises(OutboundProblem, match="unencrypted"):
        checked("x.example", 80, encrypted=False, resolve=resolve)
    settings.OUTBOUND_PRIVATE_NETWORKS = LOOPBACK
    assert checked("x.example", 80, encrypted=False, resolve=lambda *_: ["127.0.0.9"]) == ["127.0.0.9"]


def test_a_name_that_nobody_knows_may_be_known_later():
    with pytest.raises(OutboundProblem, match="not found") as refused:
        checked("nowhere.invalid", 443, encrypted=True)
    assert not refused.value.final


def test_a_request_arrives_whole_and_its_answer_comes_back(allowed):
    with receiving(201) as server:
        reply = posted(server.url)
    headers, body = server.came[0]
    assert (reply.status, reply.words, body, headers["X-Word"]) == (201, "so be it", b"body", "here")


def test_this_machine_is_not_called_unless_it_is_allowed():
    with receiving() as server, pytest.raises(OutboundProblem, match=r"127\.0\.0\.1"):
        posted(server.url)
    assert not server.came


def test_a_name_that_leads_elsewhere_the_second_time_is_asked_only_once(settings):
    """The first answer is public, the second would be this machine: what was checked is what is called."""
    asked = []

    def resolve(_host, _port):
        asked.append(_host)
        return ["203.0.113.1" if len(asked) > 1 else "127.0.0.1"]

    settings.OUTBOUND_PRIVATE_NETWORKS = LOOPBACK
    with receiving() as server:
        reply = posted(server.url.replace("127.0.0.1", "rebinding.example"), resolve=resolve)
    assert (reply.status, asked) == (200, ["rebinding.example"])
    assert server.came[0][0]["Host"].startswith("rebinding.example")


def test_a_redirect_is_not_followed(allowed):
    def lead_on(handler):
        handler.send_response(307)
        handler.send_header("Location", other.url)
        handler.end_headers()

    with receiving() as other, receiving(lead_on) as server:
        assert posted(server.url).status == 307
    assert not other.came


def test_proxies_of_the_environment_are_not_used(allowed, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with receiving() as server:
        assert posted(server.url).status == 200


def test_a_receiver_that_hangs_or_drips_ends_with_the_call(allowed, monkeypatch):
    monkeypatch.setattr(outbound, "STEP_SECONDS", 0.3)
    monkeypatch.setattr(outbound, "CALL_SECONDS", 1.0)
    over = threading.Event()

    def hang(_handler):
        over.wait(10)

    def drip(handler):
        while not over.wait(0.1):
            try:
                handler.wfile.write(b"H")
            except OSError:
                return

    with receiving(hang, drip) as server:
        for longest in (0.9, 2.0):
            began = time.monotonic()
            with pytest.raises(OutboundProblem, match="in time") as late:
                posted(server.url)
            assert time.monotonic() - began < longest
            assert not late.value.final
        over.set()


def test_of_an_endless_answer_only_the_beginning_is_read(allowed):
    def flood(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            return

    with receiving(flood) as server:
        assert len(posted(server.url).body) == outbound.LARGEST_ANSWER


def test_nobody_there_is_said_and_may_be_tried_again(allowed):
    with receiving() as server:
        pass
    with pytest.raises(OutboundProblem, match="refused") as problem:
        posted(server.url)
    assert not problem.value.final
    with pytest.raises(OutboundProblem, match="refused"):
        outbound.connect("127.0.0.1", server.server_port, tls=False)


def test_a_plain_connection_is_checked_too(allowed, settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with outbound.connect(
            "localhost.example", port, tls=False, resolve=lambda *_: ["127.0.0.1"]
        ) as there:
            assert there.gettimeout() == outbound.STEP_SECONDS
        settings.OUTBOUND_PRIVATE_NETWORKS = []
        with pytest.raises(OutboundProblem, match="OUTBOUND_PRIVATE_NETWORKS"):
            outbound.connect("127.0.0.1", port, tls=False)


def test_other_schemes_are_refused():
    for url in ("ftp://x.example/", "file:///etc/passwd", "https://", "x"):
        with pytest.raises(OutboundProblem, match="https"):
            posted(url)


@pytest.mark.parametrize(
    ("status", "accepted", "final"),
    [
        (200, True, True),
        (204, True, True),
        (307, False, True),
        (404, False, True),
        (429, False, False),
        (503, False, False),
    ],
)
def test_what_a_status_means(status, accepted, final):
    answer = of_status(status, "words")
    assert (answer.accepted, answer.final, answer.text) == (accepted, final, f"HTTP {status} words")
