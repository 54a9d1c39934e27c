"""Signed reports to a laboratory's system: HL7 version 2 over MLLP, and what its acknowledgement means.

An address is ``mllp://host:port/APPLICATION/FACILITY``, or ``mllps://`` with TLS; the names, which go into
MSH-5 and MSH-6, may be left out.
"""

from __future__ import annotations

import re
import socket
import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from predictions.exchange.addresses import OutboundProblem, broken
from predictions.exchange.answer import Answer, Message, Receiver
from predictions.exchange.hl7 import Party, oru_r01
from predictions.exchange.outbound import CALL_SECONDS, LARGEST_ANSWER, connect

START: Final = b"\x0b"
END: Final = b"\x1c"
PORT: Final = 2575
# MSH-10 of version 2.5.1 holds no more; 80 bits of a random key are still nobody else's.
CONTROL_ID: Final = 20
ACCEPTED: Final = frozenset({"AA", "CA"})
REFUSED: Final = frozenset({"AR", "CR"})
TRY_AGAIN: Final = frozenset({"AE", "CE"})
# The number of an error in HL7's table 0357; a receiver's own words could name a patient.
ERROR_NUMBER: Final = re.compile(r"\d{3}")


def push(receiver: Receiver, message: Message) -> Answer:
    """Send a report and wait for its acknowledgement; a test only opens the connection.

    Raises:
        OutboundProblem: the address may not be called, or nobody answered properly in time.
    """
    host, port, tls, party = _parts(receiver.address)
    if message.signed is None and message.event != "test":
        return Answer(accepted=False, final=True, text=_("Only reports are sent by HL7."))
    control_id = message.key.hex[:CONTROL_ID]
    content = None
    if message.signed:
        content = oru_r01(message.signed, control_id=control_id, sent_at=datetime.now(UTC), receiver=party)
    with connect(host, port, tls=tls) as connection:
        if content is None:
            return Answer(accepted=True, final=True, text=_("The connection was opened; nothing was sent."))
        return judged(exchanged(connection, content), control_id)


def exchanged(connection: socket.socket, content: bytes, seconds: float = CALL_SECONDS) -> bytes:
    """Send one framed message and return what stands in the frame of the answer.

    Args:
        seconds: for sending and answering together, however slowly the answer drips.

    Raises:
        OutboundProblem: no complete answer came in time, or one larger than any acknowledgement.
    """
    end = time.monotonic() + seconds
    came = b""
    try:
        connection.settimeout(seconds)
        connection.sendall(START + content + END + b"\r")
        while END not in came:
            connection.settimeout(max(end - time.monotonic(), 0.001))
            piece = connection.recv(65536)
            if not piece:
                raise OutboundProblem(
                    _("The connection was closed before the message was acknowledged."), final=False
                )
            came += piece
            if len(came) > LARGEST_ANSWER:
                raise OutboundProblem(_("The answer is too long for an acknowledgement."), final=False)
    except TimeoutError as error:
        raise OutboundProblem(_("It did not acknowledge the message in time."), final=False) from error
    except OSError as error:
        raise broken(error) from error
    return came.partition(END)[0].rpartition(START)[2]


def judged(answer: bytes, control_id: str) -> Answer:
    """Return what an acknowledgement means; of its own words nothing is kept.

    What is no acknowledgement of this very message is no proof that it was taken, so it is sent again.
    """
    code, acknowledged, error = _acknowledgement(answer.decode(errors="replace"))
    if code is None:
        return Answer(accepted=False, final=False, text=_("The answer is no acknowledgement."))
    if acknowledged != control_id:
        return Answer(accepted=False, final=False, text=_("The answer is to another message."))
    if code not in ACCEPTED | REFUSED | TRY_AGAIN:
        return Answer(accepted=False, final=False, text=_("The answer has an unknown code."))
    text = f"MSA {code}{f', ERR {error}' if error else ''}"
    return Answer(accepted=code in ACCEPTED, final=code not in TRY_AGAIN, text=text)


def _acknowledgement(told: str) -> tuple[str | None, str, str]:
    """Return an acknowledgement's code, control id and number of the error; no code: it is none."""
    lines = told.replace("\n", "\r").strip("\r").split("\r")
    if not lines[0].startswith("MSH") or len(lines[0]) < 4:
        return None, "", ""
    separator = lines[0][3]
    found = {line[:3]: [*line.split(separator), "", "", ""] for line in reversed(lines)}
    if "MSA" not in found:
        return None, "", ""
    number = found["ERR"][3][:3] if "ERR" in found else ""
    error = number if ERROR_NUMBER.fullmatch(number) else ""
    return found["MSA"][1].strip(), found["MSA"][2].strip(), error


def _parts(address: str) -> tuple[str, int, bool, Party]:
    """Return host, port, whether with TLS, and the receiver's names.

    Raises:
        OutboundProblem: it is no address of a receiver of HL7.
    """
    try:
        parts = urlsplit(address)
        port = PORT if parts.port is None else parts.port
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in {"mllp", "mllps"} or not parts.hostname or not port:
        raise OutboundProblem(_("The address is not mllp://host:port or mllps://host:port."), final=True)
    names = [unquote(name) for name in parts.path.strip("/").split("/")]
    return parts.hostname, port, parts.scheme == "mllps", Party(names[0], names[1] if len(names) > 1 else "")
