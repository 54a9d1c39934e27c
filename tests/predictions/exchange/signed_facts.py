"""A signed report with everything that programs are told, and the reading of a message as a receiver does."""

import dataclasses
from uuid import UUID

from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from predictions.exchange.signed import SignedReport
from predictions.report.content import Amendment, Critical, Differential
from tests.predictions.report import examples

SAMPLE, FIRST, SECOND = UUID(int=1), UUID(int=2), UUID(int=3)
ROWS = (
    examples.row(
        1,
        code="neutrophil",
        name="Neutrophil",
        count=188,
        percent=61.44,
        low=55.9,
        high=66.7,
        range_low=40.0,
        range_high=60.0,
        flag="high",
        within_error=True,
        absolute=8.694,
        loinc_share="26511-6",
        loinc_count="26499-4",
    ),
    examples.row(
        2,
        code="lymphocyte",
        name="Lymphocyte",
        count=30,
        percent=9.8,
        low=6.9,
        high=13.7,
        absolute=1.387,
        range_low=None,
        range_high=None,
        absolute_low=1.5,
        absolute_high=3.0,
        flag="low",
        loinc_share="26478-8",
        loinc_count="26474-7",
    ),
    examples.row(
        3,
        code="blast",
        name="Blast",
        count=88,
        percent=28.76,
        low=24.0,
        high=34.1,
        absolute=None,
        range_low=None,
        range_high=None,
        flag="",
    ),
)
DIFFERENTIAL = Differential(ROWS, counted=306, target=400, nrbc_per_100=2.6, wbc=14.52, corrected_wbc=14.15)


def signed(**changes):
    """Return the first version; a change is of the content unless the signed facts have the name."""
    mine = {field.name for field in dataclasses.fields(SignedReport)}
    facts = {
        "report_id": FIRST,
        "sample_id": SAMPLE,
        "site_id": UUID(int=4),
        "version": 1,
        "replaces": None,
        "superseded": False,
        "code": "7K4MQ2XH9TRC0000",
        "signed_by": UUID(int=5),
        "signer": "Dr Amina Rahman",
        "signed_at": examples.moment(11, 47),
        "order_number": "ORD-9",
    }
    known = {"differential": DIFFERENTIAL, "version": 1, "criticals": (Critical("Blasts seen: 88 of 306."),)}
    content = known | {name: changes.pop(name) for name in set(changes) - mine}
    return SignedReport(**(facts | {"content": examples.report(**content)} | changes))


def amended(**changes):
    """Return the second version of the same sample's report."""
    return signed(
        report_id=SECOND, version=2, replaces=FIRST, amendment=Amendment(1, "Cells named anew."), **changes
    )


def read(message):
    """Parse a message strictly, as the standard has it, and return its segments without their groups."""
    told = message.decode()
    strict = parse_message(told, validation_level=VALIDATION_LEVEL.STRICT, force_validation=True)
    assert strict.to_er7() == told.rstrip("\r")
    return parse_message(told, find_groups=False)


def plain(value):
    """Undo HL7's escapes from left to right, as section 2.7 of the standard describes them."""
    letters = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
    found, rest = "", value
    while rest:
        if rest[0] == "\\":
            assert rest[2] == "\\", value
            found, rest = found + letters[rest[1]], rest[3:]
        else:
            found, rest = found + rest[0], rest[1:]
    return found
