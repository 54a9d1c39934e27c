"""What happened, told to any program as signed JSON: names and links, nothing of a patient.

docs/webhooks.md shows how a receiver checks that a message is genuine and fresh.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Final

from predictions.exchange.answer import Answer, Message, Receiver
from predictions.exchange.outbound import send

# The receiver says that it will never listen again.
GONE: Final = 410
# Where each thing is told in full, to whoever may see it.
LINKS: Final = {
    "sample": "/api/v1/samples/{}",
    "report": "/api/v1/reports/{}",
    "model": "/api/v1/models/{}",
}


def push(receiver: Receiver, message: Message) -> Answer:
    """Post an event; only 2xx means that it was taken, and only 410 that it is of no use to try again.

    Of the answer nothing is kept but its status.

    Raises:
        OutboundProblem: the address may not be called, or nobody answered properly in time.
    """
    content = body(message)
    headers = signed_headers(receiver.secret, message, content, int(time.time()))
    status = send("POST", receiver.address, headers=headers, content=content).status
    accepted = 200 <= status < 300
    gone = status == GONE
    return Answer(accepted=accepted, final=accepted or gone, text=f"HTTP {status}", gone=gone)


def body(message: Message) -> bytes:
    """Return the JSON, the same bytes in every try."""
    known = {name: path.format(message.facts[name]) for name, path in LINKS.items() if name in message.facts}
    told = {
        "id": str(message.key),
        "event": message.event,
        "at": message.at.isoformat(),
        **message.facts,
        "links": known,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def signed_headers(secret: str, message: Message, content: bytes, timestamp: int) -> Mapping[str, str]:
    """Return the headers of one try at ``timestamp`` (seconds since 1970), signed over time and body."""
    signature = hmac.new(secret.encode(), f"{timestamp}.".encode() + content, hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "X-HematoVision-Event": message.event,
        "X-HematoVision-Delivery": str(message.key),
        "X-HematoVision-Timestamp": str(timestamp),
        "X-HematoVision-Signature": f"v1={signature}",
    }
