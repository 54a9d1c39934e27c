"""A signed report as HL7 version 2.5.1 ORU^R01; docs/hl7.md has the mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Group, Message

from predictions.exchange import er7
from predictions.exchange.hl7_results import OWN_CODES, Result, results
from predictions.exchange.signed import SignedReport
from predictions.report.content import ReportContent

APPLICATION: Final = "HematoVision"
PANEL: Final = er7.joined("69738-3", "Differential panel, method unspecified - Blood", "LN")
SPECIMEN: Final = er7.joined("BLD", "Whole blood", "HL70487")


@dataclass(frozen=True, slots=True)
class Party:
    """By what names a receiver knows itself (MSH-5 and MSH-6); empty where it does not look."""

    application: str = ""
    facility: str = ""


def oru_r01(
    signed: SignedReport,
    *,
    control_id: str,
    sent_at: datetime,
    receiver: Party = Party(),
) -> bytes:
    """Return the message of one signed version, UTF-8, its segments ended by carriage returns.

    ``control_id`` (at most 20 characters) comes back in the answer. A result that an earlier version told
    and this one does not is sent as deleted.

    Raises:
        hl7apy.exceptions.HL7apyException: the message does not fit the standard.
    """
    message = Message("ORU_R01", version="2.5.1", validation_level=VALIDATION_LEVEL.STRICT)
    facility = er7.text(signed.content.laboratory.name, er7.LONGEST_NAME)
    _fill(message.msh, _header(facility, receiver) | {7: er7.time(sent_at), 10: er7.text(control_id)})
    result = message.add_group("ORU_R01_PATIENT_RESULT")
    _patient(result, signed, facility)
    order = result.add_group("ORU_R01_ORDER_OBSERVATION")
    _order(order, signed)
    _notes(order, _remarks(signed.content))
    _observations(order, signed)
    _specimen(order, signed.content)
    message.validate()
    # The last segment is ended too, which some receivers insist on.
    return f"{message.to_er7()}\r".encode()


def _header(facility: str, receiver: Party) -> dict[int, str]:
    return {
        3: APPLICATION,
        4: facility,
        5: er7.text(receiver.application, er7.LONGEST_NAME),
        6: er7.text(receiver.facility, er7.LONGEST_NAME),
        9: "ORU^R01^ORU_R01",
        11: "P",
        12: "2.5.1",
        18: "UNICODE UTF-8",
    }


def _patient(group: Group, signed: SignedReport, facility: str) -> None:
    """Add the patient, known by a reference alone; without one the optional group is left out."""
    reference = er7.text(signed.content.specimen.patient_reference)
    if not reference:
        return
    known = {1: "1", 3: er7.joined(reference, "", "", facility, "PI"), 5: "^^^^^^S", 8: _sex(signed.content)}
    _fill(group.add_group("ORU_R01_PATIENT").add_segment("PID"), known)


def _sex(content: ReportContent) -> str:
    """Return the code of a sex that was frozen in the words of the report's language."""
    with translation.override(content.language):
        codes = {_("female"): "F", _("male"): "M"}
    return codes.get(content.specimen.sex.lower(), "U")


def _order(group: Group, signed: SignedReport) -> None:
    specimen = signed.content.specimen
    placer, filler = er7.text(signed.order_number), er7.text(specimen.accession)
    requester = f"^{er7.text(specimen.requester)}" if specimen.requester.strip() else ""
    _fill(group.add_segment("ORC"), {1: "RE", 2: placer, 3: filler, 12: requester})
    _fill(
        group.add_segment("OBR"),
        {
            1: "1",
            2: placer,
            3: filler,
            4: PANEL,
            7: er7.time(specimen.collected_at),
            14: er7.time(specimen.received_at),
            16: requester,
            22: er7.time(signed.signed_at),
            24: "HM",
            25: _status(signed),
            # The name is the second part of the first component.
            32: f"&{er7.text(signed.signer)}",
        },
    )


def _status(signed: SignedReport) -> str:
    return "C" if signed.amended else "F"


def _remarks(content: ReportContent) -> Iterator[tuple[str, str]]:
    """Yield the report's words with the kind of each: HL7's table 0364, or one of our own."""
    if content.amendment:
        yield er7.joined("1R", "Primary reason", "HL70364"), content.amendment.reason
    for critical in content.criticals:
        yield er7.joined("CRITICAL", "Critical value", OWN_CODES), critical.sentence
    for point in content.open_points:
        yield er7.joined("OPEN", "Open when it was signed", OWN_CODES), point
    for remark in content.remarks:
        yield er7.joined("FINDING", "Beside the count", OWN_CODES), f"{remark.label}: {remark.text}"
    yield er7.joined("RE", "Remark", "HL70364"), content.comment


def _notes(group: Group, told: Iterator[tuple[str, str]]) -> None:
    """Add a segment for every line; an empty line stays one."""
    every = [(kind, line) for kind, words in told for line in er7.lines(words)]
    for place, (kind, line) in enumerate(every, 1):
        _fill(group.add_segment("NTE"), {1: str(place), 2: "L", 3: line, 4: kind})


def _observations(order: Group, signed: SignedReport) -> None:
    now = {result.key: result for result in results(signed.content)}
    gone = {
        result.key: result
        for content in signed.earlier
        for result in results(content)
        if result.key not in now
    }
    # A laboratory may give two classes the same LOINC code; a sub-id keeps one from replacing the other.
    used = Counter(result.loinc for result in (*now.values(), *gone.values()))
    for place, result in enumerate((*now.values(), *gone.values()), 1):
        status = _status(signed) if result.key in now else "D"
        group = order.add_group("ORU_R01_OBSERVATION")
        sub_id = er7.text(result.code) if result.loinc and used[result.loinc] > 1 else ""
        _fill(group.add_segment("OBX"), {4: sub_id, **_observation(place, result, status, signed.content)})
        if result.note and status != "D":
            _fill(group.add_segment("NTE"), {1: "1", 2: "L", 3: er7.lines(result.note)[0]})


def _observation(place: int, result: Result, status: str, content: ReportContent) -> dict[int, str]:
    same = {1: str(place), 2: "NM", 3: result.identifier, 11: status}
    if status == "D":
        return same
    model = er7.text(content.model.version) if content.model else ""
    method = er7.joined("SMEAR", f"Microscopy of a smear, cells named first by model {model}", OWN_CODES)
    return same | {
        5: result.value,
        6: result.units,
        7: result.reference,
        8: result.flag,
        14: er7.time(content.specimen.collected_at),
        17: method if model else "",
        18: er7.joined(model, APPLICATION) if model else "",
        23: er7.text(content.laboratory.name),
    }


def _specimen(order: Group, content: ReportContent) -> None:
    known = content.specimen
    _fill(
        order.add_group("ORU_R01_SPECIMEN").add_segment("SPM"),
        {
            1: "1",
            2: f"^{er7.text(known.accession)}",
            4: SPECIMEN,
            17: er7.time(known.collected_at),
            18: er7.time(known.received_at),
        },
    )


def _fill(segment: Any, fields: dict[int, str]) -> None:
    """Set the fields of a segment by their place; an empty one is left out."""
    for place, value in fields.items():
        if value:
            setattr(segment, f"{segment.name.lower()}_{place}", value)
