"""MLLP: what each answer of a real listener means, and that no listener holds the courier up."""

import time
from ipaddress import ip_network
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hematovision.supervisor.certificates import Own
from predictions.exchange import mllp
from predictions.exchange.addresses import OutboundProblem
from predictions.exchange.answer import Message, Receiver
from tests.predictions.exchange import listeners
from tests.predictions.exchange.listeners import ack, listening
from tests.predictions.exchange.signed_facts import amended, read, signed
from tests.predictions.report import examples

KEY = UUID("12345678-1234-5678-1234-567812345678")
CONTROL_ID = "12345678123456781234"


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings):
    settings.OUTBOUND_PRIVATE_NETWORKS = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


def push(url, report=None, key=KEY):
    event = "report.amended" if report and report.amended else "report.signed"
    message = Message(key, event, examples.moment(11, 47), {}, report or signed())
    return mllp.push(Receiver(url, ""), message)


def test_a_report_is_sent_in_a_frame_and_acknowledged():
    with listening() as server:
        answer = push(server.url)
    assert (answer.accepted, answer.final, answer.text) == (True, True, "MSA AA")
    (message,) = server.came
    head = read(message).msh
    assert (head.msh_5.to_er7(), head.msh_6.to_er7(), head.msh_10.to_er7()) == ("LIS", "HOSPITAL", CONTROL_ID)
    assert message.endswith(b"\r")
    assert "Dr S. O’Connor".encode() in message


@pytest.mark.parametrize(
    ("code", "accepted", "final"),
    [
        ("AA", True, True),
        ("CA", True, True),
        ("AE", False, False),
        ("CE", False, False),
        ("AR", False, True),
        ("CR", False, True),
        ("XX", False, False),
    ],
)
def test_each_code_of_an_acknowledgement_has_its_meaning(code, accepted, final):
    with listening(ack(code)) as server:
        answer = push(server.url)
    assert (answer.accepted, answer.final) == (accepted, final)


def test_of_the_words_of_an_answer_only_the_number_of_the_error_is_kept():
    named = "P-7731-KX unknown\rERR||PID^1^3|204^P-7731-KX^HL70357|E"
    with listening(ack("AE", more=named)) as server:
        answer = push(server.url)
    assert answer.text == "MSA AE, ERR 204"


def test_a_message_with_an_error_is_taken_the_next_time_under_the_same_number():
    with listening(ack("AE"), ack("AA")) as server:
        assert [push(server.url).accepted, push(server.url).accepted] == [False, True]
    first, second = (read(message).msh.msh_10.to_er7() for message in server.came)
    assert first == second == CONTROL_ID


def test_an_answer_to_another_message_proves_nothing():
    with listening(ack("AA", control_id="somebody-elses")) as server:
        answer = push(server.url)
    assert (answer.accepted, answer.final) == (False, False)
    assert answer.text == "The answer is to another message."


def test_garbage_is_no_acknowledgement():
    with listening(listeners.garbage) as server:
        answer = push(server.url)
    assert (answer.accepted, answer.final, answer.text) == (False, False, "The answer is no acknowledgement.")


@pytest.mark.parametrize("told", [b"", b"\r", b"MSH", b"MSH|", b"MSA|AA|1", b"MSH|^~\\&\rMSA", b"\x00" * 9])
def test_what_only_looks_like_an_acknowledgement_is_none(told):
    assert not mllp.judged(told, "1").accepted


@given(st.binary(max_size=80), st.binary(max_size=20))
@example(b"MSH|^~\\&|\rMSA|AA|", b"|")
@example(b"MSH|^~\\&|\rMSA|AA|somebody-elses", b"")
def test_no_bytes_upset_the_reading_of_an_answer(head, tail):
    for told in (head, b"MSH" + head, b"MSH|^~\\&|\rMSA|" + head + b"|" + tail):
        assert not mllp.judged(told, CONTROL_ID).accepted


def test_an_answer_may_come_in_pieces():
    with listening(listeners.pieces) as server:
        assert push(server.url).accepted


def test_other_separators_and_line_ends_are_understood():
    assert mllp.judged(b"\nMSH#^~\\&#LIS\nMSA#AA#7\n", "7").accepted


@pytest.mark.parametrize("answer", [listeners.silent, listeners.dripping])
def test_who_does_not_answer_is_given_up_in_time(answer, monkeypatch):
    with listening(answer) as server:
        connection = mllp.connect("localhost", server.port, tls=False)
        began = time.monotonic()
        with connection, pytest.raises(OutboundProblem, match="did not acknowledge") as caught:
            mllp.exchanged(connection, b"MSH|^~\\&|", seconds=0.5)
        assert time.monotonic() - began < 5
    assert not caught.value.final


def test_an_answer_without_end_is_given_up():
    with listening(listeners.endless) as server, pytest.raises(OutboundProblem, match="too long") as caught:
        push(server.url)
    assert not caught.value.final


def test_who_closes_in_the_middle_has_not_acknowledged():
    with listening(listeners.closed) as server, pytest.raises(OutboundProblem, match="closed") as caught:
        push(server.url)
    assert not caught.value.final


def test_a_dead_receiver_gets_it_when_it_is_back():
    with listening() as server:
        url, port = server.url, server.port
    with pytest.raises(OutboundProblem, match="connection failed") as caught:
        push(url)
    assert not caught.value.final
    with listening(port=port) as server:
        assert push(url).accepted
    assert len(server.came) == 1


def test_an_amendment_follows_its_first_version():
    with listening() as server:
        for report, key in ((signed(), KEY), (amended(), UUID(int=7))):
            assert push(server.url, report, key).accepted
    assert [read(message).obr.obr_25.to_er7() for message in server.came] == ["F", "C"]


def test_a_test_opens_the_connection_and_sends_nothing():
    with listening() as server:
        message = Message(KEY, "test", examples.moment(1, 0))
        assert mllp.push(Receiver(server.url, ""), message).accepted
    assert server.came == []


def test_only_reports_are_sent():
    message = Message(KEY, "model.promoted", examples.moment(1, 0), {"model": "1"})
    answer = mllp.push(Receiver("mllp://localhost:1", ""), message)
    assert (answer.accepted, answer.final) == (False, True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "lis:2575",
        "http://lis",
        "mllp://",
        "mllp:///LIS",
        "mllp://h:0",
        "mllp://h:99999",
        "mllp://h:x",
        "mllp://[",
    ],
)
def test_what_is_no_address_is_refused_for_good(url):
    with pytest.raises(OutboundProblem) as caught:
        push(url)
    assert caught.value.final


def test_over_tls_the_receiver_must_be_the_one_that_was_named(tmp_path, monkeypatch):
    own = Own(tmp_path, ["localhost"])
    with listening(tls=(own.pair.certificate, own.pair.key)) as server:
        with pytest.raises(OutboundProblem, match="certificate verify failed"):
            push(server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(own.root))
        assert push(server.url).accepted
        with pytest.raises(OutboundProblem, match="certificate"):
            push(server.url.replace("localhost", "127.0.0.1"))
    assert len(server.came) == 1


def test_a_neighbour_that_nobody_named_is_not_called(settings):
    settings.OUTBOUND_PRIVATE_NETWORKS = []
    with listening() as server, pytest.raises(OutboundProblem, match="not public"):
        push(server.url)
    assert server.came == []
