"""Signed reports to a FHIR server: one transaction, of which it takes all or nothing, and what it answers.

The address is the base of the server, such as ``https://fhir.example.org/r4``; a secret is sent as its bearer
token. ``predictions.exchange.fhir`` is imported by who sends, since its models take a while to load.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.utils.translation import gettext as _

from predictions.exchange.addresses import OutboundProblem
from predictions.exchange.answer import Answer, Message, Receiver, of_status
from predictions.exchange.outbound import Reply, send

MEDIA_TYPE: Final = "application/fhir+json"
# R4's words for what is wrong. Only these are kept of an answer: a server's own words could name a patient.
ISSUES: Final = frozenset(
    {
        *(
            "invalid",
            "structure",
            "required",
            "value",
            "invariant",
            "security",
            "login",
            "unknown",
            "expired",
        ),
        *("forbidden", "suppressed", "processing", "not-supported", "duplicate", "multiple-matches"),
        *("not-found", "deleted", "too-long", "code-invalid", "extension", "too-costly", "business-rule"),
        *("conflict", "transient", "lock-error", "no-store", "exception", "timeout", "incomplete"),
        *("throttled", "informational"),
    }
)


def push(receiver: Receiver, message: Message) -> Answer:
    """Send a report as a transaction; a test asks for the server's capabilities, and sends nothing.

    Raises:
        OutboundProblem: the address may not be called, or nobody answered properly in time.
    """
    headers = _headers(receiver.secret)
    base = receiver.address.rstrip("/")
    if message.event == "test":
        return _tried(send("GET", f"{base}/metadata", headers=headers))
    if message.signed is None:
        return Answer(accepted=False, final=True, text=_("Only reports are sent as FHIR."))
    if message.signed.superseded:
        # It would take the place of its own correction where that has arrived already.
        text = _("Not sent: a later version of the report has been signed.")
        return Answer(accepted=False, final=True, text=text)
    from predictions.exchange.fhir import bundle  # noqa: PLC0415 -- see above

    content = json.dumps(bundle(message.signed, kind="transaction"), ensure_ascii=False).encode()
    headers |= {"Content-Type": MEDIA_TYPE, "X-Request-Id": str(message.key)}
    return judged(send("POST", base, headers=headers, content=content))


def judged(reply: Reply) -> Answer:
    """Judge the answer to a transaction by its status, and keep of its words only FHIR's codes.

    A 2xx with anything else than FHIR's answer is none: it may be the sign-in page of quite another server.
    """
    told = _json(reply)
    answer = of_status(reply.status, " ".join(_codes(told)))
    done = told.get("resourceType") == "Bundle" and told.get("type") == "transaction-response"
    if answer.accepted and reply.body.strip() and not done:
        text = _("HTTP %(status)d, but not as a FHIR server answers a transaction.")
        return Answer(accepted=False, final=True, text=text % {"status": reply.status})
    return answer


def _tried(reply: Reply) -> Answer:
    """Judge the answer to a test; a CapabilityStatement is often longer than what is read of an answer."""
    answer = of_status(reply.status, " ".join(_codes(_json(reply))))
    if answer.accepted and b'"CapabilityStatement"' not in reply.body:
        return Answer(accepted=False, final=True, text=_("There is no FHIR server at this address."))
    return answer


def _headers(secret: str) -> dict[str, str]:
    headers = {"Accept": MEDIA_TYPE}
    if not secret:
        return headers
    # The library would tell a wrong header's value in its complaint, which is kept.
    if not (secret.isascii() and secret.isprintable()):
        raise OutboundProblem(_("The secret holds characters that no token has."), final=True)
    return headers | {"Authorization": f"Bearer {secret}"}


def _json(reply: Reply) -> dict[str, Any]:
    try:
        told = json.loads(reply.body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _codes(told: dict[str, Any]) -> list[str]:
    """Return the codes of an OperationOutcome's issues, each once."""
    issues = told.get("issue") if told.get("resourceType") == "OperationOutcome" else None
    codes = [one.get("code") for one in issues if isinstance(one, dict)] if isinstance(issues, list) else []
    return [*dict.fromkeys(code for code in codes if isinstance(code, str) and code in ISSUES)]
